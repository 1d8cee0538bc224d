package dev.banyan.serve.protocol;

import dev.banyan.core.Seed;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.random.RandomGenerator;

/**
 * One schedule: a few small instances decode a few requests that move all the time, while what the
 * plan says goes wrong. The two sides and the ownership are the classes a live system uses; KV
 * memory and tokens are fingerprints, so a lost, stale or damaged block shows as a wrong token.
 */
final class FaultWorld {
  private static final double STEP = 0.05;
  private static final double TIMEOUT = 1;
  private static final double EXPIRY = 3;
  private static final double SUSPICION = 2;
  private static final double LAST_START = 12;
  private static final double END = 120;

  private record Event(double at, long number, Runnable what) implements Comparable<Event> {
    @Override
    public int compareTo(Event other) {
      int byTime = Double.compare(at, other.at);
      return byTime != 0 ? byTime : Long.compare(number, other.number);
    }
  }

  private final RandomGenerator random;
  private final FaultPlan plan;
  private final boolean careless;
  private final PriorityQueue<Event> events = new PriorityQueue<>();
  private final List<Node> nodes = new ArrayList<>();
  private final Ownership ownership = new Ownership();
  private final Witness witness = new Witness();
  private final Map<Long, Held> asked = new HashMap<>();
  private final Map<Node, Double> tokensUntil = new HashMap<>();
  private final Map<Node, Double> silentSince = new HashMap<>();
  private final Map<Migration, Integer> offsets = new HashMap<>();
  private final List<FaultPlan.Trouble> ahead;
  private boolean schedulerAlive = true;
  private boolean gatewayAlive = true;
  private double clientDelay;
  private double now;
  private long planned;
  private long attempts;
  private int messages;

  /**
   * @param careless plants the fault of the published protocol: a source without an answer to its
   *     commit resumes without asking
   */
  FaultWorld(Seed seed, boolean careless) {
    this.random = seed.stream("schedule");
    this.plan = FaultPlan.draw(random);
    this.careless = careless;
    this.ahead = new ArrayList<>(plan.trouble());
  }

  /** Runs to the end and returns what was seen. */
  Witness run() {
    int instances = 2 + random.nextInt(3);
    for (int i = 0; i < instances; i++) {
      addNode();
    }
    int requests = 2 + random.nextInt(5);
    for (int i = 0; i < requests; i++) {
      long id = i + 1L;
      var held = new Held(id, 1 + random.nextInt(14), 5 + random.nextInt(40), 0, 0);
      at(random.nextDouble() * 2, () -> arrive(held));
    }
    at(0.1, this::schedule);
    at(0.5, this::watch);
    while (!events.isEmpty() && events.peek().at() < END && !restful()) {
      Event event = events.poll();
      now = event.at();
      event.what().run();
    }
    witness.quiet(nodes, ownership, gatewayAlive);
    return witness;
  }

  /** Nothing is going on and nothing will. */
  private boolean restful() {
    return now > LAST_START + 8
        && ownership.all().isEmpty()
        && nodes.stream()
            .allMatch(
                each ->
                    !each.alive
                        || (each.requests.isEmpty() && each.leaving.isEmpty() && each.open() == 0));
  }

  private void at(double delay, Runnable what) {
    events.add(new Event(now + delay, planned++, what));
  }

  // ---- gateway

  private void arrive(Held request) {
    if (!gatewayAlive) {
      return;
    }
    Optional<Node> node = pick(-1);
    if (node.isEmpty()) {
      return;
    }
    asked.put(request.request, request);
    witness.began(request.request);
    ownership.begin(request.request, node.get().id);
    begin(request.request, node.get());
  }

  /** Sends a request to the instance that owns it now, with what the client has seen. */
  private void begin(long request, Node node) {
    Ownership.Owner owner = ownership.owner(request).orElseThrow();
    Held asked = this.asked.get(request);
    if (asked == null) {
      throw new IllegalStateException("request " + request + " was never asked for");
    }
    var held =
        new Held(request, asked.promptTokens, asked.outputTokens, owner.epoch(), owner.nextToken());
    at(
        delay(),
        () -> {
          if (node.alive) {
            Held old = node.requests.get(request);
            if (old != null && old.epoch < held.epoch) {
              interrupt(node, old);
              node.drop(old);
            }
            node.requests.putIfAbsent(request, held);
          }
        });
  }

