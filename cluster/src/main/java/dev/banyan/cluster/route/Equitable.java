package dev.banyan.cluster.route;

import dev.banyan.cluster.Topology;
import dev.banyan.cluster.fabric.Links;
import dev.banyan.cluster.fabric.Paths;
import dev.banyan.cluster.fabric.RouteMethod;
import dev.banyan.cluster.fabric.Traffic;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Ours. In each plane the queue pairs are edges between the leaves they leave and reach, and an
 * equitable colouring of them with the plane's paths as colours puts the same number, give or take
 * one, on every link of a leaf, up and down ({@link EquitableColouring}). What that leaves uneven
 * (unequal demands, unequal or dead links) is repaired by moving queue pairs to the least loaded
 * path, then by weights.
 */
public final class Equitable implements RouteMethod {
  /** No job can be faster than 1 over this, by bounds; nothing is gained below it. */
  private final double target;

  /**
   * @param boundGbps an upper bound on what all jobs can have; planning ends when it is reached
   */
  public Equitable(double boundGbps) {
    this.target = 1 / boundGbps;
  }

  @Override
  public String name() {
    return "equitable colouring";
  }

  @Override
  public Paths route(Topology topology, Traffic traffic) {
    var links = new Links(topology);
    Paths paths = coloured(topology, traffic, links);
    improve(topology, traffic, links, paths);
    return paths;
  }

  /**
   * Plans again after links went down or came back: what has a live path keeps it where it can.
   *
   * @param before paths on the same fabric with other failures
   */
  public Paths reroute(Topology topology, Traffic traffic, Paths before) {
    Paths paths = before.copy();
    improve(topology, traffic, new Links(topology), paths);
    return paths;
  }

  /** Repairs any paths and balances their weights. */
  void improve(Topology topology, Traffic traffic, Links links, Paths paths) {
    if (Paths.busiest(paths.loads(traffic, links), links) <= target * (1 + 1e-9)
        && alive(topology, traffic, links, paths)) {
      return;
    }
    new Repair(topology, traffic, links, paths).run(target, 8);
    new Weights(topology, traffic, links, paths).balance(target, 400);
  }

  private static boolean alive(Topology topology, Traffic traffic, Links links, Paths paths) {
    for (int q = 0; q < paths.up.length; q++) {
      boolean dark =
          paths.up[q] >= 0 && !(links.gbps[paths.up[q]] > 0 && links.gbps[paths.down[q]] > 0);
      if (dark || paths.dead(topology, traffic, q)) {
        return false;
      }
    }
    return true;
  }

  private static Paths coloured(Topology topology, Traffic traffic, Links links) {
    Paths paths = Paths.none(traffic);
    double[] classes =
        Arrays.stream(traffic.demand).distinct().sorted().toArray(); // colours count, not weigh
    int[] crossing = crossing(topology, traffic);
    for (double demand : classes) {
      List<int[]> seen = new ArrayList<>();
      List<int[]> colourings = new ArrayList<>();
      for (int plane = 0; plane < topology.planes(); plane++) {
        int[] usable = usable(topology, plane);
        if (usable.length == 0) {
          continue;
        }
        int[] edges = edges(traffic, crossing, demand, plane);
        int[] ends = ends(topology, traffic, edges, usable.length);
        int same = indexOf(seen, ends);
        int[] colours = same >= 0 ? colourings.get(same) : colour(ends, usable.length);
        if (same < 0) {
          seen.add(ends);
          colourings.add(colours);
        }
        for (int i = 0; i < edges.length; i++) {
          paths.take(topology, traffic, links, edges[i], usable[colours[i]]);
        }
      }
    }
    return paths;
  }

  private static int indexOf(List<int[]> list, int[] wanted) {
    for (int i = 0; i < list.size(); i++) {
      if (Arrays.equals(list.get(i), wanted)) {
        return i;
      }
    }
    return -1;
  }

  /** Paths of a plane that any leaf has; a dead spine is no colour. */
  private static int[] usable(Topology topology, int plane) {
    int[] usable = new int[topology.paths()];
    int count = 0;
    for (int path = 0; path < topology.paths(); path++) {
      boolean any = false;
      for (int leaf = 0; leaf < topology.leaves() && !any; leaf++) {
        any = topology.gbps(plane, leaf, path) > 0;
      }
      if (any) {
        usable[count++] = path;
      }
    }
    return Arrays.copyOf(usable, count);
  }

  private static int[] crossing(Topology topology, Traffic traffic) {
    int[] crossing = new int[traffic.connections];
    int count = 0;
    for (int k = 0; k < traffic.connections; k++) {
      if (topology.leafOf(traffic.source[k]) != topology.leafOf(traffic.destination[k])) {
        crossing[count++] = k;
      }
    }
    return Arrays.copyOf(crossing, count);
  }

  /** The queue pairs of a plane between leaves whose connections ask for {@code demand}. */
  private static int[] edges(Traffic traffic, int[] crossing, double demand, int plane) {
    int[] edges = new int[crossing.length * traffic.perConnection];
    int count = 0;
    for (int k : crossing) {
      for (int i = 0; i < traffic.perConnection && traffic.demand[k] == demand; i++) {
        int q = k * traffic.perConnection + i;
        if (traffic.planeOf(q) == plane) {
          edges[count++] = q;
        }
      }
    }
    return Arrays.copyOf(edges, count);
  }

  /** The leaves of every edge, one half after the other, and the number of colours. */
  private static int[] ends(Topology topology, Traffic traffic, int[] edges, int colours) {
    int[] ends = new int[2 * edges.length + 1];
    for (int i = 0; i < edges.length; i++) {
      int k = traffic.connectionOf(edges[i]);
      ends[i] = topology.leafOf(traffic.source[k]);
      ends[edges.length + i] = topology.leafOf(traffic.destination[k]);
    }
    ends[2 * edges.length] = colours;
    return ends;
  }

  private static int[] colour(int[] ends, int colours) {
    int edges = ends.length / 2;
    return EquitableColouring.colour(
        Arrays.copyOf(ends, edges), Arrays.copyOfRange(ends, edges, 2 * edges), colours);
  }
}
