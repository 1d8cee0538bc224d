package dev.banyan.serve.protocol;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;

/**
 * The side that takes a request, as a state machine. What it sets aside expires unless the source
 * goes on; it runs the request only after the gateway made it the owner. Not thread-safe.
 *
 * <pre>
 * WAITING ⇄ RECEIVING, either → CLAIMING → OWNING;  WAITING, RECEIVING → RELEASED;  CLAIMING → REFUSED
 * </pre>
 */
public final class DestinationSide {
  /** Where it stands. */
  public enum State {
    WAITING,
    RECEIVING,
    CLAIMING,
    /** The request is ours and runs here. */
    OWNING,
    /** The gateway said no. */
    REFUSED,
    /** The source gave up, a reservation was refused, or it expired. */
    RELEASED
  }

  /** What the caller does next, in order. */
  public sealed interface Action {
    /** Send to the source. */
    record ToSource(Message message) implements Action {}

    /** Send to the gateway. */
    record ToGateway(Message message) implements Action {}

    /**
     * Put the request into the batch with the blocks set aside; its tokens carry this epoch. Those
     * from {@code nextToken} on that were generated before are told again. The last {@code spare}
     * blocks were for a growth that did not come: give them back.
     */
    record Run(RequestState request, long epoch, int nextToken, int spare) implements Action {}

    /** Give back all blocks set aside for it. */
    record Release(int blocks) implements Action {}
  }

  /** Sets blocks aside; false when there are not enough. */
  @FunctionalInterface
  public interface Memory {
    boolean reserve(int blocks, boolean first);
  }

  private final Migration migration;
  private final double expirySeconds;
  private State state = State.WAITING;
  private int reservedBlocks;
  private int stage;
  private int stageBlocks;
  private BitSet arrived = new BitSet();
  private boolean intact = true;
  private Optional<RequestState> request = Optional.empty();
  private double deadline;

  /**
   * @param expirySeconds after which a reservation nobody follows up is given back
   */
  public DestinationSide(Migration migration, double expirySeconds) {
    this.migration = migration;
    this.expirySeconds = expirySeconds;
  }

  public State state() {
    return state;
  }

  public Migration migration() {
    return migration;
  }

  /** Blocks set aside here and not yet given back or put to use. */
  public int reservedBlocks() {
    return reservedBlocks;
  }

  /** The stage that was granted last, 0 before the first. */
  public int stage() {
    return stage;
  }

  /** Whether nothing more will happen. */
  public boolean over() {
    return state == State.OWNING || state == State.REFUSED || state == State.RELEASED;
  }

  /** The source asks for room. A repeated question gets the same answer. */
  public List<Action> on(Message.Reserve question, Memory memory, double now) {
    if (!question.migration().equals(migration)) {
      return List.of();
    }
    if (over()) {
      return List.of(new Action.ToSource(new Message.Reserved(migration, question.stage(), false)));
    }
    if (state != State.WAITING || question.stage() != stage + 1) {
      boolean repeated = state == State.RECEIVING && question.stage() == stage;
      return repeated ? List.of(reserved(stage, true)) : List.of();
    }
    if (!memory.reserve(question.blocks(), question.stage() == 1)) {
      var no = reserved(question.stage(), false);
      return reservedBlocks == 0 ? close(State.RELEASED, no) : release(State.RELEASED, no);
    }
    reservedBlocks += question.blocks();
    stage = question.stage();
    stageBlocks = question.blocks();
    arrived = new BitSet(stageBlocks);
    intact = true;
    deadline = now + expirySeconds;
    state = State.RECEIVING;
    return List.of(reserved(stage, true));
  }

