package dev.banyan.serve.simulate;

import dev.banyan.serve.EngineProfile;
import dev.banyan.serve.TraceRequest;
import dev.banyan.serve.policy.Arrival;
import dev.banyan.serve.policy.Fleet;
import dev.banyan.serve.policy.InstanceLoad;
import dev.banyan.serve.policy.Move;
import dev.banyan.serve.policy.Pairing;
import dev.banyan.serve.policy.Policy;
import dev.banyan.serve.policy.Scaler;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/**
 * A discrete-event simulation of instances under one policy. Events of one moment happen in the
 * order they were planned, so a run is a function of its input. O(events · (log events + batch)).
 */
public final class Cluster {
  /** Something planned for a moment. */
  private record Event(double at, long number, Runnable what) implements Comparable<Event> {
    @Override
    public int compareTo(Event other) {
      int byTime = Double.compare(at, other.at);
      return byTime != 0 ? byTime : Long.compare(number, other.number);
    }
  }

  private final Policy policy;
  private final Setup setup;
  private final int prefixTokens;
  private final List<Engine> engines = new ArrayList<>();
  private final List<Engine> live = new ArrayList<>();
  private final List<@Nullable InstanceLoad> reports = new ArrayList<>();
  private final PriorityQueue<Event> events = new PriorityQueue<>();
  private final List<SimRequest> requests = new ArrayList<>();
  private final List<Transfer> transfers = new ArrayList<>();
  private final Samples samples;
  private final List<Span> spans = new ArrayList<>();
  private final List<Double> lastReport = new ArrayList<>();
  private double now;
  private long planned;
  private long reportsSinceRound;
  private int starting;
  private int open;
  private int moves;
  private int requeues;
  private int refused;
  private int replays;

  private Cluster(List<TraceRequest> trace, Policy policy, Setup setup) {
    this.policy = policy;
    this.setup = setup;
    this.prefixTokens =
        trace.stream()
            .mapToInt(TraceRequest::prefixTokens)
            .filter(t -> t > 0)
            .findFirst()
            .orElse(0);
    for (EngineProfile profile : setup.profiles()) {
      add(profile);
    }
    for (TraceRequest each : trace) {
      requests.add(new SimRequest(requests.size(), each, setup.oneClass()));
    }
    open = requests.size();
    double end = trace.isEmpty() ? 0 : trace.getLast().arrivalSeconds();
    samples = new Samples(setup.sampleSeconds(), end);
  }

  /**
   * Runs {@code trace}, ordered by arrival, to the end of its last request.
   *
   * @throws IllegalStateException when a request can never be served
   */
  public static Outcome run(List<TraceRequest> trace, Policy policy, Setup setup) {
    var cluster = new Cluster(trace, policy, setup);
    cluster.loop();
    return cluster.outcome();
  }

  // ---- time

  private void loop() {
    int next = 0;
    if (setup.scaler() != null) {
      plan(setup.scaler().afterSeconds(), this::scale);
    }
    for (Setup.Failure failure : setup.failures()) {
      plan(failure.seconds(), () -> fail(failure.instance()));
    }
    while (open > 0) {
      double arrival =
          next < requests.size()
              ? requests.get(next).trace.arrivalSeconds()
              : Double.POSITIVE_INFINITY;
      Event event = events.peek();
      if (event == null && next >= requests.size()) {
        throw new IllegalStateException(open + " requests wait for ever under " + policy.name());
      }
      if (event == null || arrival <= event.at()) {
        tick(arrival);
        dispatch(requests.get(next++));
      } else {
        events.poll();
        tick(event.at());
        event.what().run();
      }
    }
    for (Engine each : live) {
      if (transfers.isEmpty() && !each.empty()) {
        throw new IllegalStateException(
            "instance %d keeps %d blocks after the last request under %s"
                .formatted(each.id, each.usedBlocks(), policy.name()));
      }
    }
  }

  private void tick(double to) {
    samples.upTo(to, live);
    now = to;
  }

  private void plan(double delay, Runnable what) {
    events.add(new Event(now + delay, planned++, what));
  }

  // ---- requests

  private void dispatch(SimRequest request) {
    Fleet fleet = fleet();
    int chosen =
        policy.dispatch(
            new Arrival(
                request.id,
                request.tokens(),
                request.priority(),
                prefixTokens == 0
                    ? Arrival.CachedPrefix.NONE
                    : instance -> engines.get(instance).cachedTokens(request)),
            fleet);
    Engine engine = engines.get(chosen);
    engine.countDispatch(request);
    engine.enqueue(request, now);
    kick(engine);
  }

  private void kick(Engine engine) {
    if (engine.stepping || !engine.alive) {
      return;
    }
    double seconds = engine.begin(now);
    if (seconds >= 0) {
      plan(seconds, () -> endStep(engine));
    }
  }

