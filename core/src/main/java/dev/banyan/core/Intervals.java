package dev.banyan.core;

import java.util.Arrays;
import java.util.function.ToDoubleFunction;
import java.util.random.RandomGenerator;

/**
 * Intervals and p-values from samples. Bootstraps are percentile bootstraps (Efron and Tibshirani
 * 1993, chapter 13) of {@value #RESAMPLES} resamples, O(values · resamples); the same seed gives
 * the same interval.
 */
public final class Intervals {
  /** Resamples of a bootstrap. */
  public static final int RESAMPLES = 2000;

  /** Up to this many pairs a permutation test visits all sign patterns. */
  static final int EXACT_PAIRS = 16;

  private static final int PERMUTATIONS = 20_000;

  private Intervals() {}

  /** Bootstrap interval of the mean of {@code values}; {@code confidence} for example 0.95. */
  public static Interval bootstrapMean(double[] values, double confidence, Seed seed) {
    check(values.length, confidence);
    return bootstrap(
        values.length,
        confidence,
        seed,
        rows -> sum(values, rows) / values.length,
        sum(values) / values.length);
  }

  /** Bootstrap interval of the median of {@code values}. */
  public static Interval bootstrapMedian(double[] values, double confidence, Seed seed) {
    check(values.length, confidence);
    return bootstrap(
        values.length,
        confidence,
        seed,
        rows -> {
          double[] drawn = new double[rows.length];
          for (int i = 0; i < rows.length; i++) {
            drawn[i] = values[rows[i]];
          }
          return median(drawn);
        },
        median(values.clone()));
  }

  /** Paired bootstrap interval of mean(a − b): whole pairs are drawn. */
  public static Interval pairedDifference(double[] a, double[] b, double confidence, Seed seed) {
    return bootstrapMean(differences(a, b), confidence, seed);
  }

  /**
   * Paired bootstrap interval of Σ numerators / Σ denominators: rows are drawn with both their
   * numbers, for example bits and bytes of a document.
   *
   * @throws IllegalArgumentException when a denominator is not positive
   */
  public static Interval ratioOfSums(
      double[] numerators, double[] denominators, double confidence, Seed seed) {
    sameLength(numerators, denominators);
    check(numerators.length, confidence);
    for (int i = 0; i < denominators.length; i++) {
      if (!(denominators[i] > 0)) {
        throw new IllegalArgumentException(
            "denominators[" + i + "] is " + denominators[i] + ", must be positive");
      }
    }
    return bootstrap(
        numerators.length,
        confidence,
        seed,
        rows -> sum(numerators, rows) / sum(denominators, rows),
        sum(numerators) / sum(denominators));
  }

  /** Wilson's score interval (1927) of a share: {@code successes} of {@code trials}. */
  public static Interval wilson(long successes, long trials, double confidence) {
    if (trials <= 0 || successes < 0 || successes > trials) {
      throw new IllegalArgumentException(successes + " of " + trials + " is no share");
    }
    checkConfidence(confidence);
    double z = normalQuantile(0.5 + confidence / 2);
    double n = trials;
    double p = successes / n;
    double centre = (p + z * z / (2 * n)) / (1 + z * z / n);
    double half = z / (1 + z * z / n) * Math.sqrt(p * (1 - p) / n + z * z / (4 * n * n));
    double low = successes == 0 ? 0 : Math.max(0, centre - half);
    double high = successes == trials ? 1 : Math.min(1, centre + half);
    return new Interval(p, low, high);
  }

  /**
   * Two-sided exact sign test: the chance, were a and b alike, of the pairs' signs being at least
   * this uneven. Ties are left out; 1 when all are ties.
   */
  public static double signTest(double[] a, double[] b) {
    double[] differences = differences(a, b);
    int more = 0;
    int less = 0;
    for (double d : differences) {
      more += d > 0 ? 1 : 0;
      less += d < 0 ? 1 : 0;
    }
    int n = more + less;
    int few = Math.min(more, less);
    // Sum of C(n, k) / 2^n for k ≤ few, in logarithms so that large n does not overflow.
    double logTerm = -n * Math.log(2);
    double tail = 0;
    for (int k = 0; k <= few; k++) {
      tail += Math.exp(logTerm);
      logTerm += Math.log(n - k) - Math.log(k + 1);
    }
    return Math.min(1, 2 * tail);
  }

