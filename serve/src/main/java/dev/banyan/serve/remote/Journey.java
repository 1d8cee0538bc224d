package dev.banyan.serve.remote;

import dev.banyan.serve.http.Exchange;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.http.HttpResponse;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The way of one completion over the backends: one {@link Visit} after the other until its answer
 * is whole, where it was in vain, and how it {@link Last left} the one before.
 */
final class Journey {
  private final Backends backends;
  private final Exchange exchange;
  private final AskedCompletion asked;
  private final ClientStream told;
  private final Set<Backend> tried = ConcurrentHashMap.newKeySet();
  private final Set<Backend> brokeOff = new HashSet<>();
  private final AtomicInteger moves = new AtomicInteger();
  private final long id;
  private String why = "no backend is up";
  private boolean secondChance = true;
  private Last last = new Last.None();
  private @Nullable Backend mute;

  private volatile @Nullable Visit visit;
  private volatile boolean movable;

  Journey(Backends backends, Exchange exchange, AskedCompletion asked, ClientStream told) {
    this.backends = backends;
    this.exchange = exchange;
    this.asked = asked;
    this.told = told;
    this.id = backends.asked();
    this.movable = asked.streams();
  }

  /** The gateway ends, and this answer with it. */
  static final class EndedException extends IOException {
    private static final long serialVersionUID = 1;
    static final String WHY = "the server is stopping";

    EndedException() {
      super(WHY);
    }
  }

  /** How the answer came away from the backend that had it, until another has saved it. */
  private sealed interface Last {
    /** It did not. */
    record None() implements Last {}

    /** The backend broke off or refused. */
    record Lost() implements Last {}

    /**
     * The backend is drained; it is where the answer goes on if all others refuse.
     *
     * @param fresh whether nobody was asked since: what the backend has computed is there still
     */
    record Left(Backend backend, boolean fresh) implements Last {}
  }

  // ---- at a backend

  /**
   * The time at one backend, which ends when it is closed. Watchers of the backend call in from
   * other threads; all else is of the thread that answers the client.
   */
  final class Visit extends OpenVisit {
    private volatile boolean left;

    private Visit(Backend backend) {
      super(backend);
    }

    // while others watch

    @Override
    public void leave() {
      if (leftWhileMovable()) {
        hangUp();
      }
    }

    private boolean leftWhileMovable() {
      synchronized (Journey.this) {
        if (movable && hasOther(backend)) {
          left = true;
        }
        return left;
      }
    }

    @Override
    public int answers() {
      return asked.answers();
    }

    @Override
    public Optional<Backend.Shown> shown() {
      return Optional.of(new Backend.Shown(id, exchange.trip().answerTokens(), moves.get()));
    }

    // by the thread that answers

    /** Sends a request there and waits for the head of its answer. */
    HttpResponse<InputStream> ask(String path, String authorization, byte[] body)
        throws IOException {
      Upstream now = backends.line.ask(backend.url, path, authorization, "POST", body);
      opens(now);
      // what was told before there was something to close
      if (backend.isDraining()) {
        leave();
      }
      if (exchange.isGone() || backends.isEnding() || left || !backend.isUp()) {
        now.close();
      }
      return now.answer();
    }

    /**
     * A part has come, and is told before the backend is left for what comes after it; false when
     * it is left already, and the part is another's to tell.
     */
    boolean takes() {
      synchronized (Journey.this) {
        movable = false;
        return !left;
      }
    }

    /** Whether the backend is drained and all there is of the answer can go on elsewhere. */
    boolean leaves() {
      boolean asks = backend.kind.countsPrompts() && !told.isEmpty();
      boolean can = told.isMovable() && (told.isEmpty() || isBounded());
      movable = can && !asks; // what is to be asked is asked here, between two parts
      if (!backend.isDraining() || !hasOther(backend)) {
        return false;
      }
      if (asks ? !backend.equals(mute) && isKnown() : can) {
        left = true;
      }
      return left;
    }

    /** Whether the backend itself could go on, which is what remains if all others refuse. */
    private boolean isBounded() {
      int most = backends.model(backend, asked.model()).map(Backend.Model::mostTokens).orElse(0);
      return Continuation.isBounded(asked, backend.kind, most);
    }

