package dev.banyan.serve.read;

import dev.banyan.core.Seed;
import java.util.random.RandomGenerator;

/**
 * Arrivals with gamma-distributed gaps: shape 1/CV², mean 1/rate. A coefficient of variation of 1
 * is a Poisson process.
 */
record Gaps(double rate, double cv) {
  double[] arrivals(int count, Seed seed) {
    RandomGenerator random = seed.stream("gaps");
    double shape = 1 / (cv * cv);
    double[] times = new double[count];
    double time = 0;
    for (int i = 0; i < count; i++) {
      time += gamma(shape, random) / (shape * rate);
      times[i] = time;
    }
    return times;
  }

  /** Marsaglia and Tsang (2000), ACM TOMS 26(3); below shape 1 with their boost. */
  private static double gamma(double shape, RandomGenerator random) {
    if (shape < 1) {
      return gamma(shape + 1, random) * Math.pow(1 - random.nextDouble(), 1 / shape);
    }
    double d = shape - 1.0 / 3;
    double c = 1 / Math.sqrt(9 * d);
    while (true) {
      double x = random.nextGaussian();
      double v = 1 + c * x;
      if (v <= 0) {
        continue;
      }
      v = v * v * v;
      if (Math.log(1 - random.nextDouble()) < 0.5 * x * x + d - d * v + d * Math.log(v)) {
        return d * v;
      }
    }
  }
}