  /**
   * Two-sided paired permutation test of mean(a − b) = 0 (Fisher 1935): the share of sign patterns
   * with a mean at least as far from zero. All patterns up to {@value #EXACT_PAIRS} pairs, else
   * 20,000 drawn ones with the observed one counted among them, so never 0.
   */
  public static double permutationTest(double[] a, double[] b, Seed seed) {
    double[] d = differences(a, b);
    if (d.length == 0) {
      throw new IllegalArgumentException("no pairs to test");
    }
    // Sums that are equal on paper may differ in their last bits.
    double bound = Math.abs(sum(d));
    bound -= 1e-12 * Math.max(bound, Arrays.stream(d).map(Math::abs).sum());
    if (d.length <= EXACT_PAIRS) {
      int patterns = 1 << d.length;
      int extreme = 0;
      for (int pattern = 0; pattern < patterns; pattern++) {
        extreme += Math.abs(signedSum(d, pattern)) >= bound ? 1 : 0;
      }
      return (double) extreme / patterns;
    }
    RandomGenerator random = seed.stream("permutation");
    int extreme = 1;
    for (int i = 0; i < PERMUTATIONS; i++) {
      double sum = 0;
      long bits = 0;
      for (int j = 0; j < d.length; j++) {
        bits = j % 64 == 0 ? random.nextLong() : bits >>> 1;
        sum += (bits & 1) == 0 ? d[j] : -d[j];
      }
      extreme += Math.abs(sum) >= bound ? 1 : 0;
    }
    return (double) extreme / (PERMUTATIONS + 1);
  }

  /** The z with P(N(0,1) ≤ z) = p, to 12 digits: bisection over {@link #normalBelow}. */
  static double normalQuantile(double p) {
    if (!(p > 0 && p < 1)) {
      throw new IllegalArgumentException("p is " + p + ", must lie between 0 and 1");
    }
    double low = -9;
    double high = 9;
    for (int i = 0; i < 80; i++) {
      double middle = (low + high) / 2;
      if (normalBelow(middle) < p) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return (low + high) / 2;
  }

  /** P(N(0,1) ≤ x) by the Taylor series of Marsaglia (2004), J. Statistical Software 11(4). */
  private static double normalBelow(double x) {
    double sum = x;
    double term = x;
    double before = 0;
    for (int i = 3; sum != before; i += 2) {
      before = sum;
      term *= x * x / i;
      sum += term;
    }
    return 0.5 + sum * Math.exp(-0.5 * x * x - 0.9189385332046728);
  }

  private static Interval bootstrap(
      int rows, double confidence, Seed seed, ToDoubleFunction<int[]> statistic, double estimate) {
    RandomGenerator random = seed.stream("bootstrap");
    double[] drawn = new double[RESAMPLES];
    int[] sample = new int[rows];
    for (int i = 0; i < RESAMPLES; i++) {
      for (int j = 0; j < rows; j++) {
        sample[j] = random.nextInt(rows);
      }
      drawn[i] = statistic.applyAsDouble(sample);
    }
    Arrays.sort(drawn);
    double tail = (1 - confidence) / 2;
    return new Interval(estimate, quantile(drawn, tail), quantile(drawn, 1 - tail));
  }

  /** Linear between order statistics (type 7 of Hyndman and Fan 1996). */
  static double quantile(double[] sorted, double q) {
    double at = q * (sorted.length - 1);
    int below = (int) Math.floor(at);
    int above = Math.min(sorted.length - 1, below + 1);
    return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
  }

  private static double median(double[] owned) {
    Arrays.sort(owned);
    return quantile(owned, 0.5);
  }

  private static double signedSum(double[] d, int pattern) {
    double sum = 0;
    for (int i = 0; i < d.length; i++) {
      sum += (pattern >> i & 1) == 0 ? d[i] : -d[i];
    }
    return sum;
  }

  private static double[] differences(double[] a, double[] b) {
    sameLength(a, b);
    double[] d = new double[a.length];
    for (int i = 0; i < a.length; i++) {
      d[i] = a[i] - b[i];
    }
    return d;
  }

  private static double sum(double[] values) {
    double sum = 0;
    for (double value : values) {
      sum += value;
    }
    return sum;
  }

  private static double sum(double[] values, int[] rows) {
    double sum = 0;
    for (int row : rows) {
      sum += values[row];
    }
    return sum;
  }

  private static void sameLength(double[] a, double[] b) {
    if (a.length != b.length) {
      throw new IllegalArgumentException("pairs of " + a.length + " and " + b.length + " values");
    }
  }

  private static void check(int rows, double confidence) {
    if (rows == 0) {
      throw new IllegalArgumentException("no values, so no interval");
    }
    checkConfidence(confidence);
  }

  private static void checkConfidence(double confidence) {
    if (!(confidence > 0 && confidence < 1)) {
      throw new IllegalArgumentException(
          "confidence is " + confidence + ", must lie between 0 and 1");
    }
  }
}