  private void token(Node from, long request, long epoch, int number, long content) {
    if (!gatewayAlive) {
      return;
    }
    if (!ownership.accept(request, epoch, number)) {
      if (ownership.mustStop(request, from.id)) {
        at(delay(), () -> fence(from, request, epoch));
      }
      return;
    }
    witness.delivered(request, number, content, from.id, epoch);
    Held asked = this.asked.get(request);
    if (asked != null && number + 1 >= asked.outputTokens) {
      end(request);
    }
  }

  private void end(long request) {
    if (ownership.end(request)) {
      witness.ended(request);
    }
  }

  private void cancel(long request) {
    Optional<Ownership.Owner> owner = ownership.owner(request);
    if (!gatewayAlive || owner.isEmpty()) {
      return;
    }
    witness.cancelled(request);
    end(request);
    at(delay(), () -> fence(nodes.get(owner.get().instance()), request, owner.get().epoch()));
  }

  /** An instance learns that a request is not its own any more. */
  private void fence(Node node, long request, long epoch) {
    Held held = node.requests.get(request);
    if (node.alive && held != null && held.epoch <= epoch) {
      witness.stops(request, node.id);
      SourceSide side = held.leaving;
      if (side != null) {
        perform(node, side, side.cancelled());
      }
      if (node.requests.get(request) == held) {
        node.drop(held);
      }
    }
  }

  /** Every half second the gateway looks for instances that are dead or have been silent. */
  private void watch() {
    at(0.5, this::watch);
    if (!gatewayAlive) {
      return;
    }
    for (Map.Entry<Long, Ownership.Owner> each : ownership.all().entrySet()) {
      Node node = nodes.get(each.getValue().instance());
      boolean silent = !node.alive || node.stalledUntil - now > 0;
      double since = silentSince.getOrDefault(node, Double.NaN);
      if (!silent) {
        silentSince.remove(node);
      } else if (Double.isNaN(since)) {
        silentSince.put(node, now);
      } else if (now - since > SUSPICION) {
        Optional<Node> other = pick(node.id);
        if (other.isPresent()) {
          witness.suspected(each.getKey(), node.id);
          ownership.replay(each.getKey(), other.get().id);
          begin(each.getKey(), other.get());
        } else if (nodes.stream().noneMatch(n -> n.alive)) {
          witness.noInstanceLeft(each.getKey());
          end(each.getKey());
        }
      }
    }
  }

  /** The instance with the fewest requests: works without the scheduler. */
  private Optional<Node> pick(int but) {
    Node best = null;
    for (Node each : nodes) {
      boolean fine = each.alive && each.stalledUntil <= now && each.id != but;
      if (fine && (best == null || each.requests.size() < best.requests.size())) {
        best = each;
      }
    }
    return Optional.ofNullable(best);
  }

  // ---- instances

  private Node addNode() {
    var node = new Node(nodes.size());
    nodes.add(node);
    at(random.nextDouble() * STEP, () -> step(node));
    return node;
  }

  private void step(Node node) {
    if (!node.alive) {
      return;
    }
    if (node.stalledUntil > now) {
      at(node.stalledUntil - now, () -> step(node));
      return;
    }
    boolean idle = node.requests.isEmpty() && node.leaving.isEmpty() && node.open() == 0;
    at(STEP * (idle ? 8 : 0.8 + 0.4 * random.nextDouble()), () -> step(node));
    for (Held held : List.copyOf(node.requests.values())) {
      if (!held.stopped) {
        decode(node, held);
      }
      if (held.stopAtStepEnd && node.requests.get(held.request) == held) {
        held.stopAtStepEnd = false;
        held.stopped = true;
        SourceSide side = held.leaving;
        if (side != null) {
          perform(node, side, side.stopped(state(held), clock(node)));
        }
      }
    }
    for (SourceSide side : List.copyOf(node.leaving.values())) {
      if (careless && side.state() == SourceSide.State.COMMITTING && expired(side, node)) {
        Held held = node.requests.get(side.migration().request());
        node.leaving.remove(side.migration());
        if (held != null) {
          held.stopped = false;
          held.leaving = null;
        }
        continue;
      }
      perform(node, side, side.tick(clock(node)));
    }
    for (DestinationSide side : List.copyOf(node.coming.values())) {
      perform(node, side, side.tick(clock(node)));
    }
    witness.look(nodes, ownership);
  }

