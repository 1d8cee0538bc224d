package dev.banyan.cluster;

import java.util.function.LongSupplier;
import java.util.regex.Pattern;

/**
 * How to diagnose.
 *
 * @param windowSeconds length of the windows that rates and delays are taken over; 4 by default
 * @param rankPattern finds the rank in a dump's file name, in its first group or as a whole
 * @param threads that read event files
 * @param nanoTime a clock, for how long it took
 */
public record DiagnosisOptions(
    double windowSeconds, Pattern rankPattern, int threads, LongSupplier nanoTime) {
  /** The last number of a name, before endings such as {@code .json}. */
  private static final Pattern RANK_IN_NAME = Pattern.compile("(\\d+)(?:\\.[A-Za-z]+)*$");

  public DiagnosisOptions {
    if (!(windowSeconds > 0 && windowSeconds <= 3600)) {
      throw new IllegalArgumentException(
          "window " + windowSeconds + " s is not above 0 and at most 3600");
    }
    if (threads < 1) {
      throw new IllegalArgumentException("threads " + threads + " is not at least 1");
    }
  }

  /** Windows of four seconds, the last number of a name, a thread for each core. */
  public static DiagnosisOptions standard() {
    return new DiagnosisOptions(
        4, RANK_IN_NAME, Runtime.getRuntime().availableProcessors(), System::nanoTime);
  }

  public DiagnosisOptions withWindowSeconds(double seconds) {
    return new DiagnosisOptions(seconds, rankPattern, threads, nanoTime);
  }

  public DiagnosisOptions withRankPattern(Pattern pattern) {
    return new DiagnosisOptions(windowSeconds, pattern, threads, nanoTime);
  }

  public DiagnosisOptions withThreads(int count) {
    return new DiagnosisOptions(windowSeconds, rankPattern, count, nanoTime);
  }
}
