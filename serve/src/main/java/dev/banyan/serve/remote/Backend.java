package dev.banyan.serve.remote;

import dev.banyan.serve.policy.ClassCounts;
import dev.banyan.serve.policy.InstanceLoad;
import java.net.URI;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;

/** A server that runs already: what it is, how it is, and who of ours is there. */
final class Backend {
  /** A copy costs nothing here, since nothing is copied. */
  private static final InstanceLoad.Pace NO_PACE = new InstanceLoad.Pace(0, 0, 0, 0);

  /**
   * A model it serves.
   *
   * @param mostTokens of its context; 0 when it does not tell
   */
  record Model(String id, int mostTokens) {}

  /** Somebody whose answer is made there, and nowhere else. */
  interface Stay {
    /** The backend is to be left; what can go on elsewhere does. */
    void leave();

    /** The backend does not answer any more. */
    void lost();

    /** The gateway ends, and answers with it. */
    void end();

    /** Answers that are made for it. */
    default int answers() {
      return 1;
    }

    /** What is shown of it to those who operate the gateway; empty where that is nothing. */
    default Optional<Shown> shown() {
      return Optional.empty();
    }
  }

  /**
   * A completion while its answer is made.
   *
   * @param tokens of all its answers so far
   * @param moves how often it went on elsewhere
   */
  record Shown(long id, int tokens, int moves) {}

  final int id;
  final URI url;
  final Kind kind;
  final List<Model> models;

  private final ReentrantLock lock = new ReentrantLock();
  private final Set<Stay> stays = new LinkedHashSet<>();
  private Optional<BackendLoad> report = Optional.empty();
  private int oursAtReport;
  private int oursWhenAsked;
  private int blocksSinceReport;
  private int blocksBeforeReport;
  private long dispatched;
  private boolean draining;
  private boolean up = true;

  Backend(int id, URI url, Kind kind, List<Model> models) {
    this.id = id;
    this.url = url;
    this.kind = kind;
    this.models = List.copyOf(models);
  }

  /** One that has not answered yet: it is down and serves nothing. */
  static Backend awaited(int id, URI url) {
    var backend = new Backend(id, url, Kind.OPENAI, List.of());
    backend.down();
    return backend;
  }

  /** Whether it has never answered. */
  boolean isAwaited() {
    return models.isEmpty();
  }

  /** The name a model has there, which for {@code ""} is that of its first. */
  Optional<Model> model(String name) {
    return models.stream().filter(each -> name.isEmpty() || each.id().equals(name)).findFirst();
  }

  /** A request goes there. */
  void enter(Stay stay, int promptTokens) {
    lock.lock();
    try {
      stays.add(stay);
      dispatched++;
      blocksSinceReport += promptTokens / blockTokens() + 1;
    } finally {
      lock.unlock();
    }
  }

  void exit(Stay stay) {
    lock.lock();
    try {
      stays.remove(stay);
    } finally {
      lock.unlock();
    }
  }

  /** It is about to be asked how it is: what is sent from now on is not in its report. */
  void asking() {
    lock.lock();
    try {
      oursWhenAsked = stays.size();
      blocksBeforeReport = blocksSinceReport;
    } finally {
      lock.unlock();
    }
  }

  /** It answered. */
  void reported(Optional<BackendLoad> told) {
    lock.lock();
    try {
      report = told;
      oursAtReport = oursWhenAsked;
      blocksSinceReport -= blocksBeforeReport;
      blocksBeforeReport = 0;
      up = true;
    } finally {
      lock.unlock();
    }
  }

  /** It did not answer: nothing is known of its load, and whoever is there is told. */
  void down() {
    List<Stay> there;
    lock.lock();
    try {
      up = false;
      report = Optional.empty();
      blocksSinceReport = 0;
      blocksBeforeReport = 0;
      there = List.copyOf(stays);
    } finally {
      lock.unlock();
    }
    there.forEach(Stay::lost);
  }

  /** Takes no new requests and gives its own away, or takes them again. */
  void drain(boolean now) {
    List<Stay> there;
    lock.lock();
    try {
      draining = now;
      there = List.copyOf(stays);
    } finally {
      lock.unlock();
    }
    if (now) {
      there.forEach(Stay::leave);
    }
  }

  private List<Stay> there() {
    lock.lock();
    try {
      return List.copyOf(stays);
    } finally {
      lock.unlock();
    }
  }

  /** Whoever is there ends. */
  void endAll() {
    there().forEach(Stay::end);
  }

  boolean isDraining() {
    lock.lock();
    try {
      return draining;
    } finally {
      lock.unlock();
    }
  }

  boolean isUp() {
    lock.lock();
    try {
      return up;
    } finally {
      lock.unlock();
    }
  }

  /** Requests of ours there. */
  int ours() {
    lock.lock();
    try {
      return stays.size();
    } finally {
      lock.unlock();
    }
  }

  /** Answers to them. */
  int answers() {
    return there().stream().mapToInt(Stay::answers).sum();
  }

  /** Completions of ours there, at most some. */
  List<Shown> shown(int most) {
    return there().stream().flatMap(each -> each.shown().stream()).limit(most).toList();
  }

  /**
   * Its load: what others have there as it was told, and our own requests as they are now. Blocks
   * of prompts sent since the report count as waiting.
   */
  InstanceLoad load() {
    lock.lock();
    try {
      BackendLoad told =
          report.orElse(new BackendLoad(0, 0, java.util.OptionalDouble.empty(), 0, 1));
      int others = Math.max(0, told.running() + told.waiting() - oursAtReport);
      int all = report.isEmpty() ? stays.size() : others + stays.size();
      int waiting = Math.min(told.waiting(), all);
      int total = told.used().isPresent() ? told.blocks() : 0;
      int free = (int) Math.round(total * (1 - Math.clamp(told.used().orElse(0), 0, 1)));
      var memory = new InstanceLoad.Memory(total, free, 0, Math.max(1, told.blockTokens()), 0);
      var batch = new InstanceLoad.Batch(new ClassCounts(0, all - waiting, 0), 0);
      var queue =
          new InstanceLoad.Queue(
              new ClassCounts(0, waiting, 0),
              blocksSinceReport,
              blocksSinceReport * memory.blockTokens(),
              0,
              false,
              0,
              0);
      return new InstanceLoad(
          id,
          memory,
          batch,
          queue,
          new InstanceLoad.InFlight(0, 0, dispatched),
          NO_PACE,
          new InstanceLoad.State(draining, false, false));
    } finally {
      lock.unlock();
    }
  }

  private int blockTokens() {
    return Math.max(1, report.map(BackendLoad::blockTokens).orElse(1));
  }
}