    private boolean isKnown() {
      BackendTokenizer words = tokenizer();
      try {
        for (Emitted each : told.answers()) {
          words.learn(asked, each);
        }
        if (!told.isMovable()) {
          return false;
        }
        for (Emitted each : told.answers()) {
          if (!each.isOver() && !words.agrees(asked, each)) {
            return false;
          }
        }
        return true;
      } catch (IOException e) {
        mute = backend;
        return false;
      }
    }

    BackendTokenizer tokenizer() {
      String model = backends.model(backend, asked.model()).map(Backend.Model::id).orElse("");
      return new BackendTokenizer(backends.line, backend, model);
    }
  }

  // ---- from one to the next

  /**
   * Goes to a backend; empty when there is none to try. One that was left because it is drained
   * comes last.
   *
   * @throws EndedException when the gateway ends
   */
  Optional<Visit> next() throws EndedException {
    if (backends.isEnding()) {
      throw new EndedException();
    }
    Optional<Visit> found = entered();
    if (found.isEmpty() && secondChance && !brokeOff.isEmpty()) {
      secondChance = false; // a connection kept from before may have been closed, no more than that
      tried.removeAll(brokeOff);
      found = entered();
    }
    visit = found.orElse(null);
    return found;
  }

  private Optional<Visit> entered() {
    return backends.enter(Visit::new, asked.model(), asked.promptTokens(), Set.copyOf(tried));
  }

  /** The client goes away. */
  void end() {
    Visit now = visit;
    if (now != null) {
      now.end();
    }
  }

  private boolean hasOther(Backend than) {
    return backends.hasOther(than, asked.model(), tried);
  }

  /** Whether another could answer what this one does not. */
  boolean hasOther(Visit than) {
    return hasOther(than.backend);
  }

  /** Whether the backend that was left because it is drained lives, for when this one refuses. */
  boolean canReturn(Visit from) {
    return last instanceof Last.Left left
        && !left.backend().equals(from.backend)
        && left.backend().isUp()
        && !tried.contains(left.backend());
  }

  /** The backend that was left because it is drained, once: what it has computed is there still. */
  Optional<Backend> source() {
    if (last instanceof Last.Left left && left.fresh()) {
      last = new Last.Left(left.backend(), false);
      return Optional.of(left.backend());
    }
    return Optional.empty();
  }

  // ---- how one ended

  void broken(Visit visit, IOException e) {
    broken(visit, e, "its backend broke off");
  }

  /**
   * The same where something else failed than its answer.
   *
   * @param reason unless it cannot be reached at all
   */
  void broken(Visit visit, IOException e, String reason) {
    if (e instanceof ConnectException) {
      visit.backend.down();
      broken(visit, "its backend cannot be reached");
    } else {
      broken(visit, reason);
    }
  }

  /** Its connection failed, or it was left. */
  void broken(Visit visit, String reason) {
    if (!visit.left) {
      brokeOff.add(visit.backend);
    }
    ended(visit, reason);
  }

  /** It answers with an error, and is not asked again. */
  void refused(Visit visit, String reason) {
    ended(visit, reason);
  }

  private void ended(Visit visit, String reason) {
    if (exchange.isGone()) {
      return;
    }
    if (visit.left) {
      last = new Last.Left(visit.backend, true);
    } else {
      tried.add(visit.backend);
      last =
          last instanceof Last.Left left && !left.backend().equals(visit.backend)
              ? new Last.Left(left.backend(), false)
              : new Last.Lost();
    }
    why = reason;
  }

  /** A backend cannot go on with it, and asking once more would not help. */
  void impossible(Visit visit, String reason) {
    tried.add(visit.backend);
    secondChance = false;
    why = reason;
  }

  /**
   * This one answers what the last one left: the break is counted now, not where it was final.
   * Where all others refused and it went on where it was, nothing has moved.
   */
  void saved(Visit visit) {
    switch (last) {
      case Last.None unused -> {}
      case Last.Lost unused -> moved(false);
      case Last.Left left -> {
        if (!left.backend().equals(visit.backend)) {
          moved(true);
        }
      }
    }
    last = new Last.None();
  }

  private void moved(boolean drained) {
    backends.wentOn(drained);
    moves.incrementAndGet();
  }

  /** Why the last one did not answer. */
  String why() {
    return why;
  }
}
