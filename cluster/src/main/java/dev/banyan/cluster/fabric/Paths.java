package dev.banyan.cluster.fabric;

import dev.banyan.cluster.Topology;
import java.util.Arrays;

/**
 * The path and the share of every queue pair: uplink, downlink (numbers of {@link Links}; -1 below
 * one leaf), plane of the receiving port, and weight. Weights of a connection sum to 1.
 */
public final class Paths {
  public final int[] up;
  public final int[] down;
  public final int[] receivePlane;
  public final double[] weight;

  private Paths(int[] up, int[] down, int[] receivePlane, double[] weight) {
    this.up = up;
    this.down = down;
    this.receivePlane = receivePlane;
    this.weight = weight;
  }

  /** No path yet, equal weights, received in the plane they are sent in. */
  public static Paths none(Traffic traffic) {
    int count = traffic.queuePairs();
    int[] up = new int[count];
    int[] receive = new int[count];
    double[] weight = new double[count];
    Arrays.fill(up, -1);
    Arrays.fill(weight, 1.0 / traffic.perConnection);
    for (int q = 0; q < count; q++) {
      receive[q] = traffic.planeOf(q);
    }
    return new Paths(up, up.clone(), receive, weight);
  }

  public Paths copy() {
    return new Paths(up.clone(), down.clone(), receivePlane.clone(), weight.clone());
  }

  /** The same paths with equal weights; queue pairs without a path have none. */
  public Paths evenly(Topology topology, Traffic traffic) {
    Paths even = copy();
    Arrays.fill(even.weight, 1.0 / traffic.perConnection);
    even.leaveTheDead(topology, traffic);
    return even;
  }

  /** Whether a queue pair crosses leaves and has no path to do it. */
  public boolean dead(Topology topology, Traffic traffic, int queuePair) {
    int k = traffic.connectionOf(queuePair);
    return up[queuePair] < 0
        && topology.leafOf(traffic.source[k]) != topology.leafOf(traffic.destination[k]);
  }

  /** Takes the weight of queue pairs without a path and spreads it over the others, as a bond. */
  public void leaveTheDead(Topology topology, Traffic traffic) {
    for (int k = 0; k < traffic.connections; k++) {
      int first = k * traffic.perConnection;
      double left = 0;
      boolean lost = false;
      for (int q = first; q < first + traffic.perConnection; q++) {
        if (dead(topology, traffic, q)) {
          lost |= weight[q] > 0;
          weight[q] = 0;
        }
        left += weight[q];
      }
      for (int q = first; lost && q < first + traffic.perConnection; q++) {
        weight[q] =
            left > 0
                ? weight[q] / left
                : dead(topology, traffic, q) ? 0 : 1.0 / alive(topology, traffic, k);
      }
    }
  }

  private int alive(Topology topology, Traffic traffic, int connection) {
    int alive = 0;
    for (int i = 0; i < traffic.perConnection; i++) {
      alive += dead(topology, traffic, connection * traffic.perConnection + i) ? 0 : 1;
    }
    return alive;
  }

  /** Sends a queue pair by a path of its own plane. */
  public void take(Topology topology, Traffic traffic, Links links, int queuePair, int path) {
    take(topology, traffic, links, queuePair, path, traffic.planeOf(queuePair));
  }

  /** Sends a queue pair by a path, down into the receiver's port of another plane. */
  public void take(
      Topology topology, Traffic traffic, Links links, int queuePair, int path, int receive) {
    int k = traffic.connectionOf(queuePair);
    int plane = traffic.planeOf(queuePair);
    up[queuePair] = topology.index(plane, topology.leafOf(traffic.source[k]), path);
    down[queuePair] =
        links.down(topology.index(receive, topology.leafOf(traffic.destination[k]), path));
    receivePlane[queuePair] = receive;
  }

  /** Gb/s on every link for each Gb/s of all jobs. */
  public double[] loads(Traffic traffic, Links links) {
    double[] loads = new double[links.count];
    for (int q = 0; q < up.length; q++) {
      int k = traffic.connectionOf(q);
      double load = traffic.demand[k] * weight[q];
      if (up[q] >= 0) {
        loads[up[q]] += load;
        loads[down[q]] += load;
      }
      loads[links.sending(traffic.source[k], traffic.planeOf(q))] += load;
      loads[links.receiving(traffic.destination[k], receivePlane[q])] += load;
    }
    return loads;
  }

  /** The largest load over rate: no job is slower than 1 over this. */
  public static double busiest(double[] loads, Links links) {
    double busiest = 0;
    for (int e = 0; e < loads.length; e++) {
      if (loads[e] > 0) {
        busiest = Math.max(busiest, loads[e] / links.gbps[e]);
      }
    }
    return busiest;
  }
}
