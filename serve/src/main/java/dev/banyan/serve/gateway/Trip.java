package dev.banyan.serve.gateway;

import java.util.concurrent.atomic.AtomicInteger;

/** What one HTTP request came to, for limits and spans. Times are nanoseconds since 1970. */
final class Trip {
  final long arrived = now();
  volatile long submitted;
  volatile long firstToken;
  volatile String id = "";
  volatile int promptTokens;
  private final AtomicInteger answerTokens = new AtomicInteger();

  int answerTokens() {
    return answerTokens.get();
  }

  void submitted(String as) {
    id = as;
    submitted = now();
  }

  /** One more token of the answer. */
  void token() {
    answerTokens.incrementAndGet();
    if (firstToken == 0) {
      firstToken = now();
    }
  }

  static long now() {
    var now = java.time.Instant.now();
    return now.getEpochSecond() * 1_000_000_000 + now.getNano();
  }
}
