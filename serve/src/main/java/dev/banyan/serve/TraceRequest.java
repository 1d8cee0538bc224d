package dev.banyan.serve;

import dev.banyan.serve.policy.PriorityClass;

/**
 * One request of a trace.
 *
 * @param arrivalSeconds since the trace began
 * @param promptTokens tokens to prefill
 * @param outputTokens tokens it will generate, the first of them by its prefill
 * @param prefix ids of the leading pieces of the prompt, equal when their text is equal
 * @param prefixTokens tokens per piece; 0 when the trace does not say
 */
@SuppressWarnings("ArrayRecordComponent") // read-only, thousands of them; never compared
public record TraceRequest(
    double arrivalSeconds,
    int promptTokens,
    int outputTokens,
    PriorityClass priority,
    int[] prefix,
    int prefixTokens) {
  private static final int[] NO_PREFIX = {};

  public TraceRequest {
    if (!(arrivalSeconds >= 0) || promptTokens < 1 || outputTokens < 1) {
      throw new IllegalArgumentException(
          "a request at %s s with %d prompt and %d output tokens"
              .formatted(arrivalSeconds, promptTokens, outputTokens));
    }
  }

  /** A request of the normal class that shares nothing. */
  public static TraceRequest of(double arrivalSeconds, int promptTokens, int outputTokens) {
    return new TraceRequest(
        arrivalSeconds, promptTokens, outputTokens, PriorityClass.NORMAL, NO_PREFIX, 0);
  }

  /** The same with another arrival. */
  public TraceRequest at(double seconds) {
    return new TraceRequest(seconds, promptTokens, outputTokens, priority, prefix, prefixTokens);
  }

  /** The same in another class. */
  public TraceRequest in(PriorityClass other) {
    return new TraceRequest(
        arrivalSeconds, promptTokens, outputTokens, other, prefix, prefixTokens);
  }

  /** The same with lengths cut to these. */
  public TraceRequest capped(int mostPrompt, int mostOutput) {
    return new TraceRequest(
        arrivalSeconds,
        Math.min(promptTokens, mostPrompt),
        Math.min(outputTokens, mostOutput),
        priority,
        prefix,
        prefixTokens);
  }
}
