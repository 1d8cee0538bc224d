package dev.banyan.serve.gateway;

import java.time.Duration;

/**
 * How long an engine that died is missed before another takes its place: not at all at first, then
 * twice as long each time, so that engines that cannot live leave the machine alone. After ten
 * quiet minutes it begins anew. Pure: clocks are handed in.
 */
final class Replacements {
  static final Duration FIRST = Duration.ofSeconds(1);
  static final Duration LONGEST = Duration.ofMinutes(1);
  static final Duration QUIET = Duration.ofMinutes(10);

  private int tries;
  private long last;

  /**
   * The pause before the next try, which this counts.
   *
   * @param nanos any clock
   */
  Duration pause(long nanos) {
    if (tries > 0 && nanos - last > QUIET.toNanos()) {
      tries = 0;
    }
    last = nanos;
    int doublings = Math.min(tries++, 16) - 1;
    if (doublings < 0) {
      return Duration.ZERO;
    }
    Duration pause = FIRST.multipliedBy(1L << doublings);
    return pause.compareTo(LONGEST) < 0 ? pause : LONGEST;
  }
}
