package dev.banyan.serve.simulate;

import dev.banyan.serve.EngineProfile;
import dev.banyan.serve.policy.Admission;
import dev.banyan.serve.policy.ClassCounts;
import dev.banyan.serve.policy.ClassOrder;
import dev.banyan.serve.policy.InstanceLoad;
import dev.banyan.serve.policy.PriorityClass;
import dev.banyan.serve.policy.RequestView;
import dev.banyan.serve.policy.SourceView;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * One instance: continuous batching over paged KV memory (Kwon et al., SOSP 2023, section 4.5).
 * What waits is admitted in order as far as memory above the watermark reaches; what a step holds
 * is said by {@link EngineProfile.Batching}. When a decode finds no free block, the newest request
 * of the lowest class is preempted: it loses its memory and waits at the front. O(batch) per step.
 */
final class Engine {
  final int id;
  final EngineProfile profile;
  final double startedAt;
  final List<SimRequest> running = new ArrayList<>();
  final List<SimRequest> ended = new ArrayList<>();

  /** Requests that were stopped at the end of a step for the last stage of their move. */
  final List<SimRequest> stopping = new ArrayList<>();

  boolean alive = true;
  boolean draining;
  boolean stepping;
  int moves;
  int preemptions;
  double removedAt = Double.NaN;
  private final List<ArrayDeque<SimRequest>> waiting = new ArrayList<>();
  private final List<SimRequest> prefilling = new ArrayList<>();
  private final PrefixCache prefixes;
  private final ClassOrder order;
  private final Admission admission;
  private final double[] served = new double[PriorityClass.count()];
  private int used;
  private int waitingBlocks;
  private int waitingTokens;
  private int preemptedWaiting;
  private int comingRequests;
  private int comingBlocks;
  private int inFlightRequests;
  private int inFlightBlocks;
  private long contextTokens;
  private long dispatched;
  private int prefillTokens;

  Engine(
      int id,
      EngineProfile profile,
      ClassOrder order,
      Admission admission,
      int prefixTokens,
      double now) {
    this.id = id;
    this.profile = profile;
    this.order = order;
    this.admission = admission;
    this.startedAt = now;
    this.prefixes = new PrefixCache(Math.max(1, prefixTokens / profile.memory().blockTokens()));
    for (int i = 0; i < PriorityClass.count(); i++) {
      waiting.add(new ArrayDeque<>());
    }
  }

  // ---- requests come and go

  /** A request sent by the scheduler or by another instance begins to wait here. */
  void enqueue(SimRequest request, double now) {
    request.state = SimRequest.State.WAITING;
    request.settledAt = now;
    ArrayDeque<SimRequest> queue = waiting.get(request.priority().index());
    // One that comes from another queue may be due before those here.
    var later = new ArrayDeque<SimRequest>();
    while (!queue.isEmpty() && queue.getLast().generated == 0 && after(queue.getLast(), request)) {
      later.addFirst(queue.removeLast());
    }
    queue.addLast(request);
    queue.addAll(later);
    count(request, 1);
  }

  /** Whether {@code one} stands behind {@code other}; of equals the earlier came first. */
  private boolean after(SimRequest one, SimRequest other) {
    int byDue = Double.compare(due(one), due(other));
    return byDue != 0 ? byDue > 0 : one.id > other.id;
  }

  private double due(SimRequest request) {
    double prefillSeconds =
        profile.prefill().seconds()
            + profile.prefill().tokenSeconds() * request.trace.promptTokens();
    return admission.due(request.trace.arrivalSeconds(), prefillSeconds);
  }

  void countDispatch(SimRequest request) {
    dispatched++;
    inFlightRequests++;
    inFlightBlocks += request.blocks(profile.memory().blockTokens());
  }

  /** A request is on its way here from another queue. */
  void expect(SimRequest request, int sign) {
    comingRequests += sign;
    comingBlocks += sign * request.blocks(profile.memory().blockTokens());
  }

  /** Takes a waiting request out of its queue; false when it does not wait here any more. */
  boolean withdraw(SimRequest request) {
    if (request.state != SimRequest.State.WAITING
        || !waiting.get(request.priority().index()).remove(request)) {
      return false;
    }
    count(request, -1);
    return true;
  }

  /** Takes a running request out of the batch; its memory stays until {@link #free}. */
  boolean remove(SimRequest request) {
    if (!running.remove(request)) {
      return false;
    }
    contextTokens -= request.tokens();
    return true;
  }

