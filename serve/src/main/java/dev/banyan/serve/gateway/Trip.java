package dev.banyan.serve.gateway;

/** What one HTTP request came to, for limits and spans. Times are nanoseconds since 1970. */
final class Trip {
  final long arrived = now();
  volatile long submitted;
  volatile long firstToken;
  volatile String id = "";
  volatile int promptTokens;
  volatile int answerTokens;

  void submitted(String as) {
    id = as;
    submitted = now();
  }

  void token() {
    if (firstToken == 0) {
      firstToken = now();
    }
  }

  static long now() {
    var now = java.time.Instant.now();
    return now.getEpochSecond() * 1_000_000_000 + now.getNano();
  }
}
