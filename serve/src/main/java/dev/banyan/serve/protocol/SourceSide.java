package dev.banyan.serve.protocol;

import java.util.List;
import java.util.Optional;

/**
 * The side that gives a request away, as a state machine: it is told what happened, changes its
 * state and says what to do. The request decodes on until room for the last stage is granted, with
 * a block to grow into; then it stops at the end of a step, and its last blocks and the request
 * itself leave together. From then on it may go on here only when the gateway says who owns it.
 * Messages that do not fit the state are ignored. Not thread-safe.
 *
 * <pre>
 * RESERVING → COPYING → (next stage) … → RESERVING_LAST → STOPPING → COMMITTING
 *     any before COMMITTING → ABORTED;  COMMITTING → GONE | ASKING → GONE | KEPT
 *     outgrown: RESERVING_LAST → COPYING, STOPPING → KEPT
 * </pre>
 */
public final class SourceSide {
  /** Where it stands. */
  public enum State {
    RESERVING,
    COPYING,
    /** Asks for room for what is left, while the request decodes on. */
    RESERVING_LAST,
    /** Waits for the end of a step, at which the request leaves the batch. */
    STOPPING,
    /** The request is on its way. */
    COMMITTING,
    ASKING,
    /** The destination owns it; everything here was given back. */
    GONE,
    /** It stays here and decodes on, under {@link Action.Resume}'s epoch. */
    KEPT,
    /** The move ended and the request never stopped here, or ended here. */
    ABORTED
  }

  /** What the caller does next, in order. */
  public sealed interface Action {
    /** Send to the destination. */
    record ToDestination(Message message) implements Action {}

    /** Send to the gateway. */
    record ToGateway(Message message) implements Action {}

    /** Copy blocks {@code from} (inclusive) to {@code to} (exclusive) as this stage. */
    record Copy(int stage, int from, int to) implements Action {}

    /** Take the request out of the batch at the end of the present step, then {@link #stopped}. */
    record StopAtStepEnd() implements Action {}

    /**
     * Put it back into the batch; its tokens carry this epoch. Tokens from {@code nextToken} on
     * that were generated before are told again; -1 when none need be.
     */
    record Resume(long epoch, int nextToken) implements Action {}

    /** Give its memory back: it is no longer here. */
    record Free() implements Action {}
  }

  private final Migration migration;
  private final int lastStageBlocks;
  private final int mostStages;
  private final double timeoutSeconds;
  private State state = State.RESERVING;
  private int stage = 1;
  private int sentBlocks;
  private int stageBlocks;
  private double deadline;

  /**
   * @param lastStageBlocks a rest of at most this many blocks is sent with the request stopped
   * @param mostStages the last stage comes at the latest after this many, unless the request grew
   *     out of the room for it while that was asked for
   * @param timeoutSeconds for an answer before the move is given up
   */
  public SourceSide(
      Migration migration, int lastStageBlocks, int mostStages, double timeoutSeconds) {
    this.migration = migration;
    this.lastStageBlocks = lastStageBlocks;
    this.mostStages = mostStages;
    this.timeoutSeconds = timeoutSeconds;
  }

  public State state() {
    return state;
  }

  public Migration migration() {
    return migration;
  }

  /** Whether nothing more will happen. */
  public boolean over() {
    return state == State.GONE || state == State.KEPT || state == State.ABORTED;
  }

  /** Whether the request is in no batch. */
  public boolean holdsRequest() {
    return state == State.COMMITTING || state == State.ASKING;
  }

  /** Begins, with {@code blocks} in use by the request: all but the newest are copied first. */
  public List<Action> begin(int blocks, double now) {
    return reserve(State.RESERVING, Math.max(0, blocks - 1), now);
  }

  /** The request ended or was preempted here. */
  public List<Action> interrupted() {
    return over() || holdsRequest() ? List.of() : giveUp();
  }

  /** The client went away while the request was stopped, or at any other time. */
  public List<Action> cancelled() {
    if (over()) {
      return List.of();
    }
    boolean held = holdsRequest();
    state = State.ABORTED;
    var abort = new Action.ToDestination(new Message.Abort(migration));
    return held ? List.of(abort, new Action.Free()) : List.of(abort);
  }

