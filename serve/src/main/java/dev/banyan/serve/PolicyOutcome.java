package dev.banyan.serve;

import java.util.List;

/**
 * One policy in a comparison.
 *
 * @param pooled over all requests of all seeds
 * @param perSeed in order of the seeds
 * @param prefillSeconds at the shares of {@link Comparison#SHARES}, pooled
 * @param requestSeconds the same for whole requests
 * @param load used share of each instance over time, of the first seed
 * @param loadStepSeconds between two entries of {@code load}
 * @param completedSeconds when each request of the first seed ended, in order of arrival
 * @param spans of the first seed, when asked for
 */
@SuppressWarnings("ArrayRecordComponent") // curves of a report; never compared
public record PolicyOutcome(
    String policy,
    Figures pooled,
    List<Figures> perSeed,
    double[] prefillSeconds,
    double[] requestSeconds,
    List<double[]> load,
    double loadStepSeconds,
    double[] completedSeconds,
    List<Stay> spans) {

  /** A request's stay on an instance, from its arrival there to its end or its move. */
  public record Stay(
      int request, int instance, double fromSeconds, double toSeconds, int generatedTokens) {}
}
