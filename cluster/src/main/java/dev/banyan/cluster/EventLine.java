package dev.banyan.cluster;

import java.util.List;

/**
 * One line of the telemetry that Banyan's own collectives leave behind, as JSON or binary. A file
 * begins with a {@link Hello}; a {@link Group} stands before the first event of its communicator.
 * Times are nanoseconds of the host's monotonic clock.
 */
public sealed interface EventLine {

  /**
   * Who writes this file.
   *
   * @param host label of the machine; ranks of one label share a clock
   * @param rank global rank, −1 for an agent or supervisor that speaks about others
   * @param pid process id
   * @param world how many ranks the job has
   * @param tNanos monotonic clock now
   * @param wallNanos wall clock now, since 1970
   */
  record Hello(String host, int rank, long pid, int world, long tNanos, long wallNanos)
      implements EventLine {
    public Hello {
      if (rank < -1 || world < 0) {
        throw new IllegalArgumentException("hello of rank " + rank + " in a world of " + world);
      }
    }
  }

  /**
   * The members of a communicator.
   *
   * @param comm its name; together with the members it is the communicator's identity
   * @param ranks global ranks, in ring order
   */
  record Group(String comm, List<Integer> ranks) implements EventLine {
    public Group {
      ranks = List.copyOf(ranks);
    }
  }

  /**
   * Something happened in an operation.
   *
   * @param tNanos when
   * @param rank who saw it
   * @param comm communicator
   * @param seq operation's number in its communicator, from 0
   * @param op what operation
   * @param algo {@code ring}, {@code pairwise}, … or empty
   * @param bytes of the operation for {@code enter} and {@code leave}, of the transfer otherwise
   * @param channel number of the channel, 0 where there is one
   * @param peer global rank at the other end; −1 for {@code enter} and {@code leave}
   * @param dir direction seen from {@code rank}; {@code NONE} for {@code enter} and {@code leave}
   * @param ev what happened: {@code ENTER}, {@code LEAVE}, {@code POST}, {@code FIRST}, {@code
   *     LAST}, {@code CREDIT} or {@code SENT}
   */
  record Event(
      long tNanos,
      int rank,
      String comm,
      long seq,
      CollectiveOp op,
      String algo,
      long bytes,
      int channel,
      int peer,
      Direction dir,
      EventKind ev)
      implements EventLine {}

  /** The rank lives, and is in this training step. */
  record Heartbeat(long tNanos, int rank, long step) implements EventLine {}

  /**
   * Proof that a rank's process has ended, by whoever saw it.
   *
   * @param proof in words: {@code pid 4711 is gone}, {@code stream reset}
   */
  record Gone(long tNanos, int rank, String proof) implements EventLine {}

  /**
   * What the kernel says of a rank's process.
   *
   * @param state the letter of {@code /proc/<pid>/stat}: R, S, D, T, Z
   * @param wchan where it waits in the kernel, or empty
   */
  record Stat(long tNanos, int rank, String state, String wchan) implements EventLine {}

  /** Direction of a transfer, seen from the rank that writes the line. */
  enum Direction {
    NONE,
    TX,
    RX
  }
}
