package dev.banyan.serve.remote;

import dev.banyan.core.UserInputException;
import dev.banyan.serve.http.BadRequestException;
import dev.banyan.serve.policy.InstanceLoad;
import java.io.IOException;
import java.net.ConnectException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.stream.Stream;

/** All backends of a gateway, watched, and who gets the next request. */
final class Backends implements AutoCloseable {
  private static final long EVERY_MILLIS = 500;
  private static final int MOST_SILENT = 2;

  final BackendHttp line;
  final LlamaSlots slots;
  private final List<Backend> all; // changed where an awaited one has come
  private final Optional<String> name;
  private final ReentrantLock picking = new ReentrantLock();
  private final List<Thread> watching = new ArrayList<>();
  private final AtomicLong requests = new AtomicLong();
  private final AtomicLong moves = new AtomicLong();
  private final AtomicLong replays = new AtomicLong();
  private volatile boolean ending;

  /**
   * @param name what clients call the model of all of them; empty to leave them their names
   * @param slots that go with answers
   */
  Backends(BackendHttp line, List<Backend> all, Optional<String> name, LlamaSlots slots) {
    this.line = line;
    this.slots = slots;
    this.all = new CopyOnWriteArrayList<>(all);
    this.name = name;
  }

  /** Begins to ask each how it is, twice a second. */
  void watch() {
    for (Backend each : all) {
      watching.add(Thread.ofVirtual().name("backend-" + each.id).start(() -> watch(each)));
    }
  }

  private void watch(Backend first) {
    Backend backend = first;
    int silent = 0;
    try {
      while (backend.isAwaited()) {
        Thread.sleep(EVERY_MILLIS);
        try {
          backend = found(Probe.backend(backend.id, backend.url, line, true));
        } catch (UserInputException e) {
          // it came, and wants another key
        }
      }
      while (!Thread.currentThread().isInterrupted()) {
        try {
          Probe.report(backend, line);
          silent = 0;
        } catch (ConnectException e) {
          silent = MOST_SILENT;
        } catch (IOException e) {
          silent++;
        } catch (RuntimeException e) {
          backend.reported(Optional.empty()); // it answers what nobody can read
        }
        if (silent >= MOST_SILENT) {
          backend.down();
        }
        Thread.sleep(EVERY_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Puts one in the place of itself as it was awaited, drained if that was. */
  private Backend found(Backend come) {
    picking.lock();
    try {
      come.drain(all.get(come.id).isDraining());
      all.set(come.id, come);
      return come;
    } finally {
      picking.unlock();
    }
  }

  /** Leaves a backend alone, or uses it again; empty when there is none of this number. */
  Optional<Backend> drain(int id, boolean now) {
    picking.lock(); // it may just have come
    try {
      Optional<Backend> backend = get(id);
      backend.ifPresent(each -> each.drain(now));
      return backend;
    } finally {
      picking.unlock();
    }
  }

  List<Backend> all() {
    return all;
  }

  private Optional<Backend> get(int id) {
    return id >= 0 && id < all.size() ? Optional.of(all.get(id)) : Optional.empty();
  }

  /** What clients may ask for. */
  Set<String> names() {
    if (name.isPresent()) {
      return Set.of(name.get());
    }
    Set<String> names = new TreeSet<>();
    for (Backend each : all) {
      each.models.forEach(model -> names.add(model.id()));
    }
    return names;
  }

  /**
   * What a backend calls the model a client asked for. Under the name for all of them that is the
   * one of this name where it has one, else its first.
   */
  Optional<Backend.Model> model(Backend backend, String asked) {
    if (name.isPresent()) {
      Optional<Backend.Model> same = backend.model(name.get());
      return !asked.isEmpty() && !asked.equals(name.get())
          ? Optional.empty()
          : same.isPresent() ? same : backend.model("");
    }
    return backend.model(asked);
  }

  /**
   * Refuses a model nobody has, and, where backends differ in theirs, a request that names none.
   *
   * @throws BadRequestException with what is served
   */
  void requireServed(String asked) throws BadRequestException {
    if (all.stream().noneMatch(each -> model(each, asked).isPresent())) {
      throw new BadRequestException(
          404,
          "the model '%s' is not served here; %s".formatted(asked, served()),
          "model_not_found");
    }
    if (asked.isEmpty() && differ()) {
      throw new BadRequestException(400, "'model' must name one of those served here; " + served());
    }
  }

  private String served() {
    Set<String> names = names();
    return String.join(", ", names) + (names.size() == 1 ? " is" : " are");
  }

  /** Whether a request that names no model could mean several. */
  boolean differ() {
    return name.isEmpty()
        && all.stream()
                .filter(each -> !each.isAwaited())
                .map(each -> each.models.getFirst().id())
                .distinct()
                .count()
            > 1;
  }

  /**
   * Sends somebody to a backend that is up, not among those tried, and the least loaded.
   *
   * @param stay who that is when it is at this backend
   */
  <S extends Backend.Stay> Optional<S> enter(
      Function<Backend, S> stay, String model, int promptTokens, Set<Backend> tried) {
    picking.lock();
    try {
      List<InstanceLoad> loads =
          usable(model).filter(each -> !tried.contains(each)).map(Backend::load).toList();
      if (loads.isEmpty()) {
        return Optional.empty();
      }
      List<InstanceLoad> open = loads.stream().filter(each -> !each.state().draining()).toList();
      int id =
          Picker.pick(requests.get(), promptTokens, open.isEmpty() ? List.copyOf(loads) : open);
      Backend chosen = all.get(id);
      Optional<S> entered = Optional.of(stay.apply(chosen));
      chosen.enter(entered.get(), promptTokens);
      return entered;
    } finally {
      picking.unlock();
    }
  }

  /** Whether somebody who leaves a backend has another to go to, which was not tried. */
  boolean hasOther(Backend than, String model, Set<Backend> tried) {
    return usable(model)
        .anyMatch(each -> each != than && !each.isDraining() && !tried.contains(each));
  }

  /** Ends every answer, since the gateway ends. */
  void endAll() {
    ending = true;
    all.forEach(Backend::endAll);
  }

  /** Whether answers were ended since the gateway ends. */
  boolean isEnding() {
    return ending;
  }

  private Stream<Backend> usable(String model) {
    return all.stream().filter(each -> each.isUp() && model(each, model).isPresent());
  }

  int up() {
    return (int) all.stream().filter(Backend::isUp).count();
  }

  /** Answers in the making. */
  int open() {
    return all.stream().mapToInt(Backend::answers).sum();
  }

  /** One more request; gives its number. */
  long asked() {
    return requests.incrementAndGet();
  }

  /** An answer went on elsewhere: because its backend is drained, or because it died. */
  void wentOn(boolean drained) {
    (drained ? moves : replays).incrementAndGet();
  }

  long requests() {
    return requests.get();
  }

  long moves() {
    return moves.get();
  }

  long replays() {
    return replays.get();
  }

  @Override
  public void close() {
    watching.forEach(Thread::interrupt);
    line.close();
  }
}