  private boolean expired(SourceSide side, Node node) {
    return side.deadline().map(deadline -> clock(node) >= deadline).orElse(false);
  }

  private double clock(Node node) {
    return now + node.clockOffset;
  }

  private void decode(Node node, Held held) {
    if (held.kv.length == 0) {
      if (node.free < held.blocks()) {
        return;
      }
      node.free -= held.blocks();
      held.compute();
    }
    if (held.generated >= held.outputTokens) {
      return;
    }
    if (Held.blocksFor(held.promptTokens + held.generated + 1) > held.kv.length) {
      if (node.free < 1) {
        preempt(node, held);
        return;
      }
      node.free--;
    }
    witness.runs(held.request, held.epoch, node.id);
    long content = held.next();
    int number = held.generated;
    held.append();
    tell(node, held.request, held.epoch, number, content);
    if (held.generated >= held.outputTokens) {
      interrupt(node, held);
      node.drop(held);
    }
  }

  /** Tokens of one instance arrive in order, later while the client reads slowly. */
  private void tell(Node node, long request, long epoch, int number, long content) {
    double when = Math.max(now + delay() + clientDelay, tokensUntil.getOrDefault(node, 0.0));
    tokensUntil.put(node, when);
    at(when - now, () -> token(node, request, epoch, number, content));
  }

  private void preempt(Node node, Held held) {
    if (held.stopped || held.kv.length == 0) {
      return;
    }
    interrupt(node, held);
    node.free += held.kv.length;
    held.kv = new long[0];
  }

  private void interrupt(Node node, Held held) {
    SourceSide side = held.leaving;
    held.stopAtStepEnd = false;
    if (side != null) {
      held.leaving = null;
      perform(node, side, side.interrupted());
    }
  }

  private void kill(Node node) {
    if (node.alive) {
      node.alive = false;
      node.requests.keySet().forEach(request -> witness.stops(request, node.id));
    }
  }

  // ---- moves

  private void schedule() {
    if (now > LAST_START || !schedulerAlive || !gatewayAlive) {
      return;
    }
    at(0.1 + random.nextDouble() * 0.4, this::schedule);
    Node source = nodes.get(random.nextInt(nodes.size()));
    Node destination = nodes.get(random.nextInt(nodes.size()));
    List<Held> ready =
        source.requests.values().stream()
            .filter(each -> each.leaving == null && !each.stopped && each.kv.length > 0)
            .toList();
    if (source == destination || !source.alive || ready.isEmpty() || source.stalledUntil > now) {
      return;
    }
    Held held = ready.get(random.nextInt(ready.size()));
    var migration = new Migration(held.request, ++attempts, held.epoch, source.id, destination.id);
    var side = new SourceSide(migration, 2, 3, TIMEOUT);
    held.leaving = side;
    source.leaving.put(migration, side);
    witness.attempted();
    perform(source, side, side.begin(held.kv.length, clock(source)));
  }

  private void perform(Node node, SourceSide side, List<SourceSide.Action> actions) {
    Migration migration = side.migration();
    Held held = node.requests.get(migration.request());
    if (held != null && held.leaving != side && held.epoch != migration.epoch()) {
      held = null;
    }
    for (SourceSide.Action action : actions) {
      switch (action) {
        case SourceSide.Action.ToDestination to -> send(to.message(), migration, false);
        case SourceSide.Action.ToGateway to -> send(to.message(), migration, false);
        case SourceSide.Action.Copy copy -> {
          if (held != null) {
            for (int i = copy.from(); i < copy.to(); i++) {
              long sum = Checksum.of(held.kv[i]);
              send(
                  new Message.Block(migration, copy.stage(), i - copy.from(), held.kv[i], sum),
                  migration,
                  false);
            }
          }
        }
        case SourceSide.Action.StopAtStepEnd stop -> {
          if (held != null) {
            held.stopAtStepEnd = true;
          }
        }
        case SourceSide.Action.Resume resume -> {
          if (held != null) {
            held.stopped = false;
            held.epoch = resume.epoch();
            int from = resume.nextToken() < 0 ? held.generated : resume.nextToken();
            retell(node, held, from);
          }
        }
        case SourceSide.Action.Free free -> {
          if (held != null) {
            witness.stops(held.request, node.id);
            node.drop(held);
          }
        }
      }
    }
    if (side.over()) {
      node.leaving.remove(migration);
      if (held != null && held.leaving == side) {
        held.leaving = null;
        held.stopAtStepEnd = false;
      }
      witness.finished(side.state());
    }
  }

