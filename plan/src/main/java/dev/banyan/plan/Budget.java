package dev.banyan.plan;

import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

/**
 * How much may be tried. The unit is a node: one buffer tried at one place. A budget of nodes alone
 * gives the same result on every machine; a deadline, asked every few nodes, does not, and {@link
 * Layout#endedByDeadline()} says when it was what ended a search. One budget is spent by one call
 * at a time.
 */
public final class Budget {
  private static final int NODES_PER_LOOK = 64;

  private final long nodes;
  private final BooleanSupplier past;
  private final LongSupplier nanoTime;
  private final long startNanos;
  private long spent;
  private long nextLook;
  private boolean late;

  private Budget(long nodes, BooleanSupplier past, LongSupplier nanoTime) {
    if (nodes < 0) {
      throw new IllegalArgumentException("nodes = " + nodes + ", must not be negative");
    }
    this.nodes = nodes;
    this.past = past;
    this.nanoTime = nanoTime;
    this.startNanos = nanoTime.getAsLong();
  }

  /** So many nodes; the result depends on nothing else. */
  public static Budget nodes(long nodes) {
    return new Budget(nodes, () -> false, () -> 0);
  }

  /** So many nodes, fewer if {@code past} becomes true: a deadline, or the wish to cancel. */
  public static Budget nodes(long nodes, BooleanSupplier past) {
    return new Budget(nodes, past, () -> 0);
  }

  /**
   * So many seconds of a clock, counted from now.
   *
   * @param nanoTime the clock, for example {@code System::nanoTime}
   */
  public static Budget seconds(double seconds, LongSupplier nanoTime) {
    if (!(seconds >= 0)) {
      throw new IllegalArgumentException("seconds = " + seconds + ", must not be negative");
    }
    long start = nanoTime.getAsLong();
    return new Budget(Long.MAX_VALUE, () -> nanoTime.getAsLong() - start > seconds * 1e9, nanoTime);
  }

  /** Spends one node; false when nothing is left. */
  public boolean spend() {
    spent++;
    return !over();
  }

  /** Whether nothing is left. */
  public boolean over() {
    if (!late && spent >= nextLook) {
      nextLook = spent + NODES_PER_LOOK;
      late = past.getAsBoolean();
    }
    return late || spent >= nodes;
  }

  /** Nodes spent so far. */
  public long spentNodes() {
    return spent;
  }

  /** Whether the deadline, not the nodes, ended it. */
  public boolean endedByDeadline() {
    return late;
  }

  /** Seconds since the beginning by the clock it was given; 0 without one. */
  public double seconds() {
    return (nanoTime.getAsLong() - startNanos) / 1e9;
  }
}