  /** A block came; when it was the last of its stage, or of the request, that is acted on. */
  public List<Action> on(Message.Block block, double now) {
    boolean expected =
        state == State.RECEIVING && block.migration().equals(migration) && block.stage() == stage;
    if (!expected || block.index() < 0 || block.index() >= stageBlocks) {
      return List.of();
    }
    intact &= Checksum.of(block.content()) == block.checksum();
    arrived.set(block.index());
    deadline = now + expirySeconds;
    if (request.isPresent()) {
      return claimWhenWhole(request.get());
    }
    return arrived.cardinality() < stageBlocks ? List.of() : stageDone();
  }

  /** A stage without blocks is done at once. */
  public List<Action> stageWithoutBlocks() {
    return state == State.RECEIVING && stageBlocks == 0 ? stageDone() : List.of();
  }

  /** The request itself came: claimed as soon as all its blocks are here. */
  public List<Action> on(Message.Adopt adopt, double now) {
    boolean open = (state == State.WAITING && intact) || state == State.RECEIVING;
    boolean expected = open && stage > 0 && request.isEmpty();
    if (!expected
        || !adopt.migration().equals(migration)
        || adopt.state().blocks() > reservedBlocks) {
      return List.of();
    }
    request = Optional.of(adopt.state());
    deadline = now + expirySeconds;
    return claimWhenWhole(adopt.state());
  }

  /** The gateway answered. */
  public List<Action> on(Message.Claimed answer) {
    if (state != State.CLAIMING || !answer.migration().equals(migration)) {
      return List.of();
    }
    if (!answer.granted()) {
      return release(State.REFUSED, new Action.ToSource(new Message.Committed(migration, false)));
    }
    RequestState ours = request.orElseThrow();
    int spare = reservedBlocks - ours.blocks();
    state = State.OWNING;
    reservedBlocks = 0;
    return List.of(
        new Action.Run(ours, answer.epoch(), answer.nextToken(), spare),
        new Action.ToSource(new Message.Committed(migration, true)));
  }

  /** The source gave up. After a claim only the gateway's answer counts. */
  public List<Action> on(Message.Abort abort) {
    boolean open = state == State.WAITING || state == State.RECEIVING;
    return open && abort.migration().equals(migration) ? release(State.RELEASED) : List.of();
  }

  /** The gateway of the request is gone, or this instance stops. */
  public List<Action> cancelled() {
    return over() ? List.of() : release(State.RELEASED);
  }

  /** Time passed: reservations expire, claims are repeated. */
  public List<Action> tick(double now) {
    if (over() || now < deadline) {
      return List.of();
    }
    if (state == State.CLAIMING) {
      deadline = now + expirySeconds;
      return List.of(claim());
    }
    return release(State.RELEASED);
  }

  /** When {@link #tick} has something to do. */
  public Optional<Double> deadline() {
    return over() || stage == 0 ? Optional.empty() : Optional.of(deadline);
  }

  /** The stages before the present one are here whole; of it, as many as the request has. */
  private List<Action> claimWhenWhole(RequestState whole) {
    int needed = whole.blocks() - (reservedBlocks - stageBlocks);
    if (arrived.nextClearBit(0) < needed) {
      return List.of();
    }
    if (!intact) {
      request = Optional.empty();
      return stageDone();
    }
    state = State.CLAIMING;
    return List.of(claim());
  }

  private List<Action> stageDone() {
    state = State.WAITING;
    return List.of(new Action.ToSource(new Message.Copied(migration, stage, intact)));
  }

  private Action claim() {
    return new Action.ToGateway(new Message.Claim(migration, migration.destination()));
  }

  private Action reserved(int ofStage, boolean granted) {
    return new Action.ToSource(new Message.Reserved(migration, ofStage, granted));
  }

  private List<Action> release(State end, Action... further) {
    int blocks = reservedBlocks;
    reservedBlocks = 0;
    state = end;
    var actions = new ArrayList<Action>(List.of(further));
    actions.add(new Action.Release(blocks));
    return List.copyOf(actions);
  }

  private List<Action> close(State end, Action only) {
    state = end;
    return List.of(only);
  }
}