  private void perform(Node node, DestinationSide side, List<DestinationSide.Action> actions) {
    Migration migration = side.migration();
    for (DestinationSide.Action action : actions) {
      switch (action) {
        case DestinationSide.Action.ToSource to -> send(to.message(), migration, true);
        case DestinationSide.Action.ToGateway to -> send(to.message(), migration, true);
        case DestinationSide.Action.Release release -> node.free += release.blocks();
        case DestinationSide.Action.Run run -> adopt(node, migration, run);
      }
    }
    if (side.over()) {
      node.received.remove(migration);
    }
  }

  private static RequestState state(Held held) {
    return new RequestState(held.promptTokens + held.generated, held.generated, held.kv.length, "");
  }

  private void adopt(Node node, Migration migration, DestinationSide.Action.Run run) {
    Held asked = this.asked.get(migration.request());
    if (asked == null) {
      throw new IllegalStateException("an unknown request was adopted");
    }
    var held =
        new Held(
            migration.request(),
            asked.promptTokens,
            asked.outputTokens,
            run.epoch(),
            run.request().generated());
    Map<Integer, Long> blocks = node.received.getOrDefault(migration, Map.of());
    node.free += run.spare();
    held.kv = new long[run.request().blocks()];
    for (int i = 0; i < held.kv.length; i++) {
      held.kv[i] = blocks.getOrDefault(i, 0L);
    }
    Held old = node.requests.put(migration.request(), held);
    if (old != null) {
      interrupt(node, old);
      node.free += old.kv.length;
    }
    retell(node, held, run.nextToken());
  }

  /** The new owner tells what was generated before and the client has not seen. */
  private void retell(Node node, Held held, int from) {
    for (int number = from; number < held.generated; number++) {
      tell(node, held.request, held.epoch, number, Held.token(held.request, number));
    }
  }

  // ---- network

  private double delay() {
    return 0.001 + random.nextDouble() * 0.01;
  }

  private void send(Message message, Migration migration, boolean fromDestination) {
    trouble(migration);
    if (random.nextDouble() < plan.drop()) {
      return;
    }
    int copies = random.nextDouble() < plan.duplicate() ? 2 : 1;
    for (int i = 0; i < copies; i++) {
      double delay = delay();
      if (random.nextDouble() < plan.late()) {
        delay += random.nextDouble() * 5;
      }
      at(delay, () -> receive(message, fromDestination));
    }
  }

  private void receive(Message message, boolean fromDestination) {
    Migration migration = message.migration();
    Node source = nodes.get(migration.source());
    Node destination = nodes.get(migration.destination());
    switch (message) {
      case Message.Claim claim -> {
        if (gatewayAlive) {
          Message.Claimed answer = ownership.claim(claim);
          send(answer, migration, false);
        }
      }
      case Message.Ask ask -> {
        if (gatewayAlive) {
          send(ownership.ask(ask), migration, true);
        }
      }
      default -> {
        Node to = fromDestination ? source : destination;
        if (to.alive && to.stalledUntil > now) {
          at(to.stalledUntil - now, () -> receive(message, fromDestination));
        } else if (to.alive && fromDestination) {
          atSource(source, message);
        } else if (to.alive) {
          atDestination(destination, message);
        }
      }
    }
  }

  private void atSource(Node node, Message message) {
    SourceSide side = node.leaving.get(message.migration());
    if (side == null) {
      return;
    }
    Held held = node.requests.get(message.migration().request());
    int blocks = held == null ? 0 : held.kv.length;
    List<SourceSide.Action> actions =
        switch (message) {
          case Message.Reserved answer -> side.on(answer, blocks, clock(node));
          case Message.Copied answer -> side.on(answer, blocks, clock(node));
          case Message.Committed answer -> side.on(answer, clock(node));
          case Message.Owner answer -> side.on(answer);
          default -> List.of();
        };
    perform(node, side, actions);
  }