  /**
   * The destination answered a reservation.
   *
   * @param blocks in use by the request now
   */
  public List<Action> on(Message.Reserved answer, int blocks, double now) {
    boolean asked = state == State.RESERVING || state == State.RESERVING_LAST;
    if (!asked || !answer.migration().equals(migration) || answer.stage() != stage) {
      return List.of();
    }
    if (!answer.granted()) {
      state = State.ABORTED;
      return List.of();
    }
    if (state == State.RESERVING_LAST && blocks - sentBlocks <= stageBlocks) {
      state = State.STOPPING;
      deadline = Double.POSITIVE_INFINITY;
      return List.of(new Action.StopAtStepEnd());
    }
    state = State.COPYING;
    deadline = now + timeoutSeconds;
    return List.of(new Action.Copy(stage, sentBlocks, sentBlocks + stageBlocks));
  }

  /**
   * The destination has the blocks of a stage, or found one of them damaged.
   *
   * @param blocks in use by the request now
   */
  public List<Action> on(Message.Copied answer, int blocks, double now) {
    if (!answer.migration().equals(migration) || answer.stage() != stage) {
      return List.of();
    }
    if (state == State.COMMITTING && !answer.intact()) {
      return ask(now);
    }
    if (state != State.COPYING) {
      return List.of();
    }
    if (!answer.intact() || stage > 2 * mostStages) {
      return giveUp();
    }
    sentBlocks += stageBlocks;
    stage++;
    int left = blocks - sentBlocks;
    return left <= lastStageBlocks || stage >= mostStages
        ? reserve(State.RESERVING_LAST, left + 1, now)
        : reserve(State.RESERVING, left - 1, now);
  }

  /** The step ended and the request is out of the batch, in this state. */
  public List<Action> stopped(RequestState request, double now) {
    if (state != State.STOPPING) {
      return List.of();
    }
    if (request.blocks() - sentBlocks > stageBlocks) {
      // It grew out of the room with its very last step.
      state = State.KEPT;
      return List.of(
          new Action.ToDestination(new Message.Abort(migration)),
          new Action.Resume(migration.epoch(), -1));
    }
    state = State.COMMITTING;
    deadline = now + timeoutSeconds;
    return List.of(
        new Action.Copy(stage, sentBlocks, request.blocks()),
        new Action.ToDestination(new Message.Adopt(migration, request)));
  }

  /** The destination says how the commit ended; a refusal is checked with the gateway too. */
  public List<Action> on(Message.Committed answer, double now) {
    boolean waits = state == State.COMMITTING || state == State.ASKING;
    if (!waits || !answer.migration().equals(migration)) {
      return List.of();
    }
    if (answer.adopted()) {
      state = State.GONE;
      return List.of(new Action.Free());
    }
    return state == State.ASKING ? List.of() : ask(now);
  }

  /** The gateway says who owns the request. */
  public List<Action> on(Message.Owner answer) {
    if (state != State.ASKING || !answer.migration().equals(migration)) {
      return List.of();
    }
    if (!answer.source()) {
      state = State.GONE;
      return List.of(new Action.Free());
    }
    state = State.KEPT;
    return List.of(
        new Action.ToDestination(new Message.Abort(migration)),
        new Action.Resume(answer.epoch(), answer.nextToken()));
  }

  /** The destination is gone: nothing is waited for but the gateway's word on a commit. */
  public List<Action> destinationGone(double now) {
    return over() ? List.of() : (holdsRequest() ? ask(now) : giveUp());
  }

  /** Time passed. */
  public List<Action> tick(double now) {
    if (over() || now < deadline) {
      return List.of();
    }
    return switch (state) {
      // Whether the commit happened only the gateway knows: never resume on a guess.
      case COMMITTING, ASKING -> ask(now);
      default -> giveUp();
    };
  }

  /** When {@link #tick} has something to do; empty when nothing is waited for. */
  public Optional<Double> deadline() {
    return over() || Double.isInfinite(deadline) ? Optional.empty() : Optional.of(deadline);
  }

  private List<Action> reserve(State next, int blocks, double now) {
    state = next;
    stageBlocks = blocks;
    deadline = now + timeoutSeconds;
    return List.of(new Action.ToDestination(new Message.Reserve(migration, stage, blocks)));
  }

  private List<Action> ask(double now) {
    state = State.ASKING;
    deadline = now + timeoutSeconds;
    return List.of(new Action.ToGateway(new Message.Ask(migration)));
  }

  /** The request never stopped here. */
  private List<Action> giveUp() {
    state = State.ABORTED;
    return List.of(new Action.ToDestination(new Message.Abort(migration)));
  }
}
