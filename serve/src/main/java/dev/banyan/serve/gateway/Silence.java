package dev.banyan.serve.gateway;

import dev.banyan.serve.process.ProcessState;

/**
 * When an instance that says nothing counts as lost. Silence is counted in the time somebody
 * listened: a watcher that comes late by seconds was kept from its work, as those who read were, so
 * what instances said meanwhile may lie unread. Pure: clocks and states are handed in.
 */
final class Silence {
  /** The watcher's pace. */
  static final long TICK_NANOS = 250_000_000L;

  /** An instance says that it lives every 0.3 s. */
  static final long LOST_NANOS = 1_500_000_000L;

  /**
   * A process that the kernel calls alive is slow, as all is on a busy machine, before it hangs.
   */
  static final long HUNG_NANOS = 10_000_000_000L;

  private long looked;
  private volatile long listened;

  /**
   * @param now any clock in nanoseconds
   */
  Silence(long now) {
    looked = now;
  }

  /** The watcher looks again, on time or late; one thread does. */
  void look(long now) {
    long passed = listened + Math.min(now - looked, 2 * TICK_NANOS);
    listened = passed;
    looked = now;
  }

  /** Nanoseconds that somebody listened: what a saying is stamped with. */
  long listened() {
    return listened;
  }

  /** Whether an instance is silent for so long that it matters what its process does. */
  boolean isSuspect(long heard) {
    return listened - heard > LOST_NANOS;
  }

  /**
   * Whether its requests are to go on elsewhere.
   *
   * @param heard stamp of what it said last
   */
  boolean isLost(long heard, ProcessState state) {
    long most = state == ProcessState.RUNS ? HUNG_NANOS : LOST_NANOS;
    return listened - heard > most;
  }
}
