package dev.banyan.cluster.certify;

import dev.banyan.cluster.RouteCertificate;
import dev.banyan.cluster.Topology;
import dev.banyan.cluster.fabric.Links;
import dev.banyan.cluster.fabric.Paths;
import dev.banyan.cluster.fabric.Traffic;
import org.jspecify.annotations.Nullable;

/**
 * Upper bounds on the rates of jobs, over all routings and all divisions of bytes. Candidates for
 * prices are the cuts around each leaf, the loads of a plan (steeply: what is full is dear) and,
 * when those do not meet what is known to be reached, Garg–Könemann's.
 */
public final class Bound {
  private static final double[] STEEPNESS = {4, 16, 64, 256};

  private final Prices fluid;
  private double slowest;
  private double[] slowestPrice;
  private double mean;
  private double[] meanPrice;
  private String method = "the rate of a NIC";

  private Bound(Topology topology, Traffic traffic) {
    this.fluid = new Prices(topology, traffic);
    this.slowest = fluid.capGbps;
    this.mean = fluid.capGbps;
    this.slowestPrice = new double[fluid.links];
    this.meanPrice = slowestPrice;
  }

  /** The best of the cuts: exact while no link is down. O(leaves × commodities). */
  public static double byCuts(Topology topology, Traffic traffic) {
    double cap =
        Math.min(topology.shape().nvlinkGbps(), topology.planes() * topology.shape().portGbps());
    double[] out = new double[topology.leaves()];
    double[] in = new double[topology.leaves()];
    for (int k = 0; k < traffic.connections; k++) {
      int from = topology.leafOf(traffic.source[k]);
      int to = topology.leafOf(traffic.destination[k]);
      if (from != to) {
        out[from] += traffic.demand[k];
        in[to] += traffic.demand[k];
      }
    }
    for (int leaf = 0; leaf < out.length; leaf++) {
      double sum = 0;
      for (int plane = 0; plane < topology.planes(); plane++) {
        for (int path = 0; path < topology.paths(); path++) {
          sum += topology.gbps(plane, leaf, path);
        }
      }
      double most = Math.max(out[leaf], in[leaf]);
      cap = most > 0 ? Math.min(cap, sum / most) : cap;
    }
    return cap;
  }

  /**
   * A certificate.
   *
   * @param plan paths whose loads may show what is scarce, or null
   * @param reachedGbps what the slowest job has by that plan; 0 when there is none
   * @param work how hard Garg–Könemann may try; 0 for not at all
   */
  public static RouteCertificate of(
      Topology topology, Traffic traffic, @Nullable Paths plan, double reachedGbps, long work) {
    var bound = new Bound(topology, traffic);
    bound.cuts();
    if (plan != null && bound.slowest > reachedGbps * (1 + 1e-4)) {
      bound.loads(topology, traffic, plan);
    }
    if (work > 0 && bound.slowest > reachedGbps * (1 + 1e-3)) {
      double guess = bound.slowest;
      for (double epsilon : new double[] {0.2, 0.05, 0.02}) {
        if (bound.slowest > reachedGbps * (1 + 1e-3)) {
          double[] price = GargKoenemann.prices(bound.fluid, guess, epsilon, work / 3, reachedGbps);
          bound.consider(price, "Garg–Könemann");
        }
      }
    }
    return new RouteCertificate(
        bound.slowest,
        bound.fluid.named(bound.slowestPrice),
        bound.mean,
        bound.fluid.named(bound.meanPrice),
        bound.method);
  }

  private void cuts() {
    double[] all = new double[fluid.links];
    for (int leaf = 0; leaf < fluid.leaves; leaf++) {
      for (boolean up : new boolean[] {true, false}) {
        double[] price = new double[fluid.links];
        for (int plane = 0; plane < fluid.planes; plane++) {
          for (int spine = 0; spine < fluid.spines; spine++) {
            int e = up ? fluid.up(plane, leaf, spine) : fluid.down(plane, leaf, spine);
            price[e] = 1;
            if (up) {
              all[e] = 1;
            }
          }
        }
        if (fluid.leaves <= 64) {
          consider(price, "a leaf's links");
        } else {
          considerCut(leaf, up, price);
        }
      }
    }
    consider(all, "all uplinks");
  }

  /** The same for a single leaf without looking at every commodity's way. */
  private void considerCut(int leaf, boolean up, double[] price) {
    double crossing = 0;
    for (int c = 0; c < fluid.commodities; c++) {
      if (fluid.from[c] != fluid.to[c] && (up ? fluid.from[c] : fluid.to[c]) == leaf) {
        crossing += fluid.demand[c];
      }
    }
    if (crossing > 0 && fluid.worth(price) / crossing < slowest * (1 - 1e-12)) {
      consider(price, "a leaf's links");
    }
  }

  private void loads(Topology topology, Traffic traffic, Paths plan) {
    var links = new Links(topology);
    double[] load = plan.loads(traffic, links);
    double busiest = Paths.busiest(load, links);
    double[] used = new double[fluid.links];
    fluid.gather(topology, traffic, links, load, used);
    for (double steepness : STEEPNESS) {
      double[] price = new double[fluid.links];
      for (int e = 0; e < price.length; e++) {
        double busy = fluid.gbps[e] > 0 ? used[e] / fluid.gbps[e] / busiest : 0;
        price[e] = busy > 0 ? Math.pow(Math.min(1, busy), steepness) : 0;
      }
      consider(price, "the plan's loads");
    }
  }

  /** Keeps prices that bound better than those known. */
  private void consider(double[] raw, String by) {
    double[] price = Prices.cleaned(raw);
    double worth = fluid.worth(price);
    double[] costs = fluid.costs(price);
    double all = 0;
    for (double cost : costs) {
      all += cost;
    }
    if (all > 0 && worth / all < slowest * (1 - 1e-12)) {
      slowest = worth / all;
      slowestPrice = price;
      method = by;
    }
    for (double each : costs) {
      if (each > 0) {
        double scale = 1 / each;
        double sum = worth * scale;
        for (double cost : costs) {
          sum += fluid.capGbps * Math.max(0, 1 - cost * scale);
        }
        if (sum / costs.length < mean * (1 - 1e-12)) {
          mean = sum / costs.length;
          meanPrice = price;
        }
      }
    }
  }
}
