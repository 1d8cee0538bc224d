package dev.banyan.cluster.route;

import dev.banyan.cluster.Topology;
import dev.banyan.cluster.fabric.Links;
import dev.banyan.cluster.fabric.Paths;
import dev.banyan.cluster.fabric.RouteMethod;
import dev.banyan.cluster.fabric.Traffic;

/**
 * Equal-cost multi-path: every switch hashes a flow's addresses and ports and takes the link the
 * hash names (RFC 2992, hash-threshold left to modulo). The leaf chooses the spine and lane, the
 * spine chooses the lane down and, unless the receiving port is fixed, which of the receiver's
 * ports the flow comes in by: then it goes down that plane's link of the same spine, as it does in
 * fabrics whose bonded ports meet above the leaves. With one seed for all switches the choices
 * follow each other (polarisation).
 */
public final class Ecmp implements RouteMethod {
  private final boolean fixedReceive;

  public Ecmp(boolean fixedReceive) {
    this.fixedReceive = fixedReceive;
  }

  @Override
  public String name() {
    return fixedReceive ? "ECMP, fixed receive port" : "ECMP";
  }

  @Override
  public Paths route(Topology topology, Traffic traffic) {
    Paths paths = Paths.none(traffic);
    var links = new Links(topology);
    int planes = topology.planes();
    int lanes = topology.shape().lanes();
    int[] open = new int[topology.paths()];
    int[] below = new int[planes * lanes];
    for (int q = 0; q < traffic.queuePairs(); q++) {
      int k = traffic.connectionOf(q);
      int from = topology.leafOf(traffic.source[k]);
      int to = topology.leafOf(traffic.destination[k]);
      int plane = traffic.planeOf(q);
      long flow = flow(traffic, q);
      if (from == to) {
        // Below one leaf there is no spine, yet the leaf may choose either port.
        paths.receivePlane[q] =
            fixedReceive ? plane : (int) (hash(topology, flow, -1 - to) % planes);
        continue;
      }
      int count = 0;
      for (int path = 0; path < topology.paths(); path++) {
        boolean there = topology.gbps(plane, from, path) > 0;
        if (there && below(topology, plane, to, path / lanes, below) > 0) {
          open[count++] = path;
        }
      }
      if (count == 0) {
        continue;
      }
      int path = open[(int) (hash(topology, flow, plane * topology.leaves() + from) % count)];
      int spine = path / lanes;
      int choices = below(topology, plane, to, spine, below);
      int chosen = below[(int) (hash(topology, flow, 1 << 20 | plane << 16 | spine) % choices)];
      paths.receivePlane[q] = chosen / lanes;
      paths.up[q] = topology.index(plane, from, path);
      paths.down[q] =
          links.down(topology.index(chosen / lanes, to, spine * lanes + chosen % lanes));
    }
    paths.leaveTheDead(topology, traffic);
    return paths;
  }

  /** The live links from a spine down to a leaf, as plane × lanes + lane; how many. */
  private int below(Topology topology, int plane, int leaf, int spine, int[] into) {
    int lanes = topology.shape().lanes();
    int count = 0;
    for (int other = 0; other < topology.planes(); other++) {
      for (int lane = 0; lane < lanes && (!fixedReceive || other == plane); lane++) {
        if (topology.gbps(other, leaf, spine * lanes + lane) > 0) {
          into[count++] = other * lanes + lane;
        }
      }
    }
    return count;
  }

  /** Addresses and the source port of a queue pair. */
  private static long flow(Traffic traffic, int queuePair) {
    int k = traffic.connectionOf(queuePair);
    long pair = (long) traffic.source[k] << 32 | traffic.destination[k];
    return mix(mix(pair) + queuePair % traffic.perConnection);
  }

  private static long hash(Topology topology, long flow, int at) {
    long seed = topology.ecmp().seed();
    return mix(flow ^ mix(topology.ecmp().sameSeed() ? seed : seed * 31 + at)) >>> 1;
  }

  private static long mix(long z) {
    z += 0x9e3779b97f4a7c15L;
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }
}
