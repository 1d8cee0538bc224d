package dev.banyan.serve.http;

import java.time.Duration;

/**
 * How long a server waits for a client.
 *
 * @param begin until a request begins, with all that comes before it
 * @param write until a client takes some of what is written to it
 */
record Patience(Duration begin, Duration write) {
  static final Patience USUAL = new Patience(Duration.ofSeconds(75), Duration.ofSeconds(60));

  private static final long MOST_BETWEEN_NANOS = Duration.ofSeconds(1).toNanos();

  /** How often it is looked whether one was waited for too long. */
  long nanosBetweenLooks() {
    return Math.min(MOST_BETWEEN_NANOS, Math.min(begin.toNanos(), write.toNanos()) / 2);
  }
}
