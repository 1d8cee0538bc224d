package dev.banyan.cluster.route;

import dev.banyan.cluster.PathCatalogue;
import dev.banyan.cluster.Topology;
import dev.banyan.cluster.fabric.Links;
import dev.banyan.cluster.fabric.Paths;
import dev.banyan.cluster.fabric.Traffic;
import dev.banyan.core.UserInputException;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;

/**
 * Source ports for planned paths out of a catalogue. A queue pair whose path has no port left takes
 * the least loaded path that has; weights are balanced again then.
 */
public final class Ports {
  private Ports() {}

  /**
   * Ports found.
   *
   * @param ports of every queue pair; 0 below one leaf
   */
  @SuppressWarnings("ArrayRecordComponent") // one for every queue pair; never compared
  public record Found(Paths paths, int[] ports, int moved) {}

  public static Found choose(
      Topology topology, Traffic traffic, Paths plan, PathCatalogue catalogue, double boundGbps) {
    Map<Long, Map<Integer, ArrayDeque<Integer>>> known = new HashMap<>();
    for (PathCatalogue.Pair pair : catalogue.pairs()) {
      var byPath =
          known.computeIfAbsent(
              key(topology, pair.sourceNic(), pair.destinationNic(), pair.plane()),
              x -> new HashMap<>());
      for (PathCatalogue.Port port : pair.ports()) {
        byPath.computeIfAbsent(port.path(), x -> new ArrayDeque<>()).add(port.port());
      }
    }
    Paths paths = plan.copy();
    var links = new Links(topology);
    int[] ports = new int[traffic.queuePairs()];
    int moved = 0;
    double[] loads = paths.loads(traffic, links);
    for (int q = 0; q < ports.length; q++) {
      if (paths.up[q] < 0) {
        continue;
      }
      int k = traffic.connectionOf(q);
      int plane = traffic.planeOf(q);
      var byPath = known.get(key(topology, traffic.source[k], traffic.destination[k], plane));
      if (byPath == null) {
        throw new UserInputException(
            "the catalogue has no ports from NIC %d to NIC %d in plane %d; probe that pair"
                .formatted(traffic.source[k], traffic.destination[k], plane));
      }
      int path = paths.up[q] % topology.paths();
      var left = byPath.get(path);
      // What is probed is a way within a plane, so crossing planes has no port.
      if (left == null || left.isEmpty() || paths.receivePlane[q] != plane) {
        path = another(topology, traffic, links, loads, q, byPath);
        double share = traffic.demand[k] * paths.weight[q];
        loads[paths.up[q]] -= share;
        loads[paths.down[q]] -= share;
        paths.take(topology, traffic, links, q, path);
        loads[paths.up[q]] += share;
        loads[paths.down[q]] += share;
        left = byPath.get(path);
        moved++;
      }
      if (left != null) {
        ports[q] = left.removeFirst();
      }
    }
    if (moved > 0) {
      new Weights(topology, traffic, links, paths).balance(1 / boundGbps, 400);
    }
    return new Found(paths, ports, moved);
  }

  private static long key(Topology topology, int source, int destination, int plane) {
    return ((long) source * topology.nics() + destination) * topology.planes() + plane;
  }

  private static int another(
      Topology topology,
      Traffic traffic,
      Links links,
      double[] loads,
      int q,
      Map<Integer, ArrayDeque<Integer>> byPath) {
    int k = traffic.connectionOf(q);
    int plane = traffic.planeOf(q);
    int from = topology.leafOf(traffic.source[k]);
    int to = topology.leafOf(traffic.destination[k]);
    int best = -1;
    double least = Double.POSITIVE_INFINITY;
    for (int path = 0; path < topology.paths(); path++) {
      var left = byPath.get(path);
      if (left == null || left.isEmpty() || !topology.open(plane, from, to, path)) {
        continue;
      }
      int up = topology.index(plane, from, path);
      int down = links.down(topology.index(plane, to, path));
      double busy = Math.max(loads[up] / links.gbps[up], loads[down] / links.gbps[down]);
      if (busy < least) {
        least = busy;
        best = path;
      }
    }
    if (best < 0) {
      throw new UserInputException(
          "the catalogue has too few ports from NIC %d to NIC %d in plane %d; probe more ports"
              .formatted(traffic.source[k], traffic.destination[k], plane));
    }
    return best;
  }
}