  /** Puts a request with its memory here into the batch. */
  void adopt(SimRequest request) {
    request.state = SimRequest.State.RUNNING;
    request.inStep = 0;
    running.add(request);
    contextTokens += request.tokens();
  }

  /** Gives back what the request holds. */
  void free(SimRequest request) {
    used -= request.ownBlocks;
    used -= prefixes.release(request.trace.prefix(), request.sharedPieces);
    request.ownBlocks = 0;
    request.sharedPieces = 0;
  }

  /** Sets {@code blocks} aside; false when {@code spare} would not stay free. */
  boolean reserve(int blocks, int spare) {
    if (freeBlocks() - blocks < spare) {
      return false;
    }
    take(blocks);
    return true;
  }

  void release(int blocks) {
    used -= blocks;
  }

  /** Turns reserved blocks into a request's own. */
  static void own(SimRequest request, int blocks) {
    request.ownBlocks = blocks;
    request.sharedPieces = 0;
  }

  // ---- steps

  /** Begins a step and returns its seconds, or a negative number when there is nothing to do. */
  double begin(double now) {
    admit();
    if (chunks()) {
      return beginChunked(now);
    }
    int tokens = prefillTokens;
    if (!prefilling.isEmpty()) {
      stepping = true;
      return profile.prefillSeconds(tokens);
    }
    if (running.isEmpty()) {
      return -1;
    }
    growAll(now);
    stepping = true;
    return decodeSeconds(contextTokens, running.size());
  }

  private boolean chunks() {
    return profile.batching() == EngineProfile.Batching.CHUNKED;
  }

  private double decodeSeconds(long context, int requests) {
    double seconds = profile.decodeSeconds(context, requests);
    return moves > 0 ? seconds * profile.decode().movingFactor() : seconds;
  }

  /** Decodes first, then chunks of prompts in the order of admission, within the token cap. */
  private double beginChunked(double now) {
    growAll(now);
    int budget = profile.prefill().mostTokens();
    long context = 0;
    int decodes = 0;
    for (SimRequest each : running) {
      each.inStep = decodes < budget ? 1 : 0;
      decodes += each.inStep;
      context += (long) each.inStep * each.tokens();
    }
    budget -= decodes;
    int prefill = 0;
    for (SimRequest each : prefilling) {
      each.inStep = Math.min(budget, each.tokens() - each.prefilled);
      budget -= each.inStep;
      prefill += each.inStep;
    }
    if (decodes + prefill == 0) {
      return -1;
    }
    stepping = true;
    double decode = decodes == 0 ? 0 : decodeSeconds(context, decodes);
    return decode + profile.prefillSeconds(prefill);
  }

  private void admit() {
    prefillTokens = 0;
    while (true) {
      SimRequest head = head();
      if (head == null || running.size() + prefilling.size() >= profile.memory().mostRequests()) {
        return;
      }
      int pieces = pieces(head);
      int cached = prefixes.hits(head.trace.prefix(), pieces) * head.trace.prefixTokens();
      int tokens = head.tokens() - Math.min(cached, head.tokens() - 1);
      boolean tooMany = prefillTokens + tokens > profile.prefill().mostTokens();
      if (tooMany && !prefilling.isEmpty() && !chunks()) {
        return;
      }
      if (!fits(head)) {
        return;
      }
      waiting.get(head.priority().index()).removeFirst();
      count(head, -1);
      head.ownBlocks =
          head.blocks(profile.memory().blockTokens()) - pieces * prefixes.blocksPerPiece();
      head.sharedPieces = pieces;
      take(head.ownBlocks);
      used += prefixes.use(head.trace.prefix(), pieces);
      prefixes.shrinkTo(profile.memory().blocks() - used);
      prefillTokens += tokens;
      head.prefilled = head.tokens() - tokens;
      head.inStep = 0;
      prefilling.add(head);
      serve(head.priority(), tokens);
    }
  }

  /** An instance that holds nothing admits below the watermark, or it would wait for ever. */
  private boolean fits(SimRequest head) {
    int spare = 0;
    if (used > 0 || !prefilling.isEmpty()) {
      spare = profile.watermarkBlocks();
      spare += head.generated == 0 ? admission.growth(runningRequests()) : 0;
    }
    return freeBlocks() - demand(head) >= spare;
  }

