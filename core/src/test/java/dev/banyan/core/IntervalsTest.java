package dev.banyan.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class IntervalsTest {
  private static final Seed SEED = new Seed(7);

  @Test
  void theBootstrapOfTwoValuesHasTheExactDistribution() {
    // Resamples of {0, 1} have means 0, 1/2, 1 with chances 1/4, 1/2, 1/4.
    assertThat(Intervals.bootstrapMean(new double[] {0, 1}, 0.95, SEED))
        .isEqualTo(new Interval(0.5, 0, 1));
    assertThat(Intervals.bootstrapMean(new double[] {0, 1}, 0.40, SEED))
        .isEqualTo(new Interval(0.5, 0.5, 0.5));
  }

  @Test
  void theBootstrapMatchesEveryResampleCountedOut() {
    double[] values = {0.3, 1.1, 2.7, 5.2, 9.9};
    double[] means = new double[3125];
    for (int i = 0; i < 3125; i++) {
      double sum = 0;
      for (int j = 0, rest = i; j < 5; j++, rest /= 5) {
        sum += values[rest % 5];
      }
      means[i] = sum / 5;
    }
    Arrays.sort(means);

    Interval interval = Intervals.bootstrapMean(values, 0.9, SEED);

    assertThat(interval.low()).isCloseTo(means[(int) (0.05 * 3124)], within(0.15));
    assertThat(interval.high()).isCloseTo(means[(int) (0.95 * 3124)], within(0.15));
  }

  @Test
  void theBootstrapOfNormalValuesIsCloseToTheNormalInterval() {
    double[] values = normals(SEED.stream("values"), 400, 10, 2);
    double mean = Arrays.stream(values).average().orElseThrow();

    Interval interval = Intervals.bootstrapMean(values, 0.95, SEED);

    assertThat(interval.mean()).isCloseTo(mean, within(1e-12));
    assertThat(interval.high() - interval.low()).isCloseTo(2 * 1.96 * 2 / 20.0, within(0.04));
  }

  @Test
  void ninetyPercentIntervalsHoldTheTruthAboutNinetyTimesInAHundred() {
    int mean = 0;
    int ratio = 0;
    int median = 0;
    int runs = 300;
    for (int run = 0; run < runs; run++) {
      double[] values = normals(SEED.stream("cover", run), 40, 3, 1);
      double[] weights = normals(SEED.stream("weights", run), 40, 10, 1);
      double[] products = new double[40];
      for (int i = 0; i < 40; i++) {
        products[i] = 0.5 * weights[i] + (values[i] - 3);
      }
      mean += Intervals.bootstrapMean(values, 0.9, SEED.of(run)).contains(3) ? 1 : 0;
      median += Intervals.bootstrapMedian(values, 0.9, SEED.of(run)).contains(3) ? 1 : 0;
      ratio += Intervals.ratioOfSums(products, weights, 0.9, SEED.of(run)).contains(0.5) ? 1 : 0;
    }
    // Three standard errors of a share of 0.9 over 300 runs are 0.052.
    assertThat(mean / (double) runs).isBetween(0.83, 0.95);
    assertThat(median / (double) runs).isBetween(0.83, 0.96);
    assertThat(ratio / (double) runs).isBetween(0.83, 0.95);
  }

  @Test
  void pairingRemovesWhatBothSidesShare() {
    RandomGenerator random = SEED.stream("pairs");
    double[] a = normals(random, 50, 100, 30);
    double[] b = new double[50];
    for (int i = 0; i < 50; i++) {
      b[i] = a[i] - 1 - 0.1 * random.nextGaussian();
    }

    Interval paired = Intervals.pairedDifference(a, b, 0.95, SEED);

    assertThat(paired.above(0.9)).isTrue();
    assertThat(paired.below(1.1)).isTrue();
  }

  @Test
  void ratiosOfSumsAreExactWhenRowsAgreeAndKeepRowsTogether() {
    double[] bytes = {1, 10, 100, 1000};
    double[] bits = {2, 20, 200, 2000};
    assertThat(Intervals.ratioOfSums(bits, bytes, 0.95, SEED)).isEqualTo(new Interval(2, 2, 2));
  }

  @Test
  void theSameSeedGivesTheSameInterval() {
    double[] values = normals(SEED.stream("same"), 30, 0, 1);
    assertThat(Intervals.bootstrapMean(values, 0.95, SEED))
        .isEqualTo(Intervals.bootstrapMean(values, 0.95, SEED))
        .isNotEqualTo(Intervals.bootstrapMean(values, 0.95, new Seed(8)));
  }

  // Solving |p̂ − p| = z·sqrt(p(1−p)/n) for p by bisection is Wilson's interval by definition.
  @ParameterizedTest
  @CsvSource({"8, 10, 0.95", "0, 20, 0.95", "20, 20, 0.9", "1, 1, 0.99", "333, 1000, 0.95"})
  void wilsonsEndsSolveTheScoreEquation(int successes, int trials, double confidence) {
    double z =
        switch ((int) Math.round(confidence * 100)) {
          case 90 -> 1.6448536269514722;
          case 95 -> 1.959963984540054;
          default -> 2.5758293035489004;
        };
    double share = (double) successes / trials;
    double low = scoreEnd(share, trials, z, 0, share);
    double high = scoreEnd(share, trials, z, 1, share);

    Interval interval = Intervals.wilson(successes, trials, confidence);

    assertThat(interval.low()).isCloseTo(low, within(1e-9));
    assertThat(interval.high()).isCloseTo(high, within(1e-9));
  }

  private static double scoreEnd(double share, int trials, double z, double out, double in) {
    for (int i = 0; i < 200; i++) {
      double p = (out + in) / 2;
      boolean outside = Math.abs(share - p) > z * Math.sqrt(p * (1 - p) / trials);
      if (outside) {
        out = p;
      } else {
        in = p;
      }
    }
    return in;
  }

  @Test
  void theSignTestCountsBinomialTails() {
    double[] a = {2, 2, 2, 2, 2, 2, 2, 2, 0, 1};
    double[] b = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    // 8 up, 1 down, 1 tie: 2 · (C(9,0) + C(9,1)) / 2^9.
    assertThat(Intervals.signTest(a, b)).isCloseTo(20.0 / 512, within(1e-12));
    assertThat(Intervals.signTest(b, b)).isEqualTo(1);
    assertThat(Intervals.signTest(new double[5000], normals(SEED.stream("s"), 5000, 3, 1)))
        .isBetween(0.0, 1e-300);
  }

  @Test
  void thePermutationTestOfFewPairsIsExactAndOfManyIsCloseToIt() {
    // All differences alike: only all-plus and all-minus are as extreme, 2 of 2^n.
    assertThat(Intervals.permutationTest(filled(10, 0.1), new double[10], SEED))
        .isCloseTo(2.0 / 1024, within(1e-12));
    // {3, 1, 1}: sums ±5 ±3 ±3 ±1; as extreme as 5: 2 of 8.
    assertThat(Intervals.permutationTest(new double[] {3, 1, 1}, new double[3], SEED))
        .isEqualTo(0.25);
    // 17 pairs of ±1 with sum 3: 2 · P(Binomial(17, ½) ≥ 10).
    double[] signs = filled(17, 1);
    Arrays.fill(signs, 0, 7, -1);
    assertThat(Intervals.permutationTest(signs, new double[17], SEED))
        .isCloseTo(0.6290588378906250, within(0.015));
  }

  @Test
  void normalQuantilesMatchTheTable() {
    assertThat(Intervals.normalQuantile(0.975)).isCloseTo(1.959963984540054, within(1e-12));
    assertThat(Intervals.normalQuantile(0.5)).isCloseTo(0, within(1e-12));
    assertThat(Intervals.normalQuantile(1e-6)).isCloseTo(-4.753424308822899, within(1e-9));
  }

  @Test
  void emptySamplesAndBadConfidencesAreRefused() {
    assertThatThrownBy(() -> Intervals.bootstrapMean(new double[0], 0.95, SEED))
        .hasMessage("no values, so no interval");
    assertThatThrownBy(() -> Intervals.bootstrapMean(new double[1], 95, SEED))
        .hasMessageContaining("95.0");
    assertThatThrownBy(() -> Intervals.wilson(3, 2, 0.95)).hasMessage("3 of 2 is no share");
    assertThatThrownBy(() -> Intervals.ratioOfSums(new double[] {1}, new double[] {0}, 0.95, SEED))
        .hasMessageContaining("denominators[0]");
  }

  private static double[] normals(RandomGenerator random, int count, double mean, double sd) {
    double[] values = new double[count];
    for (int i = 0; i < count; i++) {
      values[i] = random.nextGaussian(mean, sd);
    }
    return values;
  }

  private static double[] filled(int count, double value) {
    double[] values = new double[count];
    Arrays.fill(values, value);
    return values;
  }
}