  private void endStep(Engine engine) {
    if (!engine.alive) {
      return;
    }
    engine.end(now);
    for (SimRequest request : engine.ended) {
      open--;
      span(request, engine);
    }
    engine.ended.clear();
    if (!engine.stopping.isEmpty()) {
      for (Transfer each : List.copyOf(transfers)) {
        if (each.source == engine && engine.stopping.contains(each.request)) {
          lastStage(each);
        }
      }
      engine.stopping.clear();
    }
    reportsSinceRound++;
    int every = policy.reportsPerRound();
    if (every > 0 && reportsSinceRound >= (long) every * live.size()) {
      reportsSinceRound = 0;
      round();
    }
    kick(engine);
    retire(engine);
  }

  // ---- moves

  private void round() {
    for (Pairing pair : policy.pair(fleet())) {
      Engine source = engines.get(pair.source());
      Engine destination = engines.get(pair.destination());
      policy
          .choose(source.view(now), destination.load(now))
          .ifPresent(move -> start(move, source, destination));
    }
  }

  private void start(Move move, Engine source, Engine destination) {
    SimRequest request = requests.get((int) move.request());
    switch (move.kind()) {
      case REQUEUE -> requeue(request, source, destination);
      case LIVE -> copy(request, source, destination);
      case REPLAY -> replay(request, source, destination);
    }
  }

  private void requeue(SimRequest request, Engine source, Engine destination) {
    if (!source.withdraw(request)) {
      throw new IllegalStateException(policy.name() + " moved a request that does not wait");
    }
    request.moves++;
    requeues++;
    destination.expect(request, 1);
    plan(
        source.profile.copy().requeueSeconds(),
        () -> {
          destination.expect(request, -1);
          if (destination.alive) {
            destination.enqueue(request, now);
            kick(destination);
          } else {
            lost(request);
          }
        });
    retire(source);
  }

  /** Drops its memory here; the destination computes it again. */
  private void replay(SimRequest request, Engine source, Engine destination) {
    if (!source.remove(request)) {
      throw new IllegalStateException(policy.name() + " replayed a request that does not run");
    }
    span(request, source);
    source.free(request);
    request.lostAt = now;
    request.moves++;
    replays++;
    request.state = SimRequest.State.WAITING;
    request.waitingSince = now;
    destination.enqueue(request, now);
    kick(destination);
  }

  private void copy(SimRequest request, Engine source, Engine destination) {
    var transfer = new Transfer(request, source, destination, now);
    int blocks = request.blocks(source.profile.memory().blockTokens()) - 1;
    // One request in or out at a time; an admission's watermark holds for what arrives too.
    if (source.moves > 0
        || destination.moves > 0
        || request.state != SimRequest.State.RUNNING
        || !destination.reserve(blocks, destination.profile.watermarkBlocks())) {
      refused++;
      return;
    }
    transfer.reservedBlocks = blocks;
    transfer.copiedTokens = blocks * source.profile.memory().blockTokens();
    transfer.stage = 1;
    request.moving = true;
    source.moves++;
    destination.moves++;
    transfers.add(transfer);
    EngineProfile.Copy cost = source.profile.copy();
    plan(cost.seconds() + cost.tokenSeconds() * transfer.copiedTokens, () -> stageDone(transfer));
  }

  private void stageDone(Transfer transfer) {
    if (transfer.over) {
      return;
    }
    if (!transfer.stillRuns()) {
      abandon(transfer);
      return;
    }
    EngineProfile.Copy cost = transfer.source.profile.copy();
    int blockTokens = transfer.source.profile.memory().blockTokens();
    int rest = transfer.request.blocks(blockTokens) - transfer.reservedBlocks;
    if (rest <= cost.lastStageBlocks() || transfer.stage + 1 >= cost.mostStages()) {
      if (transfer.source.stepping) {
        transfer.source.stopping.add(transfer.request);
      } else {
        lastStage(transfer);
      }
      return;
    }
    transfer.stage++;
    if (!transfer.destination.reserve(rest - 1, 0)) {
      abandon(transfer);
      return;
    }
    transfer.reservedBlocks += rest - 1;
    transfer.copiedTokens += (rest - 1) * blockTokens;
    plan(
        cost.seconds() + cost.tokenSeconds() * (rest - 1) * blockTokens, () -> stageDone(transfer));
  }

  /** At the end of a step: the request leaves the batch, what is left is copied. */
  private void lastStage(Transfer transfer) {
    SimRequest request = transfer.request;
    if (transfer.over) {
      return;
    }
    if (!transfer.stillRuns()) {
      abandon(transfer);
      return;
    }
    int blocks = request.blocks(transfer.source.profile.memory().blockTokens());
    int rest = Math.max(0, blocks - transfer.reservedBlocks);
    if (!transfer.destination.reserve(rest, 0)) {
      abandon(transfer);
      return;
    }
    transfer.reservedBlocks += rest;
    transfer.source.remove(request);
    request.state = SimRequest.State.STOPPED;
    transfer.stoppedAt = now;
    EngineProfile.Copy cost = transfer.source.profile.copy();
    int tokens = request.tokens() - transfer.copiedTokens;
    plan(cost.lastStageSeconds() + cost.tokenSeconds() * tokens, () -> commit(transfer));
  }

