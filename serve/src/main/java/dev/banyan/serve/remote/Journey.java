package dev.banyan.serve.remote;

import dev.banyan.serve.http.HttpServer.Exchange;
import java.io.IOException;
import java.net.ConnectException;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The way of one completion over the backends: where it is, where it was in vain, and what makes it
 * leave. Watchers call in from other threads; all else is of the thread that answers the client.
 */
final class Journey implements Backend.Stay {
  private final Backends backends;
  private final Exchange exchange;
  private final AskedCompletion asked;
  private final ClientStream told;
  private final Set<Backend> tried = ConcurrentHashMap.newKeySet();
  private final AtomicInteger moves = new AtomicInteger();
  private final long id;
  private String why = "no backend is up";
  private boolean secondChance = true;
  private boolean broke;
  private boolean drained;
  private @Nullable Backend drainedFrom;
  private @Nullable Backend home;
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

  /** The time at one backend: who speaks for another is too late. */
  private static final class Visit {
    private final Backend backend;
    private volatile @Nullable Upstream upstream;
    private volatile boolean left;

    private Visit(Backend backend) {
      this.backend = backend;
    }

    private void close() {
      Upstream now = upstream;
      if (now != null) {
        now.close();
      }
    }
  }

  // ---- while others watch

  @Override
  public void leave(Backend backend) {
    Visit now = visit;
    if (now != null && now.backend == backend && leftWhileMovable(now)) {
      now.close();
    }
  }

  private synchronized boolean leftWhileMovable(Visit now) {
    if (movable && hasOther(now.backend)) {
      now.left = true;
    }
    return now.left;
  }

  @Override
  public void lost(Backend backend) {
    Visit now = visit;
    if (now != null && now.backend == backend) {
      now.close();
    }
  }

  /** Also when the client goes away. */
  @Override
  public void end() {
    Visit now = visit;
    if (now != null) {
      now.close();
    }
  }

  @Override
  public Optional<Backend.Shown> shown() {
    return Optional.of(new Backend.Shown(id, exchange.trip().answerTokens(), moves.get()));
  }

  // ---- at a backend

  /**
   * Enters a backend; null when there is none to try. One that was left because it is drained comes
   * last.
   *
   * @throws EndedException when the gateway ends
   */
  @Nullable Backend next() throws EndedException {
    if (backends.isEnding()) {
      throw new EndedException();
    }
    Optional<Backend> found =
        backends.enter(this, asked.model(), asked.promptTokens(), Set.copyOf(tried));
    if (found.isEmpty() && secondChance && !tried.isEmpty()) {
      secondChance = false; // a connection kept from before may have been closed, no more than that
      tried.clear();
      found = backends.enter(this, asked.model(), asked.promptTokens(), Set.of());
    }
    Backend backend = found.orElse(null);
    visit = backend == null ? null : new Visit(backend);
    if (backend != null && backend.isDraining()) {
      leave(backend); // who told that may have come before the visit
    }
    return backend;
  }

  /** Waits for its answer from now on. */
  void enter(Upstream upstream, Backend backend) {
    Visit now = visit;
    if (now != null) {
      now.upstream = upstream;
    }
    if (exchange.isGone() || backends.isEnding() || isLeft() || !backend.isUp()) {
      upstream.close();
    }
  }

  void exit(Backend backend) {
    visit = null;
    backend.exit(this);
  }

  private boolean isLeft() {
    Visit now = visit;
    return now != null && now.left;
  }

  private boolean hasOther(Backend than) {
    return backends.hasOther(than, asked.model(), tried);
  }

  Vocabulary vocabulary(Backend backend) {
    String model = backends.model(backend, asked.model()).map(Backend.Model::id).orElse("");
    return new Vocabulary(backends.line, backend, model);
  }

  /**
   * A part has come, and is told before the backend is left for what comes after it; false when it
   * is left already, and the part is another's to tell.
   */
  synchronized boolean takes() {
    movable = false;
    return !isLeft();
  }

  /** Whether a backend is drained and all there is of the answer can go on elsewhere. */
  boolean leaves(Backend backend) {
    boolean asks = backend.kind.countsPrompts() && !told.isEmpty();
    boolean can = told.isMovable() && (told.isEmpty() || isBounded(backend));
    movable = can && !asks; // what is to be asked is asked here, between two parts
    if (!backend.isDraining() || !hasOther(backend)) {
      return false;
    }
    Visit now = visit;
    if (now != null && (asks ? !backend.equals(mute) && isKnown(backend) : can)) {
      now.left = true;
    }
    return isLeft();
  }

  /** Whether the backend itself could go on, which is what remains if all others refuse. */
  private boolean isBounded(Backend backend) {
    int most = backends.model(backend, asked.model()).map(Backend.Model::mostTokens).orElse(0);
    return Continuation.isBounded(asked, backend.kind, most);
  }

  private boolean isKnown(Backend backend) {
    Vocabulary words = vocabulary(backend);
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

  // ---- after one

  void broken(Backend backend, IOException e) {
    broken(backend, e, "its backend broke off");
  }

  /**
   * The same where something else failed than its answer.
   *
   * @param reason unless it cannot be reached at all
   */
  void broken(Backend backend, IOException e, String reason) {
    if (e instanceof ConnectException) {
      backend.down();
      broken(backend, "its backend cannot be reached");
    } else {
      broken(backend, reason);
    }
  }

  void broken(Backend backend, String reason) {
    if (exchange.isGone()) {
      return;
    }
    boolean left = isLeft();
    if (left) {
      home = backend;
    } else {
      tried.add(backend);
      home = backend.equals(home) ? null : home;
    }
    why = reason;
    broke = true;
    drained = home != null;
    drainedFrom = left ? backend : null;
  }

  /** A backend cannot go on with it, and asking once more would not help. */
  void impossible(Backend backend, String reason) {
    tried.add(backend);
    secondChance = false;
    why = reason;
  }

  /**
   * Another answers what the last one left: the break is counted now, not where it was final. Where
   * all others refused and it went on where it was, nothing has moved.
   */
  void saved(Backend backend) {
    if (broke && !backend.equals(home)) {
      backends.wentOn(drained);
      moves.incrementAndGet();
    }
    broke = false;
    home = null;
  }

  /** Whether the backend that was left because it is drained lives, for when this one refuses. */
  boolean canReturn(Backend from) {
    Backend back = home;
    return back != null && !back.equals(from) && back.isUp() && !tried.contains(back);
  }

  /** The backend that was left because it is drained, once: what it has computed is there still. */
  Optional<Backend> source() {
    Optional<Backend> source = Optional.ofNullable(drainedFrom);
    drainedFrom = null;
    return source;
  }

  boolean hasTriedAll() {
    return tried.size() >= backends.all().size();
  }

  String why() {
    return why;
  }
}
