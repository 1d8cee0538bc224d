package dev.banyan.serve.gateway;

import dev.banyan.serve.DecisionLog;
import dev.banyan.serve.policy.Arrival;
import dev.banyan.serve.policy.Fleet;
import dev.banyan.serve.policy.InstanceLoad;
import dev.banyan.serve.policy.Pairing;
import dev.banyan.serve.policy.Policy;
import dev.banyan.serve.policy.PriorityClass;
import dev.banyan.serve.process.ProcessState;
import dev.banyan.serve.protocol.Message;
import dev.banyan.serve.protocol.Ownership;
import dev.banyan.serve.wire.EngineFigures;
import dev.banyan.serve.wire.Say;
import dev.banyan.serve.wire.Token;
import dev.banyan.serve.wire.TokenRequest;
import dev.banyan.serve.wire.Wire;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The live cluster: knows every instance's load and every request's owner, dispatches, asks
 * instances to give requests to each other, and hands requests of an instance that died to another.
 * All methods may be called by any thread; one lock guards all.
 */
final class LiveCluster implements AutoCloseable {
  /** Who has a request that waits for an instance. */
  private static final int NOBODY = -1;

  /** Instances that died under a request before it is suspected to be why. */
  private static final int MOST_DEATHS = 3;

  /** Thrown when no instance lives. */
  static final class NobodyException extends RuntimeException {
    private static final long serialVersionUID = 1;

    NobodyException() {
      super("no instance is up");
    }
  }

  /**
   * What the page and the metrics show of an instance.
   *
   * @param load as last reported
   */
  record Shown(
      int id,
      long process,
      boolean up,
      boolean draining,
      InstanceLoad load,
      EngineFigures figures) {}

  /** What happened since the start. */
  record Counts(
      long requests, long moves, long givenBack, long requeued, long replayed, long died) {}

  /** A request on its way, for the page. */
  record ShownRequest(long id, int instance, int tokens, int moves, String priority) {}

  private final Policy policy;
  private final @Nullable DecisionLog log;
  private final Silence silence = new Silence(System.nanoTime());
  private final Ownership ownership = new Ownership();
  private final Map<Integer, LiveInstance> instances = new TreeMap<>();
  private final Map<Long, Stream> streams = new HashMap<>();
  private final List<Double> stoppedSeconds = new ArrayList<>();
  private long ids;
  private long attempts;
  private int reports;
  private long moves;
  private long givenBack;
  private long requeued;
  private long replayed;
  private long died;
  private final Set<Long> homeless = new LinkedHashSet<>();
  private volatile @Nullable IntConsumer keeper;
  private boolean hopeless;
  private volatile boolean closed;
  private volatile boolean ending;

  LiveCluster(Policy policy) {
    this(policy, null);
  }

  LiveCluster(Policy policy, @Nullable DecisionLog log) {
    this.policy = policy;
    this.log = log;
    Thread.ofVirtual().name("watch").start(this::watch);
  }

