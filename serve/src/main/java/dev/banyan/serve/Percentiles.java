package dev.banyan.serve;

import java.util.Arrays;

/** Nearest-rank percentiles in the unit of the values; NaN of nothing. */
public record Percentiles(double p50, double p90, double p99, double most) {
  /** Of the values that are numbers. */
  public static Percentiles of(double[] values) {
    double[] sorted =
        Arrays.stream(values).filter(value -> !Double.isNaN(value)).sorted().toArray();
    return new Percentiles(at(sorted, 0.5), at(sorted, 0.9), at(sorted, 0.99), at(sorted, 1));
  }

  private static double at(double[] sorted, double share) {
    return sorted.length == 0
        ? Double.NaN
        : sorted[(int) Math.max(0, Math.ceil(share * sorted.length) - 1)];
  }
}
