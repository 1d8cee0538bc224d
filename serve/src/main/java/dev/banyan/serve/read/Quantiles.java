package dev.banyan.serve.read;

import dev.banyan.core.Seed;
import java.util.random.RandomGenerator;

/**
 * Token counts with given quantiles: between two of them the logarithm of the length grows evenly
 * with the share of requests.
 *
 * @param shares ascending, from 0 to 1
 * @param tokens at these shares
 */
@SuppressWarnings("ArrayRecordComponent") // two short constant tables; never compared
record Quantiles(double[] shares, double[] tokens) {
  int[] draw(int count, Seed seed) {
    RandomGenerator random = seed.stream("lengths");
    int[] lengths = new int[count];
    for (int i = 0; i < count; i++) {
      double share = random.nextDouble();
      int upper = 1;
      while (upper < shares.length - 1 && shares[upper] < share) {
        upper++;
      }
      double part = (share - shares[upper - 1]) / (shares[upper] - shares[upper - 1]);
      double low = Math.log(tokens[upper - 1]);
      double log = low + part * (Math.log(tokens[upper]) - low);
      lengths[i] = (int) Math.max(1, Math.round(Math.exp(log)));
    }
    return lengths;
  }
}
