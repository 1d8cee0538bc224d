package dev.banyan.cluster.route;

import dev.banyan.cluster.Topology;
import dev.banyan.cluster.fabric.Links;
import dev.banyan.cluster.fabric.Paths;
import dev.banyan.cluster.fabric.RouteMethod;
import dev.banyan.cluster.fabric.Traffic;

/**
 * Path allocation of C4P (C4, HPCA 2025, the part on traffic engineering), rebuilt from its two
 * rules: what leaves a left port arrives at a left port, and the queue pairs of a NIC are spread
 * evenly over the spines, avoiding links that are in use. Queue pairs come one after the other, as
 * connections are opened, and each takes the path its NIC uses least; among those the one whose
 * busier link carries the fewest queue pairs; then the first. Weights are equal: C4P's dynamic
 * balance is not part of the plan. O(queue pairs × paths).
 */
public final class GreedyC4p implements RouteMethod {
  @Override
  public String name() {
    return "C4P, greedy";
  }

  @Override
  public Paths route(Topology topology, Traffic traffic) {
    Paths paths = Paths.none(traffic);
    var links = new Links(topology);
    int choices = topology.paths();
    int[] onLink = new int[2 * links.fabric];
    byte[] ofNic = new byte[topology.nics() * topology.planes() * choices];
    for (int q = 0; q < traffic.queuePairs(); q++) {
      int k = traffic.connectionOf(q);
      int from = topology.leafOf(traffic.source[k]);
      int to = topology.leafOf(traffic.destination[k]);
      if (from == to) {
        continue;
      }
      int plane = traffic.planeOf(q);
      int nic = (traffic.source[k] * topology.planes() + plane) * choices;
      int best = -1;
      long least = Long.MAX_VALUE;
      for (int path = 0; path < choices; path++) {
        if (!topology.open(plane, from, to, path)) {
          continue;
        }
        int up = onLink[topology.index(plane, from, path)];
        int down = onLink[links.down(topology.index(plane, to, path))];
        long cost =
            ((long) ofNic[nic + path] << 48) + ((long) Math.max(up, down) << 24) + up + down;
        if (cost < least) {
          least = cost;
          best = path;
        }
      }
      if (best >= 0) {
        paths.take(topology, traffic, links, q, best);
        ofNic[nic + best] = (byte) Math.min(100, ofNic[nic + best] + 1);
        onLink[paths.up[q]]++;
        onLink[paths.down[q]]++;
      }
    }
    paths.leaveTheDead(topology, traffic);
    return paths;
  }
}
