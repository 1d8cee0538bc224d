package dev.banyan.serve.http;

import java.util.concurrent.atomic.AtomicInteger;

/** What one HTTP request came to, for limits and spans. Times are nanoseconds since 1970. */
public final class Trip {
  final long arrived = now();
  volatile long submitted;
  volatile long firstToken;
  volatile String id = "";
  private volatile int promptTokens;
  private final AtomicInteger answerTokens = new AtomicInteger();

  /** Tokens of all prompts. */
  public int promptTokens() {
    return promptTokens;
  }

  /** So many tokens were in its prompts. */
  public void prompted(int tokens) {
    promptTokens = tokens;
  }

  /** Tokens of all answers. */
  public int answerTokens() {
    return answerTokens.get();
  }

  /** It went to an engine. */
  public void submitted() {
    submitted = now();
  }

  /** Its answer has this id. */
  public void named(String as) {
    id = as;
  }

  /** One more token of the answer. */
  public void token() {
    tokens(1);
  }

  /** More tokens of the answer, if any. */
  public void tokens(int count) {
    counted(count);
    if (count > 0 && firstToken == 0) {
      firstToken = now();
    }
  }

  /** So many tokens came whole, when was not seen. */
  public void counted(int count) {
    answerTokens.addAndGet(count);
  }

  static long now() {
    var now = java.time.Instant.now();
    return now.getEpochSecond() * 1_000_000_000 + now.getNano();
  }
}