  private void commit(Transfer transfer) {
    if (transfer.over) {
      return;
    }
    SimRequest request = transfer.request;
    close(transfer);
    span(request, transfer.source);
    transfer.source.free(request);
    Engine.own(request, transfer.reservedBlocks);
    transfer.destination.adopt(request);
    request.stoppedSeconds += now - transfer.stoppedAt;
    request.settledAt = now;
    request.moves++;
    moves++;
    kick(transfer.destination);
    kick(transfer.source);
    retire(transfer.source);
  }

  private void abandon(Transfer transfer) {
    refused++;
    close(transfer);
    transfer.destination.release(transfer.reservedBlocks);
    if (!Double.isNaN(transfer.stoppedAt) && transfer.source.alive) {
      transfer.source.adopt(transfer.request);
    }
    kick(transfer.destination);
    kick(transfer.source);
  }

  private void close(Transfer transfer) {
    transfer.over = true;
    transfer.request.moving = false;
    transfer.source.moves--;
    transfer.destination.moves--;
    transfers.remove(transfer);
  }

  // ---- instances

  private Engine add(EngineProfile profile) {
    var engine =
        new Engine(
            engines.size(), profile, policy.classOrder(), policy.admission(), prefixTokens, now);
    engines.add(engine);
    live.add(engine);
    reports.add(null);
    lastReport.add(Double.NEGATIVE_INFINITY);
    return engine;
  }

  private Fleet fleet() {
    List<InstanceLoad> loads = new ArrayList<>(live.size());
    for (Engine each : live) {
      InstanceLoad last = reports.get(each.id);
      if (setup.reportSeconds() == 0) {
        loads.add(each.report(now));
      } else if (last == null || now >= lastReport.get(each.id) + setup.reportSeconds()) {
        InstanceLoad fresh = each.report(now);
        reports.set(each.id, fresh);
        lastReport.set(each.id, now);
        loads.add(fresh);
      } else {
        // The scheduler itself knows what it sent since.
        loads.add(each.stale(last));
      }
    }
    return new Fleet(loads);
  }

  private void scale() {
    if (setup.scaler() == null) {
      return;
    }
    Scaler scaler = policy.scaling(setup.scaler());
    plan(scaler.everySeconds(), this::scale);
    switch (scaler.decide(fleet(), starting)) {
      case Scaler.Decision.Keep keep -> {}
      case Scaler.Decision.Drain drain -> {
        Engine engine = engines.get(drain.instance());
        engine.draining = true;
        retire(engine);
      }
      case Scaler.Decision.Add add -> {
        int missing = add.instances();
        for (Engine each : live) {
          if (each.draining && missing > 0) {
            each.draining = false;
            missing--;
          }
        }
        for (int i = 0; i < missing; i++) {
          starting++;
          samples.paidSeconds(setup.profiles().getFirst().startSeconds());
          plan(
              setup.profiles().getFirst().startSeconds(),
              () -> {
                starting--;
                add(setup.profiles().getFirst());
              });
        }
      }
    }
  }

  private void retire(Engine engine) {
    if (engine.draining && engine.alive && engine.empty() && engine.moves == 0 && live.size() > 1) {
      engine.alive = false;
      engine.removedAt = now;
      live.remove(engine);
    }
  }

  private void fail(int instance) {
    if (instance >= engines.size() || !engines.get(instance).alive || live.size() == 1) {
      return;
    }
    Engine engine = engines.get(instance);
    engine.alive = false;
    engine.removedAt = now;
    live.remove(engine);
    List<SimRequest> orphans = new ArrayList<>(engine.everyone());
    for (Transfer each : List.copyOf(transfers)) {
      if (each.source == engine) {
        if (each.request.state == SimRequest.State.STOPPED) {
          orphans.add(each.request);
        }
        abandon(each);
      } else if (each.destination == engine) {
        abandon(each);
      }
    }
    orphans.sort(Comparator.comparingInt(request -> request.id));
    for (SimRequest each : orphans) {
      span(each, engine);
      each.ownBlocks = 0;
      each.sharedPieces = 0;
      lost(each);
    }
  }

  private void lost(SimRequest request) {
    if (!policy.replaysAfterFailure()) {
      request.state = SimRequest.State.ABORTED;
      request.finishedAt = now;
      open--;
      return;
    }
    if (request.generated > 0) {
      request.lostAt = now;
    }
    request.preemptions++;
    request.state = SimRequest.State.WAITING;
    request.waitingSince = now;
    replays++;
    dispatch(request);
  }

  // ---- what is kept

  private void span(SimRequest request, Engine engine) {
    if (setup.recordSpans()) {
      spans.add(new Span(request.id, engine.id, request.settledAt, now, request.generated));
    }
  }

  private Outcome outcome() {
    double instanceSeconds = samples.paid();
    int preemptions = 0;
    for (Engine each : engines) {
      instanceSeconds += (Double.isNaN(each.removedAt) ? now : each.removedAt) - each.startedAt;
      preemptions += each.preemptions;
    }
    return Outcome.of(
        policy.name(),
        requests,
        new Outcome.Counts(moves, requeues, replays, refused, preemptions),
        instanceSeconds,
        samples,
        spans);
  }
}
