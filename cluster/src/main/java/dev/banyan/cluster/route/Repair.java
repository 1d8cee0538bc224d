package dev.banyan.cluster.route;

import dev.banyan.cluster.Topology;
import dev.banyan.cluster.fabric.Links;
import dev.banyan.cluster.fabric.Paths;
import dev.banyan.cluster.fabric.Traffic;

/**
 * Moves queue pairs off links that are busier than they need be: first those without a live path,
 * then, while it helps, those on links above the target, each to the path of its plane whose busier
 * link would be least busy. Only moves that lower the busier of the links left and taken are made,
 * so it ends. O(queue pairs moved × paths).
 */
final class Repair {
  private final Topology topology;
  private final Traffic traffic;
  private final Links links;
  private final Paths paths;
  private final double[] loads;

  Repair(Topology topology, Traffic traffic, Links links, Paths paths) {
    this.topology = topology;
    this.traffic = traffic;
    this.links = links;
    this.paths = paths;
    this.loads = new double[links.count];
  }

  /**
   * @param target a load over rate that is good enough
   * @param rounds over all queue pairs, at most
   */
  void run(double target, int rounds) {
    offDeadLinks();
    System.arraycopy(paths.loads(traffic, links), 0, loads, 0, loads.length);
    placeTheDead();
    for (int round = 0; round < rounds; round++) {
      int moved = 0;
      for (int q = 0; q < paths.up.length; q++) {
        if (paths.up[q] >= 0 && busy(q) > target * (1 + 1e-9)) {
          moved += better(q) ? 1 : 0;
        }
      }
      if (moved == 0) {
        return;
      }
    }
  }

  private void offDeadLinks() {
    for (int q = 0; q < paths.up.length; q++) {
      if (paths.up[q] >= 0 && !(links.gbps[paths.up[q]] > 0 && links.gbps[paths.down[q]] > 0)) {
        paths.up[q] = -1;
        paths.down[q] = -1;
      }
    }
  }

  private void placeTheDead() {
    boolean lost = false;
    for (int q = 0; q < paths.up.length; q++) {
      if (paths.dead(topology, traffic, q)) {
        boolean placed = place(q);
        lost |= !placed && paths.weight[q] > 0;
      }
    }
    if (lost) {
      paths.leaveTheDead(topology, traffic);
      System.arraycopy(paths.loads(traffic, links), 0, loads, 0, loads.length);
    }
  }

  private boolean place(int q) {
    int k = traffic.connectionOf(q);
    double share = share(q);
    int path =
        CruxPriority.leastUsed(
            topology,
            links,
            loads,
            traffic.planeOf(q),
            topology.leafOf(traffic.source[k]),
            topology.leafOf(traffic.destination[k]),
            share);
    if (path >= 0) {
      paths.take(topology, traffic, links, q, path);
      loads[paths.up[q]] += share;
      loads[paths.down[q]] += share;
    }
    return path >= 0;
  }

  /** Moves a queue pair to its best path; whether that was another and better. */
  private boolean better(int q) {
    int up = paths.up[q];
    int down = paths.down[q];
    double before = busy(q);
    double share = share(q);
    loads[up] -= share;
    loads[down] -= share;
    place(q);
    if (busy(q) < before * (1 - 1e-9)) {
      return true;
    }
    loads[paths.up[q]] -= share;
    loads[paths.down[q]] -= share;
    paths.up[q] = up;
    paths.down[q] = down;
    loads[up] += share;
    loads[down] += share;
    return false;
  }

  private double share(int q) {
    return traffic.demand[traffic.connectionOf(q)] * paths.weight[q];
  }

  private double busy(int q) {
    return Math.max(
        loads[paths.up[q]] / links.gbps[paths.up[q]],
        loads[paths.down[q]] / links.gbps[paths.down[q]]);
  }
}