  private void atDestination(Node node, Message message) {
    Migration migration = message.migration();
    if (message instanceof Message.Reserve reserve && reserve.stage() == 1) {
      node.coming.computeIfAbsent(migration, each -> new DestinationSide(each, EXPIRY));
    }
    DestinationSide side = node.coming.get(migration);
    if (side == null) {
      return;
    }
    switch (message) {
      case Message.Reserve question -> {
        if (question.stage() > 1 && side.state() == DestinationSide.State.WAITING) {
          offsets.put(migration, side.reservedBlocks());
        }
        perform(node, side, side.on(question, node, clock(node)));
        perform(node, side, side.stageWithoutBlocks());
      }
      case Message.Block block -> {
        Message.Block came = block;
        if (random.nextDouble() < plan.corrupt()) {
          came =
              new Message.Block(
                  migration, block.stage(), block.index(), block.content() ^ 4, block.checksum());
        }
        boolean current =
            side.state() == DestinationSide.State.RECEIVING && side.stage() == came.stage();
        if (current) {
          int offset = came.stage() == 1 ? 0 : offsets.getOrDefault(migration, 0);
          node.received
              .computeIfAbsent(migration, each -> new HashMap<>())
              .put(offset + came.index(), came.content());
        }
        perform(node, side, side.on(came, clock(node)));
      }
      case Message.Adopt adopt -> perform(node, side, side.on(adopt, clock(node)));
      case Message.Claimed claimed -> perform(node, side, side.on(claimed));
      case Message.Abort abort -> perform(node, side, side.on(abort));
      default -> {}
    }
  }

  // ---- trouble

  private void trouble(Migration migration) {
    int number = messages++;
    for (FaultPlan.Trouble each : List.copyOf(ahead)) {
      if (each.message() == number) {
        ahead.remove(each);
        at(0, () -> happen(each.kind(), migration));
      }
    }
  }

  private void happen(FaultPlan.Kind kind, Migration migration) {
    Node source = nodes.get(migration.source());
    Node destination = nodes.get(migration.destination());
    Held held = source.requests.get(migration.request());
    witness.happened(kind);
    switch (kind) {
      case KILL_SOURCE -> kill(source);
      case KILL_DESTINATION -> kill(destination);
      case KILL_BOTH -> {
        kill(source);
        kill(destination);
      }
      case KILL_SCHEDULER -> schedulerAlive = false;
      case KILL_GATEWAY -> {
        gatewayAlive = false;
        at(SUSPICION, this::orphans);
      }
      case STALL_SOURCE -> source.stalledUntil = now + random.nextDouble() * 8;
      case STALL_DESTINATION -> destination.stalledUntil = now + random.nextDouble() * 8;
      case CLOCK_JUMP ->
          (random.nextBoolean() ? source : destination).clockOffset +=
              (random.nextDouble() - 0.5) * 40;
      case PREEMPT -> {
        if (held != null) {
          preempt(source, held);
        }
      }
      case FINISH, CANCEL -> cancel(migration.request());
      case FILL_DESTINATION -> {
        int taken = destination.free;
        destination.free = 0;
        at(1 + random.nextDouble() * 2, () -> destination.free += taken);
      }
      case SLOW_READER -> {
        clientDelay = 0.5 + random.nextDouble();
        at(3, () -> clientDelay = 0);
      }
      case NEW_INSTANCE -> addNode();
    }
  }

  /** The connection to the gateway is gone: what it had asked for is nobody's. */
  private void orphans() {
    for (Node node : nodes) {
      for (Held held : List.copyOf(node.requests.values())) {
        fence(node, held.request, Long.MAX_VALUE);
      }
      for (SourceSide side : List.copyOf(node.leaving.values())) {
        perform(node, side, side.cancelled());
      }
      for (DestinationSide side : List.copyOf(node.coming.values())) {
        perform(node, side, side.cancelled());
      }
    }
    witness.gatewayGone(asked.keySet());
  }
}