  private void watch() {
    try {
      while (!closed) {
        Thread.sleep(Silence.TICK_NANOS / 1_000_000);
        silence.look(System.nanoTime());
        look();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void look() {
    try {
      lookForStalled();
    } catch (RuntimeException e) {
      // one look that failed is no reason never to look again
    }
  }

  /** Requests of an instance that went silent go on elsewhere, if any other is up. */
  private synchronized void lookForStalled() {
    for (LiveInstance each : List.copyOf(instances.values())) {
      boolean others = instances.values().stream().anyMatch(o -> o != each && !o.stalled);
      if (!each.stalled && others && isLost(each)) {
        each.stalled = true;
        instances.values().forEach(other -> other.moving = false);
        each.lost.addAll(leave(each.ready.instance()));
      }
    }
  }

  private boolean isLost(LiveInstance of) {
    long heard = of.heard.get();
    return silence.isSuspect(heard) && silence.isLost(heard, ProcessState.of(of.ready.process()));
  }

  /** It speaks again: what it lost is no longer its own. */
  private void wakeUp(LiveInstance of) {
    if (of.stalled) {
      of.stalled = false;
      int id = of.ready.instance();
      for (long request : of.lost) {
        if (ownership.mustStop(request, id)) {
          of.wire.say(new Say.Cancel(request));
        }
      }
      of.lost.clear();
      house();
    }
  }

  /**
   * Connects to an engine and waits until it says what it is.
   *
   * @throws IOException when nobody listens at the address
   */
  Say.Ready join(int id, String address) throws IOException {
    Wire wire = Wire.connect(address, "instance " + id);
    var ready = new java.util.concurrent.CompletableFuture<Say.Ready>();
    var heard = new AtomicLong(silence.listened());
    wire.start(
        say -> {
          heard.set(silence.listened()); // before it waits for its turn here
          if (say instanceof Say.Ready it) {
            synchronized (this) {
              instances.put(id, new LiveInstance(it, wire, address, heard));
              hopeless = false;
              house();
            }
            ready.complete(it);
          } else {
            heard(id, wire, say);
          }
        },
        (migration, stage, index) -> null,
        () -> {
          ready.completeExceptionally(new IOException("instance " + id + " is gone"));
          gone(id, wire);
        });
    wire.say(new Say.Hello(true, 0));
    try {
      return ready.get(60, java.util.concurrent.TimeUnit.SECONDS);
    } catch (java.util.concurrent.ExecutionException | java.util.concurrent.TimeoutException e) {
      wire.close();
      throw new IOException("instance " + id + " does not answer", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  // ---- requests

  /** The same, for one whose tokens are waited for alone. */
  Stream submit(TokenRequest asked) {
    return submit(asked, new Semaphore(0));
  }

  /**
   * Sends a request to an instance; where none is left it waits for the next, if one will come.
   *
   * @param bell rung with each token that comes
   * @throws NobodyException when none is up
   */
  synchronized Stream submit(TokenRequest asked, Semaphore bell) {
    var stream = new Stream(++ids, asked, bell);
    if (instances.isEmpty() && isAwaited(stream)) {
      streams.put(stream.id, stream);
      Ownership.Owner unused = ownership.begin(stream.id, NOBODY);
      homeless.add(stream.id);
      return stream;
    }
    LiveInstance to = dispatch(stream);
    streams.put(stream.id, stream);
    long epoch = ownership.begin(stream.id, to.ready.instance()).epoch();
    to.send(new Say.Submit(stream.id, epoch, asked, new int[0], 0, 0));
    return stream;
  }

  /** Ends a request, whatever state it is in. */
  synchronized void cancel(Stream stream) {
    ownership
        .owner(stream.id)
        .ifPresent(
            owner -> {
              end(stream);
              // it may be on its way, so all are told
              instances.values().forEach(each -> each.wire.say(new Say.Cancel(stream.id)));
            });
  }

  /** Whether a request may wait for an instance that is being started. */
  private boolean isAwaited(Stream stream) {
    return keeper != null && !hopeless && !ending && !closed && stream.deaths < MOST_DEATHS;
  }

  /** With an error: whoever waits for its next token waits no longer. */
  private void end(Stream stream) {
    ownership.end(stream.id);
    streams.remove(stream.id);
    stream.put(error(stream.id));
  }

  /** Ends every request with an error, since the server ends. */
  synchronized void endAll() {
    ending = true;
    List.copyOf(streams.values()).forEach(this::cancel);
  }

  /** Whether requests were ended since the server ends. */
  boolean isEnding() {
    return ending;
  }

  private static Token error(long request) {
    return new Token(request, 0, 0, 0, Token.Finish.ERROR, Float.NaN, new int[0], new float[0]);
  }

  private LiveInstance dispatch(Stream stream) {
    List<InstanceLoad> loads = loads();
    if (loads.isEmpty()) {
      throw new NobodyException();
    }
    int tokens = stream.asked.prompt().length + stream.emitted.size();
    var arrival =
        new Arrival(stream.id, tokens, stream.asked.priority(), Arrival.CachedPrefix.NONE);
    int chosen = policy.dispatch(arrival, new Fleet(loads));
    if (log != null) {
      log.add(
          new DecisionLog.Decision(
              policy.name(), stream.id, tokens, stream.asked.priority(), loads, chosen, List.of()));
    }
    return require(chosen);
  }

  private LiveInstance require(int id) {
    LiveInstance of = instances.get(id);
    if (of == null) {
      throw new NobodyException();
    }
    return of;
  }

  /**
   * Loads as last reported, with what was sent since. One that is silent gets nothing new while
   * another speaks.
   */
  private List<InstanceLoad> loads() {
    List<InstanceLoad> loads = new ArrayList<>();
    List<InstanceLoad> suspect = new ArrayList<>();
    for (LiveInstance each : instances.values()) {
      if (!each.stalled) {
        (silence.isSuspect(each.heard.get()) ? suspect : loads).add(each.load());
      }
    }
    return loads.isEmpty() ? suspect : loads;
  }

  /**
   * Gives a request that lost its instance to another, which goes on from what the client has. When
   * all that are left are silent, the first that speaks gets it; when none is left and others will
   * come, the first that comes, unless it may be the request that they die of.
   */
  private void again(long request, int preferred) {
    Stream stream = streams.get(request);
    if (stream == null) {
      return;
    }
    LiveInstance to = instances.get(preferred);
    if (to == null || to.stalled) {
      if (instances.isEmpty() && !isAwaited(stream)) {
        end(stream);
        return;
      }
      if (loads().isEmpty()) {
        homeless.add(request);
        return;
      }
      to = dispatch(stream);
    }
    long epoch = ownership.replay(request, to.ready.instance()).epoch();
    int[] generated = stream.emitted.stream().mapToInt(Integer::intValue).toArray();
    to.send(
        new Say.Submit(
            request,
            epoch,
            stream.asked,
            generated,
            ++stream.moves,
            (System.nanoTime() - stream.begun) / 1e9));
  }

  // ---- what instances say

  private synchronized void heard(int id, Wire from, Say say) {
    LiveInstance speaker = instances.get(id);
    if (speaker != null && speaker.wire == from) {
      wakeUp(speaker);
    }
    switch (say) {
      case Say.Tokens tokens -> {
        // first of all those that a client has waited for since it asked
        tokens.tokens().stream().filter(each -> each.number() == 0).forEach(this::token);
        tokens.tokens().stream().filter(each -> each.number() > 0).forEach(this::token);
      }
      case Say.Prompt prompt -> {
        Stream stream = streams.get(prompt.request());
        if (stream != null) {
          stream.prompt = prompt.tokens();
        }
      }
      case Say.Load load -> {
        LiveInstance of = instances.get(id);
        if (of != null) {
          of.reported(load);
          reports++;
          pairUp();
        }
      }
      case Say.Protocol protocol -> {
        switch (protocol.message()) {
          case Message.Claim claim -> from.say(new Say.Protocol(ownership.claim(claim)));
          case Message.Ask ask -> from.say(new Say.Protocol(ownership.ask(ask)));
          default -> {}
        }
      }
      case Say.Given given -> {
        // one that was silent says it of requests that others have by now
        if (ownerOf(given.request()) == id) {
          requeued++;
          again(given.request(), given.destination());
        }
      }
      case Say.Moved moved -> moved(moved);
      default -> {}
    }
  }

  private void token(Token token) {
    if (!ownership.accept(token.request(), token.epoch(), token.number())) {
      return;
    }
    Stream stream = streams.get(token.request());
    if (stream == null) {
      return;
    }
    if (token.finish() == Token.Finish.NONE) {
      stream.emitted.add(token.id());
    } else {
      ownership.end(token.request());
      streams.remove(token.request());
    }
    stream.put(token);
  }

  private void moved(Say.Moved moved) {
    for (int id : new int[] {moved.migration().source(), moved.migration().destination()}) {
      LiveInstance of = instances.get(id);
      if (of != null) {
        of.moving = false;
      }
    }
    switch (moved.ending()) {
      case GONE -> {
        moves++;
        if (stoppedSeconds.size() < 100_000) {
          stoppedSeconds.add(moved.stoppedSeconds());
        }
      }
      case KEPT, ABORTED -> givenBack++;
      case NOTHING -> {}
    }
    LiveInstance source = instances.get(moved.migration().source());
    if (source != null && source.draining && moved.ending() != Say.Ending.NOTHING) {
      pairUp();
    }
  }

  /** Lets the policy pair instances, when enough of them reported. */
  private void pairUp() {
    boolean draining = instances.values().stream().anyMatch(each -> each.draining);
    int round = policy.reportsPerRound() * instances.size();
    if (instances.size() < 2 || round == 0 || (reports < round && !draining)) {
      return;
    }
    reports = 0;
    List<InstanceLoad> loads = loads();
    List<Pairing> pairs = policy.pair(new Fleet(loads));
    if (log != null && !(streams.isEmpty() && pairs.isEmpty())) {
      log.add(
          new DecisionLog.Decision(policy.name(), -1, 0, PriorityClass.NORMAL, loads, -1, pairs));
    }
    for (Pairing pair : pairs) {
      give(pair.source(), pair.destination(), 0);
    }
  }

  private void give(int source, int destination, long request) {
    LiveInstance from = require(source);
    LiveInstance to = require(destination);
    from.moving = true;
    to.moving = true;
    from.wire.say(new Say.Give(request, ++attempts, to.load(), to.address));
  }

  /** Moves a request to any other instance; false when there is none or it has ended. */
  synchronized boolean move(long request) {
    var owner = ownership.owner(request);
    if (owner.isEmpty()) {
      return false;
    }
    int source = owner.get().instance();
    for (LiveInstance each : instances.values()) {
      if (each.ready.instance() != source && !each.stalled && instances.containsKey(source)) {
        give(source, each.ready.instance(), request);
        return true;
      }
    }
    return false;
  }

  private synchronized void gone(int id, Wire wire) {
    LiveInstance of = instances.get(id);
    if (of == null || of.wire != wire) {
      return;
    }
    instances.remove(id);
    instances.values().forEach(each -> each.moving = false);
    for (Stream each : streams.values()) {
      each.deaths += ownerOf(each.id) == id ? 1 : 0;
    }
    List<Long> unused = leave(id);
    house();
    if (!of.retiring && !closed) {
      died++;
      IntConsumer told = keeper;
      if (told != null) {
        told.accept(id);
      }
    }
  }

  /**
   * From now on somebody starts an instance in the place of one that died, so requests that nobody
   * is left for wait for it.
   *
   * @param dead told of every instance that died, under the lock
   */
  synchronized void keep(IntConsumer dead) {
    keeper = dead;
  }

  /** Requests that wait for an instance end with an error, since none comes. */
  synchronized void giveUpWaiting() {
    if (instances.isEmpty()) {
      hopeless = true;
      house();
    }
  }

  /** Requests that nobody could take find an instance, or end when there is none. */
  private void house() {
    List<Long> waiting = List.copyOf(homeless);
    homeless.clear();
    waiting.forEach(this::goOn);
  }

  /** One that nobody can take is no reason to forget the others. */
  private void goOn(long request) {
    try {
      again(request, -1);
    } catch (RuntimeException e) {
      Stream stream = streams.get(request);
      if (stream != null) {
        end(stream);
      }
    }
  }

  /** Gives what an instance owns to others. */
  private List<Long> leave(int id) {
    List<Long> left = new ArrayList<>();
    ownership
        .all()
        .forEach(
            (request, owner) -> {
              if (owner.instance() == id) {
                replayed++;
                left.add(request);
                goOn(request);
              }
            });
    return left;
  }

  // ---- operating it

  /** An instance takes no new requests and gives its own away; false when it is not up. */
  synchronized boolean drain(int id, boolean now) {
    LiveInstance of = instances.get(id);
    if (of == null) {
      return false;
    }
    of.draining = now;
    of.retiring &= now;
    of.wire.say(new Say.Drain(now));
    pairUp();
    return true;
  }

  /** An instance gives its requests away to end; nobody takes its place. */
  synchronized void retire(int id) {
    LiveInstance of = instances.get(id);
    if (of != null) {
      of.retiring = true;
      boolean unused = drain(id, true);
    }
  }

  /** Requests that have not ended. */
  synchronized List<Long> requests() {
    return List.copyOf(streams.keySet());
  }

  /** The instance that owns a request; -1 when it has ended. */
  synchronized int ownerOf(long request) {
    return ownership.owner(request).map(Ownership.Owner::instance).orElse(-1);
  }

  /** Requests an instance owns. */
  synchronized long owned(int id) {
    return ownership.all().values().stream().filter(owner -> owner.instance() == id).count();
  }

  /**
   * Ends an instance that is retired and has nothing left; false while it has. One that somebody
   * wanted back meanwhile stays, which is true as well.
   */
  synchronized boolean stopWhenEmpty(int id) {
    LiveInstance of = instances.get(id);
    if (of == null || !of.retiring) {
      return true;
    }
    if (owned(id) > 0) {
      return false;
    }
    of.wire.say(new Say.Stop());
    return true;
  }

  synchronized List<Shown> shown() {
    return instances.values().stream()
        .map(
            each ->
                new Shown(
                    each.ready.instance(),
                    each.ready.process(),
                    !each.stalled,
                    each.draining,
                    each.load(),
                    each.figures))
        .toList();
  }

  /** Requests on their way, at most some. */
  synchronized List<ShownRequest> shownRequests(int most) {
    List<ShownRequest> all = new ArrayList<>();
    for (Stream each : streams.values()) {
      var owner = ownership.owner(each.id);
      if (owner.isPresent() && all.size() < most) {
        all.add(
            new ShownRequest(
                each.id,
                owner.get().instance(),
                each.emitted.size(),
                each.moves,
                each.asked.priority().name()));
      }
    }
    return all;
  }

  /** How many requests have not ended. */
  synchronized int open() {
    return streams.size();
  }

  /** Instances that take new requests. */
  synchronized List<Integer> taking() {
    return instances.values().stream()
        .filter(each -> !each.draining)
        .map(each -> each.ready.instance())
        .toList();
  }

  /** How many instances are up and not about to end. */
  synchronized int staying() {
    return (int) instances.values().stream().filter(each -> !each.retiring).count();
  }

  /** Whether an instance is up. */
  synchronized boolean isUp(int id) {
    return instances.containsKey(id);
  }

  synchronized Counts counts() {
    return new Counts(ids, moves, givenBack, requeued, replayed, died);
  }

  /** How long each moved request was in no batch. */
  synchronized double[] stoppedSeconds() {
    return stoppedSeconds.stream().mapToDouble(Double::doubleValue).toArray();
  }

  @Override
  public synchronized void close() {
    closed = true;
    if (instances.isEmpty()) {
      house(); // nobody comes any more
    }
    for (LiveInstance each : List.copyOf(instances.values())) {
      each.wire.say(new Say.Stop());
    }
  }
}
