package dev.banyan.serve.read;

import dev.banyan.core.Seed;
import java.util.Arrays;
import java.util.random.RandomGenerator;

/**
 * Long-tailed token counts as the artifact of Llumnix (OSDI 2024) draws them: ranks r in [1, 2 ·
 * mean) with p(r) ∝ r^−alpha, scaled so that the sample has the mean, rounded up and capped.
 */
record PowerLaw(int mean, double alpha, int cap) {
  int[] draw(int count, Seed seed) {
    double[] cumulative = new double[2 * mean - 1];
    double weights = 0;
    for (int rank = 1; rank <= cumulative.length; rank++) {
      weights += Math.pow(rank, -alpha);
      cumulative[rank - 1] = weights;
    }
    RandomGenerator random = seed.stream("lengths");
    int[] ranks = new int[count];
    double sum = 0;
    for (int i = 0; i < count; i++) {
      int at = Arrays.binarySearch(cumulative, random.nextDouble() * weights);
      ranks[i] = Math.min(cumulative.length, at >= 0 ? at + 1 : -at);
      sum += ranks[i];
    }
    // The sample's own mean, not the law's, becomes the mean: every seed has the same load.
    double scale = mean / (sum / count);
    int[] lengths = new int[count];
    Arrays.setAll(lengths, i -> (int) Math.min(cap, Math.ceil(ranks[i] * scale)));
    return lengths;
  }
}
