package dev.banyan.serve.process;

import dev.banyan.core.Json;
import dev.banyan.serve.engine.Engine;
import dev.banyan.serve.policy.Move;
import dev.banyan.serve.policy.Policy;
import dev.banyan.serve.protocol.Checksum;
import dev.banyan.serve.protocol.DestinationSide;
import dev.banyan.serve.protocol.Message;
import dev.banyan.serve.protocol.Migration;
import dev.banyan.serve.protocol.RequestState;
import dev.banyan.serve.protocol.SourceSide;
import dev.banyan.serve.wire.Portable;
import dev.banyan.serve.wire.Say;
import dev.banyan.serve.wire.Wire;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Both sides of the moves of one engine: does what the protocol's state machines say, over sockets
 * and on the engine's memory. Used under the engine's lock, by whichever thread holds it, except
 * {@link #room}.
 */
final class Migrations {
  /** A rest of at most so many blocks is sent with the request stopped. */
  private static final int LAST_STAGE_BLOCKS = 2;

  private static final int MOST_STAGES = 6;
  private static final double TIMEOUT_SECONDS = 1;
  private static final double EXPIRY_SECONDS = 5;

  private final int instance;
  private final Engine engine;
  private final Policy policy;
  private final Consumer<Say> gateway;
  private final Dial dial;
  private final Map<Integer, Wire> peers = new HashMap<>();
  private final Map<Long, Leaving> leaving = new HashMap<>();
  private final Map<Migration, Coming> coming = new ConcurrentHashMap<>();

  /** Moves that are over, but a block of theirs is still being read. */
  private final List<Coming> ending = new ArrayList<>();

  /** Connects to another engine. */
  @FunctionalInterface
  interface Dial {
    Wire to(String address) throws IOException;
  }

  private static final class Leaving {
    final SourceSide side;
    final Wire to;
    final double began;
    @Nullable Portable said;
    double stopped;

    Leaving(SourceSide side, Wire to, double began) {
      this.side = side;
      this.to = to;
      this.began = began;
    }
  }

  private static final class Coming {
    final DestinationSide side;
    final Wire from;
    final List<Integer> blocks = new ArrayList<>();
    @Nullable Portable request;

    /** Where the blocks of the present stage begin. */
    private int stageStart;

    private int stage;
    private List<Integer> places = List.of();
    private int reading;
    private boolean closed;

    Coming(DestinationSide side, Wire from) {
      this.side = side;
      this.from = from;
    }

    /** A stage begins: these blocks were set aside so far. */
    synchronized void begin(int next) {
      stageStart = places.size();
      places = List.copyOf(blocks);
      stage = next;
    }

    /** Called by the thread that reads a block: it stays this move's until it was read. */
    synchronized Wire.@Nullable Place room(int ofStage, int index, Engine engine) {
      int at = stageStart + index;
      if (closed || stage != ofStage || index < 0 || at >= places.size()) {
        return null;
      }
      int block = places.get(at);
      ByteBuffer bytes = engine.memory(block);
      reading++;
      return new Wire.Place() {
        @Override
        public ByteBuffer bytes() {
          return bytes;
        }

        @Override
        public void close() {
          engine.prepare(block);
          read();
        }
      };
    }

    private synchronized void read() {
      reading--;
    }

    /** Takes no further block; whether none is being read. */
    synchronized boolean close() {
      closed = true;
      return reading == 0;
    }
  }

  Migrations(int instance, Engine engine, Policy policy, Consumer<Say> gateway, Dial dial) {
    this.instance = instance;
    this.engine = engine;
    this.policy = policy;
    this.gateway = gateway;
    this.dial = dial;
  }

  private static double now() {
    return System.nanoTime() / 1e9;
  }

  /** Whether a request is on its way to or from here. */
  boolean busy() {
    return !leaving.isEmpty() || !coming.isEmpty() || !ending.isEmpty();
  }

  /** An engine that connected says which it is. */
  void peer(int id, Wire wire) {
    peers.put(id, wire);
  }

  // ---- the side that gives

  /** Gives a request away, as the gateway asks. */
  void give(Say.Give give) {
    Move move = move(give);
    if (move == null) {
      nothing(give);
      return;
    }
    int destination = give.destination().id();
    long request = move.request();
    switch (move.kind()) {
      case REQUEUE, REPLAY -> {
        if (leaving.containsKey(request) || !engine.cancel(request)) {
          nothing(give);
        } else {
          gateway.accept(new Say.Given(request, destination));
          nothing(give);
        }
      }
      case LIVE -> begin(give, request, destination);
    }
  }

  private @Nullable Move move(Say.Give give) {
    if (give.request() == 0) {
      return policy.choose(engine.view(false), give.destination()).orElse(null);
    }
    if (!engine.has(give.request()) || leaving.containsKey(give.request())) {
      return null;
    }
    boolean live = engine.decodes(give.request());
    return new Move(give.request(), live ? Move.Kind.LIVE : Move.Kind.REQUEUE);
  }

  private void nothing(Say.Give give) {
    var none = new Migration(give.request(), give.attempt(), 0, instance, give.destination().id());
    gateway.accept(new Say.Moved(none, Say.Ending.NOTHING, 0, 0, 0));
  }

  private void begin(Say.Give give, long request, int destination) {
    if (leaving.containsKey(request) || !engine.decodes(request)) {
      nothing(give);
      return;
    }
    Wire to;
    try {
      to = wire(destination, give.address());
    } catch (IOException e) {
      nothing(give);
      return;
    }
    var migration =
        new Migration(request, give.attempt(), engine.epoch(request), instance, destination);
    var side = new SourceSide(migration, LAST_STAGE_BLOCKS, MOST_STAGES, TIMEOUT_SECONDS);
    var move = new Leaving(side, to, now());
    leaving.put(request, move);
    source(move, side.begin(engine.blocks(request), now()));
  }

  private Wire wire(int id, String address) throws IOException {
    Wire known = peers.get(id);
    if (known == null || known.isClosed()) {
      known = dial.to(address);
      peers.put(id, known);
    }
    return known;
  }

  private void source(Leaving move, List<SourceSide.Action> actions) {
    Migration migration = move.side.migration();
    long request = migration.request();
    for (SourceSide.Action action : actions) {
      switch (action) {
        case SourceSide.Action.ToDestination to -> move.to.say(new Say.Protocol(to.message()));
        case SourceSide.Action.ToGateway to -> gateway.accept(new Say.Protocol(to.message()));
        case SourceSide.Action.Copy copy -> {
          if (move.said == null) {
            move.said = engine.portable(request);
            move.to.say(new Say.Coming(migration, move.said));
          }
          for (int i = copy.from(); i < copy.to(); i++) {
            move.to.sayBlock(migration, copy.stage(), i - copy.from(), engine.block(request, i));
          }
        }
        case SourceSide.Action.StopAtStepEnd stop -> {
          if (!engine.computes(request)) {
            stop(move);
          }
        }
        case SourceSide.Action.Resume resume ->
            engine.resume(request, resume.epoch(), resume.nextToken());
        case SourceSide.Action.Free free -> {
          boolean unused = engine.cancel(request);
        }
      }
    }
    if (move.side.over() && leaving.remove(request, move)) {
      double stopped = move.stopped == 0 ? 0 : now() - move.stopped;
      gateway.accept(
          new Say.Moved(
              migration, ending(move.side), blocks(request), now() - move.began, stopped));
    }
  }

  private static Say.Ending ending(SourceSide side) {
    return switch (side.state()) {
      case GONE -> Say.Ending.GONE;
      case KEPT -> Say.Ending.KEPT;
      case ABORTED -> Say.Ending.ABORTED;
      default -> throw new IllegalStateException(side.state() + " is no end");
    };
  }

  private void stop(Leaving move) {
    long request = move.side.migration().request();
    Portable said = Objects.requireNonNull(move.said, "the first stage goes before the stop");
    engine.hold(request);
    move.stopped = now();
    source(move, move.side.stopped(state(request, said), now()));
  }

  private int blocks(long request) {
    return engine.has(request) ? engine.blocks(request) : 0;
  }

  /** What the destination needs besides what went ahead. */
  private RequestState state(long request, Portable said) {
    Engine.Rest rest = engine.rest(request, said);
    int generated = said.generated().length + rest.generated().length;
    int tokens = said.asked().prompt().length + generated;
    String text = Json.mapper().writeValueAsString(rest);
    return new RequestState(tokens, generated, engine.blocks(request), text);
  }

  // ---- the side that takes

  /** Where the bytes of a block that comes shall lie; called by the thread that reads them. */
  Wire.@Nullable Place room(Migration migration, int stage, int index) {
    Coming move = coming.get(migration);
    return move == null ? null : move.room(stage, index, engine);
  }

  /** What comes, before it comes. */
  void comes(Say.Coming said) {
    Coming move = coming.get(said.migration());
    if (move != null) {
      move.request = said.request();
    }
  }

  /** A block's bytes are where they shall lie. */
  void came(Say.BlockCame block) {
    Coming move = coming.get(block.migration());
    if (move != null) {
      var message =
          new Message.Block(
              block.migration(),
              block.stage(),
              block.index(),
              block.received(),
              Checksum.of(block.sent()));
      destination(move, move.side.on(message, now()));
    }
  }

  private void destination(Coming move, List<DestinationSide.Action> actions) {
    Migration migration = move.side.migration();
    if (move.side.over()) {
      coming.remove(migration);
    }
    for (DestinationSide.Action action : actions) {
      switch (action) {
        case DestinationSide.Action.ToSource to -> move.from.say(new Say.Protocol(to.message()));
        case DestinationSide.Action.ToGateway to -> gateway.accept(new Say.Protocol(to.message()));
        case DestinationSide.Action.Run run -> {
          // every block came, so none is being read: this only refuses what comes again
          boolean unused = move.close();
          // it may come back before the answer to the move by which it left, which would free it
          leaves(migration.request());
          int used = move.blocks.size() - run.spare();
          engine.release(move.blocks.subList(used, move.blocks.size()));
          engine.adopt(
              migration.request(),
              run.epoch(),
              run.nextToken(),
              Objects.requireNonNull(move.request, "claimed without what goes ahead"),
              Json.mapper().readValue(run.request().engineState(), Engine.Rest.class),
              move.blocks.subList(0, used));
        }
        case DestinationSide.Action.Release release -> {
          if (!released(move)) {
            ending.add(move);
          }
        }
      }
    }
  }

  /** Gives back the blocks of a move that is over, unless one of them is still being written. */
  private boolean released(Coming move) {
    if (!move.close()) {
      return false;
    }
    engine.release(move.blocks);
    move.blocks.clear();
    return true;
  }

  private void reserve(Message.Reserve question, Wire from) {
    Coming move =
        coming.computeIfAbsent(
            question.migration(), m -> new Coming(new DestinationSide(m, EXPIRY_SECONDS), from));
    List<DestinationSide.Action> actions =
        move.side.on(
            question,
            (blocks, first) -> {
              Optional<List<Integer>> taken = engine.reserve(blocks, first);
              taken.ifPresent(
                  list -> {
                    move.blocks.addAll(list);
                    move.begin(question.stage());
                  });
              return taken.isPresent();
            },
            now());
    destination(move, actions);
    destination(move, move.side.stageWithoutBlocks());
  }

  // ---- both

  void heard(Message message, Wire from) {
    Migration migration = message.migration();
    Leaving out = leaving.get(migration.request());
    Leaving mine = out != null && out.side.migration().equals(migration) ? out : null;
    Coming in = coming.get(migration);
    switch (message) {
      case Message.Reserve reserve -> reserve(reserve, from);
      case Message.Adopt adopt -> {
        // what went ahead may be lost: then nothing is claimed, and the source asks the gateway
        if (in != null && in.request != null) {
          destination(in, in.side.on(adopt, now()));
        }
      }
      case Message.Claimed claimed -> {
        if (in != null) {
          destination(in, in.side.on(claimed));
        }
      }
      case Message.Abort abort -> {
        if (in != null) {
          destination(in, in.side.on(abort));
        }
      }
      case Message.Reserved reserved -> {
        if (mine != null) {
          source(mine, mine.side.on(reserved, blocks(migration.request()), now()));
        }
      }
      case Message.Copied copied -> {
        if (mine != null) {
          source(mine, mine.side.on(copied, blocks(migration.request()), now()));
        }
      }
      case Message.Committed committed -> {
        if (mine != null) {
          source(mine, mine.side.on(committed, now()));
        }
      }
      case Message.Owner owner -> {
        if (mine != null) {
          source(mine, mine.side.on(owner));
        }
      }
      case Message.Block b -> {}
      case Message.Claim c -> {}
      case Message.Ask a -> {}
    }
  }

  /**
   * After each step and after each choice of one: requests that ended or were preempted, requests
   * that shall stop, and what has waited too long.
   */
  void look() {
    for (Leaving move : List.copyOf(leaving.values())) {
      long request = move.side.migration().request();
      boolean stays = engine.has(request) && (move.side.holdsRequest() || engine.decodes(request));
      if (!stays) {
        source(move, move.side.interrupted());
      } else if (move.side.state() == SourceSide.State.STOPPING && !engine.computes(request)) {
        stop(move);
      }
      source(move, move.side.tick(now()));
    }
    for (Coming move : List.copyOf(coming.values())) {
      destination(move, move.side.tick(now()));
    }
    ending.removeIf(this::released);
  }

  /**
   * A request comes from the gateway. It may be one that a move still holds here, as when the
   * destination took it and died: that move is over, or the gateway's answer to it would free what
   * comes now.
   */
  void submit(Say.Submit asked) {
    cancelled(asked.request());
    engine.submit(asked);
  }

  /** Nobody wants a request any more. */
  void cancelled(long request) {
    leaves(request);
    for (Coming move : List.copyOf(coming.values())) {
      if (move.side.migration().request() == request
          && move.side.state() != DestinationSide.State.CLAIMING) {
        destination(move, move.side.cancelled());
      }
    }
  }

  /** Ends the move by which a request leaves, if there is one. */
  private void leaves(long request) {
    Leaving out = leaving.get(request);
    if (out != null) {
      source(out, out.side.cancelled());
    }
  }

  /** An engine is gone: what its moves hold times out or is settled by the gateway. */
  void gone(Wire wire) {
    peers.values().removeIf(each -> each == wire);
    for (Coming move : List.copyOf(coming.values())) {
      if (move.from == wire && move.side.state() != DestinationSide.State.CLAIMING) {
        destination(move, move.side.cancelled());
      }
    }
    for (Leaving move : List.copyOf(leaving.values())) {
      if (move.to == wire) {
        source(move, move.side.destinationGone(now()));
      }
    }
  }
}
