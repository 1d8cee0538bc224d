package dev.banyan.grow.rows;

import dev.banyan.core.Seed;

/**
 * Random numbers by place: a function of seed, tensor, row and column, whatever thread asks and in
 * whatever order. Bits are SplitMix64 at position {@code column} of the row's stream; normal values
 * are its inverse distribution by Acklam's rational approximation (2003, relative error 1.15e-9),
 * plain arithmetic that every machine rounds alike.
 */
final class RowRandom {
  private static final long GOLDEN = 0x9e3779b97f4a7c15L;
  private static final double TAIL = 0.02425;
  private static final double[] A = {
    -3.969683028665376e+01, 2.209460984245205e+02, -2.759285104469687e+02,
    1.383577518672690e+02, -3.066479806614716e+01, 2.506628277459239e+00
  };
  private static final double[] B = {
    -5.447609879822406e+01,
    1.615858368580409e+02,
    -1.556989798598866e+02,
    6.680131188771972e+01,
    -1.328068155288572e+01,
    1
  };
  private static final double[] C = {
    -7.784894002430293e-03, -3.223964580411365e-01, -2.400758277161838e+00,
    -2.549732539343734e+00, 4.374664141464968e+00, 2.938163982698783e+00
  };
  private static final double[] D = {
    7.784695709041462e-03, 3.224671290700398e-01, 2.445134137142996e+00, 3.754408661907416e+00, 1
  };

  private final long key;

  /** The stream of one row. */
  RowRandom(Seed seed, String purpose, String tensor, long row) {
    this.key = seed.of(purpose, tensor, row).value();
  }

  /** Uniform in (0, 1). */
  double uniform(long column) {
    long z = key + (column + 1) * GOLDEN;
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    z ^= z >>> 31;
    return ((z >>> 11) + 0.5) * 0x1p-53;
  }

  /** Normal with mean 0 and deviation 1. */
  double normal(long column) {
    return quantile(uniform(column));
  }

  /** The value below which a standard normal one is with probability {@code p}. */
  static double quantile(double p) {
    if (p < TAIL) {
      double q = Math.sqrt(-2 * StrictMath.log(p));
      return polynomial(C, q) / polynomial(D, q);
    }
    if (p > 1 - TAIL) {
      double q = Math.sqrt(-2 * StrictMath.log(1 - p));
      return -polynomial(C, q) / polynomial(D, q);
    }
    double q = p - 0.5;
    double r = q * q;
    return polynomial(A, r) * q / polynomial(B, r);
  }

  private static double polynomial(double[] coefficients, double x) {
    double value = coefficients[0];
    for (int i = 1; i < coefficients.length; i++) {
      value = value * x + coefficients[i];
    }
    return value;
  }
}
