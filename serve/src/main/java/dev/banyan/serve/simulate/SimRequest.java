package dev.banyan.serve.simulate;

import dev.banyan.serve.TraceRequest;
import dev.banyan.serve.policy.PriorityClass;
import dev.banyan.serve.policy.RequestView;

/** A request on its way through the simulated cluster. */
final class SimRequest {
  enum State {
    WAITING,
    RUNNING,
    /** In the last stage of a move: in no batch. */
    STOPPED,
    DONE,
    ABORTED
  }

  final int id;
  final TraceRequest trace;

  /** As engines and policies see it. */
  final PriorityClass priority;

  State state = State.WAITING;
  int generated;

  /** Blocks only this request holds; 0 while it waits. */
  int ownBlocks;

  /** Tokens of its prompt that are computed while it is prefilled in chunks. */
  int prefilled;

  /** Tokens of it that the present step computes, of an engine that prefills in chunks. */
  int inStep;

  /** Leading prefix pieces it holds together with others. */
  int sharedPieces;

  int moves;
  int preemptions;

  /** When it last lost its KV memory, NaN when it holds it or never had it. */
  double lostAt = Double.NaN;

  double lostSeconds;
  double stoppedSeconds;
  double firstTokenAt = Double.NaN;
  double finishedAt = Double.NaN;
  double waitingSince;
  double settledAt;
  boolean moving;

  SimRequest(int id, TraceRequest trace, boolean oneClass) {
    this.id = id;
    this.priority = oneClass ? PriorityClass.NORMAL : trace.priority();
    this.trace = trace;
    this.waitingSince = trace.arrivalSeconds();
  }

  /** Tokens whose keys and values it needs before it can decode on. */
  int tokens() {
    return trace.promptTokens() + generated;
  }

  int blocks(int blockTokens) {
    return (tokens() + blockTokens - 1) / blockTokens;
  }

  PriorityClass priority() {
    return priority;
  }

  boolean ended() {
    return state == State.DONE || state == State.ABORTED;
  }

  RequestView view(int blockTokens, double now) {
    int blocks = blocks(blockTokens);
    boolean here = state == State.RUNNING;
    return new RequestView(
        id,
        priority(),
        blocks,
        here ? ownBlocks : blocks,
        tokens(),
        generated,
        moves,
        here,
        now - settledAt);
  }
}