  private void serve(PriorityClass priority, int tokens) {
    if (order.floor() == 0) {
      return;
    }
    // Old debts fade, so that a class that slept has no claim on the past.
    for (int i = 0; i < served.length; i++) {
      served[i] *= 1 - Math.min(0.5, tokens * 1e-6);
    }
    served[priority.index()] += tokens;
  }

  private void growAll(double now) {
    int blockTokens = profile.memory().blockTokens();
    for (int i = 0; i < running.size(); i++) {
      SimRequest request = running.get(i);
      int held = request.ownBlocks + request.sharedPieces * prefixes.blocksPerPiece();
      if (request.tokens() <= held * blockTokens) {
        continue;
      }
      while (freeBlocks() < 1) {
        SimRequest victim = victim();
        int at = running.indexOf(victim);
        preempt(victim, now);
        if (at >= 0 && at <= i) {
          i--;
        }
        if (victim == request) {
          break;
        }
      }
      if (request.state == SimRequest.State.RUNNING) {
        take(1);
        request.ownBlocks++;
      }
    }
  }

  private SimRequest victim() {
    SimRequest victim = running.getFirst();
    for (SimRequest each : running) {
      victim = lower(victim, each);
    }
    // none of these when prompts are computed whole
    for (SimRequest each : prefilling) {
      victim = lower(victim, each);
    }
    return victim;
  }

  private static SimRequest lower(SimRequest one, SimRequest other) {
    int byClass = other.priority().compareTo(one.priority());
    return byClass < 0 || (byClass == 0 && other.id > one.id) ? other : one;
  }

  private void preempt(SimRequest victim, double now) {
    if (!remove(victim)) {
      prefilling.remove(victim);
    }
    free(victim);
    victim.preemptions++;
    preemptions++;
    victim.lostAt = now;
    victim.waitingSince = now;
    victim.state = SimRequest.State.WAITING;
    waiting.get(victim.priority().index()).addFirst(victim);
    count(victim, 1);
  }

  /** Ends the step: tokens appear, what is finished goes to {@link #ended}. */
  void end(double now) {
    stepping = false;
    if (chunks()) {
      endChunked(now);
    } else if (!prefilling.isEmpty()) {
      prefilling.forEach(request -> prefilled(request, now));
      for (SimRequest request : prefilling) {
        emit(request, now);
      }
      prefilling.clear();
    } else {
      for (int i = 0; i < running.size(); i++) {
        emit(running.get(i), now);
      }
    }
    if (!ended.isEmpty()) {
      running.removeIf(SimRequest::ended);
    }
  }

  private void endChunked(double now) {
    for (SimRequest request : running) {
      // one that came while the step was computed is not in it
      if (request.inStep > 0) {
        emit(request, now);
      }
    }
    for (SimRequest request : prefilling) {
      request.prefilled += request.inStep;
      if (request.prefilled == request.tokens()) {
        prefilled(request, now);
        emit(request, now);
      }
    }
    prefilling.removeIf(request -> request.state != SimRequest.State.WAITING);
  }

  /** Its whole prompt is computed: it runs. */
  private void prefilled(SimRequest request, double now) {
    request.state = SimRequest.State.RUNNING;
    if (!Double.isNaN(request.lostAt)) {
      request.lostSeconds += now - request.lostAt;
      request.lostAt = Double.NaN;
    }
    if (Double.isNaN(request.firstTokenAt)) {
      request.firstTokenAt = now;
    }
    running.add(request);
    contextTokens += request.tokens();
  }

  private void emit(SimRequest request, double now) {
    request.generated++;
    contextTokens++;
    if (request.generated >= request.trace.outputTokens()) {
      request.state = SimRequest.State.DONE;
      request.finishedAt = now;
      contextTokens -= request.tokens();
      free(request);
      ended.add(request);
    }
  }

  // ---- what others see

  boolean empty() {
    return used == 0 && running.isEmpty() && prefilling.isEmpty() && head() == null;
  }

  int freeBlocks() {
    return profile.memory().blocks() - used;
  }

  int usedBlocks() {
    return used;
  }

  int runningRequests() {
    return running.size() + prefilling.size();
  }

  int waitingRequests() {
    int count = 0;
    for (ArrayDeque<SimRequest> queue : waiting) {
      count += queue.size();
    }
    return count;
  }

  /** The waiting request that is admitted next, when memory allows. */
  @org.jspecify.annotations.Nullable
  SimRequest head() {
    var counts = waitingByClass();
    if (counts.all() == 0) {
      return null;
    }
    return waiting.get(order.next(counts, served).index()).getFirst();
  }

