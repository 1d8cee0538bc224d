package dev.banyan.serve;

/**
 * What became of one request. Times count from its scheduled arrival.
 *
 * @param request its number
 * @param arrivalSeconds when it was to be sent, since the test began
 * @param lateSeconds how much later it was sent: the generator's own fault
 * @param firstSeconds until its first text; NaN when none came
 * @param tokenSeconds per token after the first; NaN below two tokens
 * @param seconds until its end
 * @param outputTokens as the server counts them, or pieces of text where it does not
 * @param failure empty when it was answered in full, otherwise the kind, such as {@code HTTP 429}
 * @param reason what the server or the connection said
 */
public record LoadAnswer(
    int request,
    double arrivalSeconds,
    double lateSeconds,
    double firstSeconds,
    double tokenSeconds,
    double seconds,
    int promptTokens,
    int outputTokens,
    String text,
    String failure,
    String reason) {
  /** {@link #failure} of a request that ran when the test was stopped. */
  public static final String STOPPED = "stopped";

  /**
   * One that was open when the test was stopped.
   *
   * @param endSeconds when that was, since the test began
   */
  public static LoadAnswer stopped(int request, double arrivalSeconds, double endSeconds) {
    double open = Math.max(0, endSeconds - arrivalSeconds);
    return new LoadAnswer(
        request, arrivalSeconds, 0, Double.NaN, Double.NaN, open, 0, 0, "", STOPPED, "");
  }

  /** Whether it was answered in full. */
  public boolean answered() {
    return failure.isEmpty();
  }

  /** Whether it failed; one that was merely not waited for did not. */
  public boolean failed() {
    return !answered() && !failure.equals(STOPPED);
  }
}
