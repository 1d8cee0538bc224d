package dev.banyan.serve.remote;

import dev.banyan.serve.http.HttpServer.Exchange;
import java.io.IOException;
import java.net.ConnectException;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
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
  private final Set<Backend> tried = new HashSet<>();
  private final AtomicInteger moves = new AtomicInteger();
  private final long id;
  private String why = "no backend is up";
  private boolean secondChance = true;
  private boolean broke;
  private boolean drained;
  private @Nullable Backend drainedFrom;
  private @Nullable Backend mute;

  private volatile @Nullable Upstream upstream;
  private volatile @Nullable Backend at;
  private volatile boolean movable;
  private volatile boolean left;

  Journey(Backends backends, Exchange exchange, AskedCompletion asked, ClientStream told) {
    this.backends = backends;
    this.exchange = exchange;
    this.asked = asked;
    this.told = told;
    this.id = backends.asked();
    this.movable = asked.streams();
  }

  // ---- while others watch

  @Override
  public void leave() {
    Backend now = at;
    if (movable && now != null && backends.hasOther(now, asked.model())) {
      left = true;
      lost();
    }
  }

  @Override
  public void lost() {
    Upstream now = upstream;
    if (now != null) {
      now.close();
    }
  }

  @Override
  public Optional<Backend.Shown> shown() {
    return Optional.of(new Backend.Shown(id, exchange.trip().answerTokens(), moves.get()));
  }

  // ---- at a backend

  /** Enters a backend; null when there is none to try. */
  @Nullable Backend next() {
    Optional<Backend> found =
        backends.enter(this, asked.model(), asked.promptTokens(), Set.copyOf(tried));
    if (found.isEmpty() && secondChance && !tried.isEmpty()) {
      secondChance = false; // a connection kept from before may have been closed, no more than that
      tried.clear();
      found = backends.enter(this, asked.model(), asked.promptTokens(), Set.of());
    }
    at = found.orElse(null);
    left = false;
    return at;
  }

  /** Waits for its answer from now on. */
  void enter(Upstream now, Backend backend) {
    upstream = now;
    if (exchange.isGone() || left || !backend.isUp()) {
      now.close();
    }
  }

  void exit(Backend backend) {
    upstream = null;
    backend.exit(this);
  }

  Vocabulary vocabulary(Backend backend) {
    String model = backends.model(backend, asked.model()).map(Backend.Model::id).orElse("");
    return new Vocabulary(backends.line, backend, model);
  }

  /** Whether a backend is drained and all there is of the answer can go on elsewhere. */
  boolean leaves(Backend backend) {
    boolean asks = backend.kind.countsPrompts() && !told.isEmpty();
    movable = told.isMovable() && !asks; // what is to be asked is asked here, between two parts
    if (!backend.isDraining() || !backends.hasOther(backend, asked.model())) {
      return false;
    }
    left = asks ? !backend.equals(mute) && isKnown(backend) : movable;
    return left;
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
    if (e instanceof ConnectException) {
      backend.down();
    }
    broken(backend, "its backend broke off");
  }

  void broken(Backend backend, String reason) {
    if (exchange.isGone()) {
      return;
    }
    tried.add(backend);
    why = reason;
    broke = true;
    drained = left;
    drainedFrom = left ? backend : null;
  }

  /** A backend cannot go on with it, and asking once more would not help. */
  void impossible(Backend backend, String reason) {
    tried.add(backend);
    secondChance = false;
    why = reason;
  }

  /** Another answers what the last one left: the break is counted now, not where it was final. */
  void saved() {
    if (broke) {
      broke = false;
      backends.wentOn(drained);
      moves.incrementAndGet();
    }
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