  boolean blocked(SimRequest head) {
    return !fits(head);
  }

  /** Free blocks that admitting the request would take. */
  int demand(SimRequest request) {
    int pieces = pieces(request);
    int used = pieces == 0 ? 0 : prefixes.usedHits(request.trace.prefix(), pieces);
    return request.blocks(profile.memory().blockTokens()) - used * prefixes.blocksPerPiece();
  }

  int cachedTokens(SimRequest request) {
    int pieces = pieces(request);
    return pieces == 0
        ? 0
        : prefixes.hits(request.trace.prefix(), pieces) * request.trace.prefixTokens();
  }

  /** All requests here, for when the instance dies. */
  List<SimRequest> everyone() {
    var all = new ArrayList<>(running);
    all.addAll(prefilling);
    waiting.forEach(all::addAll);
    return all;
  }

  InstanceLoad report(double now) {
    inFlightRequests = 0;
    inFlightBlocks = 0;
    return load(now);
  }

  /** An old report with what was sent here since. */
  InstanceLoad stale(InstanceLoad last) {
    return new InstanceLoad(
        id,
        last.memory(),
        last.batch(),
        last.queue(),
        new InstanceLoad.InFlight(inFlightRequests, inFlightBlocks, dispatched),
        last.pace(),
        new InstanceLoad.State(draining, moves > 0, profile.copy().movesKv()));
  }

  InstanceLoad load(double now) {
    SimRequest head = head();
    var memory =
        new InstanceLoad.Memory(
            profile.memory().blocks(),
            freeBlocks(),
            profile.watermarkBlocks(),
            profile.memory().blockTokens(),
            prefixes.cachedBlocks());
    ClassCounts byClass = waitingByClass();
    var queue =
        new InstanceLoad.Queue(
            new ClassCounts(byClass.low(), byClass.normal() + comingRequests, byClass.high()),
            waitingBlocks + comingBlocks,
            waitingTokens + comingBlocks * profile.memory().blockTokens(),
            head == null ? 0 : demand(head),
            head != null && !fits(head),
            head == null ? 0 : now - head.waitingSince,
            preemptedWaiting);
    return new InstanceLoad(
        id,
        memory,
        new InstanceLoad.Batch(runningByClass(), contextTokens),
        queue,
        new InstanceLoad.InFlight(inFlightRequests, inFlightBlocks, dispatched),
        new InstanceLoad.Pace(
            profile.decodeSeconds(contextTokens, runningRequests()),
            profile.fullStepSeconds(),
            profile.copy().seconds(),
            profile.copy().tokenSeconds()),
        new InstanceLoad.State(draining, moves > 0, profile.copy().movesKv()));
  }

  SourceView view(double now) {
    List<RequestView> runs = new ArrayList<>();
    for (SimRequest each : running) {
      if (!each.moving) {
        runs.add(each.view(profile.memory().blockTokens(), now));
      }
    }
    List<RequestView> waits = new ArrayList<>();
    runs.sort(Comparator.comparingLong(RequestView::id));
    for (int i = waiting.size() - 1; i >= 0; i--) {
      for (SimRequest each : waiting.get(i)) {
        waits.add(each.view(profile.memory().blockTokens(), now));
      }
    }
    return new SourceView(load(now), runs, waits);
  }

  private ClassCounts waitingByClass() {
    return new ClassCounts(waiting.get(0).size(), waiting.get(1).size(), waiting.get(2).size());
  }

  private ClassCounts runningByClass() {
    int[] counts = new int[PriorityClass.count()];
    for (SimRequest each : running) {
      counts[each.priority().index()]++;
    }
    for (SimRequest each : prefilling) {
      counts[each.priority().index()]++;
    }
    return new ClassCounts(counts[0], counts[1], counts[2]);
  }

  private int pieces(SimRequest request) {
    int size = request.trace.prefixTokens();
    if (size == 0) {
      return 0;
    }
    // One token at least is computed, or there would be nothing to sample from.
    return Math.min(request.trace.prefix().length, (request.trace.promptTokens() - 1) / size);
  }

  private void take(int blocks) {
    used += blocks;
    prefixes.shrinkTo(profile.memory().blocks() - used);
  }

  private void count(SimRequest request, int sign) {
    waitingBlocks += sign * request.blocks(profile.memory().blockTokens());
    waitingTokens += sign * request.tokens();
    preemptedWaiting += request.generated > 0 ? sign : 0;
  }
}
