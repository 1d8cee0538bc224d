package dev.banyan.cluster.route;

import dev.banyan.cluster.Topology;
import dev.banyan.cluster.fabric.Links;
import dev.banyan.cluster.fabric.Paths;
import dev.banyan.cluster.fabric.Traffic;

/**
 * Divides the bytes of every connection among its queue pairs so that the busiest link is as little
 * busy as can be, paths staying as they are. Each connection in turn moves bytes from the queue
 * pair whose path is busiest to the one whose path is least busy until both are alike; what is left
 * is an equilibrium in which no connection alone can do better. Only connections that touch a link
 * above the target move, so after a failure little is done.
 */
final class Weights {
  /** Nobody measures a thousandth. */
  private static final double NEAR = 1e-3;

  private final Traffic traffic;
  private final Links links;
  private final Paths paths;
  private final double[] loads;
  private final int[] sending;
  private final int[] receiving;
  private final boolean[] dead;

  Weights(Topology topology, Traffic traffic, Links links, Paths paths) {
    this.traffic = traffic;
    this.links = links;
    this.paths = paths;
    this.loads = paths.loads(traffic, links);
    int count = traffic.queuePairs();
    this.sending = new int[count];
    this.receiving = new int[count];
    this.dead = new boolean[count];
    for (int q = 0; q < count; q++) {
      int k = traffic.connectionOf(q);
      sending[q] = links.sending(traffic.source[k], traffic.planeOf(q));
      receiving[q] = links.receiving(traffic.destination[k], paths.receivePlane[q]);
      dead[q] = paths.dead(topology, traffic, q);
    }
  }

  /** Moves bytes until the busiest link is at most {@code target} busy, or rounds are over. */
  void balance(double target, int rounds) {
    double best = Paths.busiest(loads, links);
    double[] kept = paths.weight.clone();
    double checkpoint = best;
    double excess = Double.POSITIVE_INFINITY;
    for (int round = 1; round <= rounds && best > target * (1 + NEAR); round++) {
      double goal = target + (best - target) * 0.02;
      boolean moved = false;
      for (int k = 0; k < traffic.connections; k++) {
        moved |= even(k, goal);
      }
      double now = Paths.busiest(loads, links);
      if (now < best) {
        best = now;
        System.arraycopy(paths.weight, 0, kept, 0, kept.length);
      }
      if (!moved) {
        break;
      }
      if (round % 4 == 0) {
        double above = above(target);
        if (best > checkpoint * (1 - 1e-4) && above > 0.75 * excess) {
          break; // neither the busiest link nor the others come down any more
        }
        checkpoint = best;
        excess = above;
      }
    }
    System.arraycopy(kept, 0, paths.weight, 0, kept.length);
  }

  /** How far links are above the target, summed. */
  private double above(double target) {
    double sum = 0;
    for (int e = 0; e < loads.length; e++) {
      double busy = loads[e] > 0 ? loads[e] / links.gbps[e] : 0;
      sum += Math.max(0, busy - target);
    }
    return sum;
  }

  /** Moves bytes of a connection from its busiest queue pair to its least busy one. */
  private boolean even(int k, double goal) {
    int first = k * traffic.perConnection;
    int high = -1;
    int low = -1;
    double most = goal;
    double least = Double.POSITIVE_INFINITY;
    for (int q = first; q < first + traffic.perConnection; q++) {
      if (dead[q]) {
        continue;
      }
      double busy = busy(q);
      if (busy > most && paths.weight[q] > 1e-12) {
        most = busy;
        high = q;
      }
      if (busy < least) {
        least = busy;
        low = q;
      }
    }
    if (high < 0 || low == high || least >= most * (1 - 1e-9)) {
      return false;
    }
    double demand = traffic.demand[k];
    // Both ends of the move change, so each takes half of the difference.
    double move = (most - least) / (1 / rate(high) + 1 / rate(low));
    double share = Math.min(move * 0.7, demand * paths.weight[high]);
    add(high, -share);
    add(low, share);
    paths.weight[high] = Math.max(0, paths.weight[high] - share / demand);
    paths.weight[low] += share / demand;
    return true;
  }

  private void add(int q, double load) {
    if (paths.up[q] >= 0) {
      loads[paths.up[q]] += load;
      loads[paths.down[q]] += load;
    }
    loads[sending[q]] += load;
    loads[receiving[q]] += load;
  }

  private double busy(int q) {
    double busy =
        Math.max(
            loads[sending[q]] / links.gbps[sending[q]],
            loads[receiving[q]] / links.gbps[receiving[q]]);
    if (paths.up[q] >= 0) {
      busy = Math.max(busy, loads[paths.up[q]] / links.gbps[paths.up[q]]);
      busy = Math.max(busy, loads[paths.down[q]] / links.gbps[paths.down[q]]);
    }
    return busy;
  }

  /** The rate of the busiest link of a queue pair. */
  private double rate(int q) {
    int at = sending[q];
    double busy = loads[at] / links.gbps[at];
    int[] others =
        paths.up[q] >= 0
            ? new int[] {receiving[q], paths.up[q], paths.down[q]}
            : new int[] {receiving[q]};
    for (int e : others) {
      if (loads[e] / links.gbps[e] > busy) {
        busy = loads[e] / links.gbps[e];
        at = e;
      }
    }
    return links.gbps[at];
  }
}
