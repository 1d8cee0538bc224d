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
  private final double fastest;
  private double enough;

  Repair(Topology topology, Traffic traffic, Links links, Paths paths) {
    this.topology = topology;
    this.traffic = traffic;
    this.links = links;
    this.paths = paths;
    this.loads = new double[links.count];
    double most = 0;
    for (int e = 0; e < links.fabric; e++) {
      most = Math.max(most, links.gbps[e]);
    }
    this.fastest = most;
  }

  /**
   * @param target a load over rate that is good enough
   * @param rounds over all queue pairs, at most
   */
  void run(double target, int rounds) {
    enough = target * (1 + 1e-9);
    offDeadLinks();
    System.arraycopy(paths.loads(traffic, links), 0, loads, 0, loads.length);
    placeTheDead();
    for (int round = 0; round < rounds; round++) {
      int moved = 0;
      double[] least = leastBusy();
      for (int q = 0; q < paths.up.length; q++) {
        if (paths.up[q] >= 0) {
          double busy = busy(q);
          moved += busy > enough && atBest(q, least) < busy * (1 - 1e-9) && better(q) ? 1 : 0;
        }
      }
      if (moved == 0) {
        return;
      }
    }
  }

  /** The least busy uplink and downlink of every leaf, [direction, plane, leaf]. */
  private double[] leastBusy() {
    int rows = topology.planes() * topology.leaves();
    double[] least = new double[2 * rows];
    java.util.Arrays.fill(least, Double.POSITIVE_INFINITY);
    for (int e = 0; e < 2 * links.fabric; e++) {
      if (links.gbps[e] > 0) {
        int row = e / topology.paths();
        least[row] = Math.min(least[row], busyOf(e));
      }
    }
    return least;
  }

  /** No path of a queue pair can be less busy than this, once it is there. */
  private double atBest(int q, double[] least) {
    int k = traffic.connectionOf(q);
    int leaves = topology.leaves();
    double share = share(q);
    int up = traffic.planeOf(q) * leaves + topology.leafOf(traffic.source[k]);
    double rise = least[up] + share / fastest;
    double fall = Double.POSITIVE_INFINITY;
    for (int plane = 0; plane < topology.planes(); plane++) {
      int down = (topology.planes() + plane) * leaves + topology.leafOf(traffic.destination[k]);
      fall = Math.min(fall, least[down] + share / fastest);
    }
    return Math.max(rise, fall);
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
        // Its load still stands at its receiving port; placing counts it again.
        loads[port(q)] -= share(q);
        boolean placed = place(q);
        if (!placed) {
          loads[port(q)] += share(q);
        }
        lost |= !placed && paths.weight[q] > 0;
      }
    }
    if (lost) {
      paths.leaveTheDead(topology, traffic);
      System.arraycopy(paths.loads(traffic, links), 0, loads, 0, loads.length);
    }
  }

  /**
   * Sends a queue pair by the path whose busiest part would be least busy. Coming in by another
   * plane's port than it went out by is taken only where that is better than any path of its plane.
   */
  private boolean place(int q) {
    int k = traffic.connectionOf(q);
    int plane = traffic.planeOf(q);
    int from = topology.leafOf(traffic.source[k]);
    int to = topology.leafOf(traffic.destination[k]);
    double share = share(q);
    int best = -1;
    int bestPlane = plane;
    double least = Double.POSITIVE_INFINITY;
    for (int i = 0; i < topology.planes(); i++) {
      int receive = (plane + i) % topology.planes();
      int port = links.receiving(traffic.destination[k], receive);
      double portBusy = (loads[port] + share) / links.gbps[port];
      for (int path = 0; path < topology.paths(); path++) {
        int up = topology.index(plane, from, path);
        int down = links.down(topology.index(receive, to, path));
        if (!(links.gbps[up] > 0 && links.gbps[down] > 0)) {
          continue;
        }
        double busy =
            Math.max(
                (loads[up] + share) / links.gbps[up], (loads[down] + share) / links.gbps[down]);
        busy = Math.max(busy, portBusy);
        if (busy < least * (1 - 1e-9)) {
          least = busy;
          best = path;
          bestPlane = receive;
        }
      }
      if (least <= enough) {
        break;
      }
    }
    if (best >= 0) {
      paths.take(topology, traffic, links, q, best, bestPlane);
      add(q, share);
    }
    return best >= 0;
  }

  /** Moves a queue pair to its best path; whether that was another and better. */
  private boolean better(int q) {
    int up = paths.up[q];
    int down = paths.down[q];
    int receive = paths.receivePlane[q];
    double before = busy(q);
    double share = share(q);
    add(q, -share);
    boolean placed = place(q);
    if (placed && busy(q) < before * (1 - 1e-9)) {
      return true;
    }
    if (placed) {
      add(q, -share);
    }
    paths.up[q] = up;
    paths.down[q] = down;
    paths.receivePlane[q] = receive;
    add(q, share);
    return false;
  }

  private void add(int q, double share) {
    loads[paths.up[q]] += share;
    loads[paths.down[q]] += share;
    loads[port(q)] += share;
  }

  private int port(int q) {
    return links.receiving(traffic.destination[traffic.connectionOf(q)], paths.receivePlane[q]);
  }

  private double share(int q) {
    return traffic.demand[traffic.connectionOf(q)] * paths.weight[q];
  }

  private double busy(int q) {
    double links = Math.max(busyOf(paths.up[q]), busyOf(paths.down[q]));
    return Math.max(links, busyOf(port(q)));
  }

  private double busyOf(int link) {
    return loads[link] / links.gbps[link];
  }
}
