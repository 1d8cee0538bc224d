package dev.banyan.cluster.read;

import dev.banyan.cluster.CollectiveOp;

/**
 * An operation as one rank recorded it.
 *
 * @param seq its number in the group: collectives and point-to-point operations count apart
 * @param op what it is
 * @param name as the recorder wrote it
 * @param peer for point-to-point: the peer's place in the group, else −1
 * @param sizes shapes and types of inputs and outputs, as text
 * @param state how far it came
 * @param createdNanos wall clock when it was enqueued, 0 when unknown
 * @param seconds it took, NaN when unknown
 * @param timeoutSeconds after which the library gives up, 0 when unknown
 * @param where it was called from, or empty
 */
public record OpRecord(
    long seq,
    CollectiveOp op,
    String name,
    int peer,
    String sizes,
    State state,
    long createdNanos,
    double seconds,
    double timeoutSeconds,
    String where) {

  /** How far an operation came. {@code UNKNOWN}: recorded, and its end is never told (Gloo). */
  public enum State {
    SCHEDULED,
    STARTED,
    COMPLETED,
    UNKNOWN
  }

  public boolean pointToPoint() {
    return op == CollectiveOp.SEND || op == CollectiveOp.RECV;
  }

  /** Whether the recorder says that it has not ended. */
  public boolean open() {
    return state == State.SCHEDULED || state == State.STARTED;
  }
}
