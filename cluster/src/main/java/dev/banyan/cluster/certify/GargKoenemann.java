package dev.banyan.cluster.certify;

import java.util.Arrays;

/**
 * Prices for maximum concurrent flow (Garg and Könemann 1998, with the phases of Fleischer 2000):
 * every commodity in turn sends its demand by the cheapest way, and a link's price rises by ε times
 * the share of its rate that was used. The prices of every phase are a dual solution; the best seen
 * is kept, which is as good as the last and usually better.
 */
final class GargKoenemann {
  private GargKoenemann() {}

  /**
   * @param guess about what the answer is, Gb/s; only the number of phases depends on it
   * @param work cheapest ways that may be looked up, about
   * @param enough a bound that is known to be reached; stops when within 0.01 %
   */
  static double[] prices(Prices fluid, double guess, double epsilon, long work, double enough) {
    int m = fluid.links;
    double[] price = new double[m];
    double delta = Math.pow(m / (1 - epsilon), -1 / epsilon);
    double worth = 0;
    for (int e = 0; e < m; e++) {
      price[e] = fluid.gbps[e] > 0 ? delta / fluid.gbps[e] : 0;
      worth += price[e] * fluid.gbps[e];
    }
    double[] best = price.clone();
    double least = Double.POSITIVE_INFINITY;
    int[] way = new int[4];
    long spent = 0;
    double[] load = new double[m];
    while (worth < 1 && spent < work) {
      double cost = 0;
      for (int c = 0; c < fluid.commodities; c++) {
        double left = fluid.demand[c] * guess;
        boolean first = true;
        while (left > 0 && worth < 1) {
          double cheapest = fluid.cheapest(price, c, way);
          spent += fluid.spines;
          if (first) {
            cost += fluid.demand[c] * cheapest;
            first = false;
          }
          double part = left;
          for (int e : way) {
            part = e < 0 ? part : Math.min(part, fluid.gbps[e]);
          }
          for (int e : way) {
            if (e >= 0) {
              worth += price[e] * epsilon * part;
              price[e] *= 1 + epsilon * part / fluid.gbps[e];
              load[e] += part;
            }
          }
          left -= part;
        }
      }
      // Prices rose within the phase, so the cost above is too low to bound with: look again.
      double bound = worth / sum(fluid.costs(price));
      spent += (long) fluid.commodities * fluid.spines;
      if (bound < least && cost > 0) {
        least = bound;
        best = price.clone();
        if (least <= enough * (1 + 1e-4)) {
          break;
        }
      }
    }
    double largest = Arrays.stream(best).max().orElse(1);
    for (int e = 0; e < m; e++) {
      best[e] = best[e] > largest * 1e-9 ? best[e] / largest : 0;
    }
    return best;
  }

  private static double sum(double[] values) {
    double sum = 0;
    for (double value : values) {
      sum += value;
    }
    return sum;
  }
}
