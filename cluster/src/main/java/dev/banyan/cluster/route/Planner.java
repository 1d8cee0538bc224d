package dev.banyan.cluster.route;

import dev.banyan.cluster.JobTable;
import dev.banyan.cluster.Topology;
import dev.banyan.cluster.fabric.Links;
import dev.banyan.cluster.fabric.Paths;
import dev.banyan.cluster.fabric.RouteMethod;
import dev.banyan.cluster.fabric.Traffic;
import java.util.Arrays;
import java.util.List;

/**
 * Ours: the equitable colouring; and where it does not reach the bound on a fabric that is not very
 * large and has unequal links or demands, the published ways as further beginnings, repaired and
 * balanced alike, and as they are. The best for the slowest job is taken, so no published way is
 * better for it.
 */
public final class Planner {
  /** Above this many queue pairs only the colouring is tried. */
  private static final int MOST_FOR_ALL = 1 << 15;

  private static final String EQUITABLE = new Equitable(1).name();

  private Planner() {}

  /** Paths and where they come from. */
  public record Found(Paths paths, String method) {}

  /**
   * Plans.
   *
   * @param boundGbps an upper bound; nothing more is tried when it is reached
   */
  public static Found plan(Topology topology, JobTable jobs, Traffic traffic, double boundGbps) {
    var ours = new Equitable(boundGbps);
    var found = new Found(ours.route(topology, traffic), ours.name());
    return orOthers(topology, jobs, traffic, boundGbps, found);
  }

  /** Plans from paths on the same fabric with other failures. */
  public static Found replan(
      Topology topology, JobTable jobs, Traffic traffic, Paths before, double boundGbps) {
    Paths paths = new Equitable(boundGbps).reroute(topology, traffic, before);
    return orOthers(topology, jobs, traffic, boundGbps, new Found(paths, "re-planned"));
  }

  private static Found orOthers(
      Topology topology, JobTable jobs, Traffic traffic, double boundGbps, Found first) {
    var links = new Links(topology);
    double least = busiest(traffic, links, first.paths);
    if (traffic.queuePairs() > MOST_FOR_ALL
        || least <= (1 + 1e-12) / boundGbps
        || (first.method.equals(EQUITABLE) && alike(topology, traffic))) {
      return first;
    }
    Found best = first;
    var ours = new Equitable(boundGbps);
    List<RouteMethod> others =
        List.of(
            new Equitable(boundGbps),
            new GreedyC4p(),
            new CruxPriority(jobs),
            new Ecmp(true),
            new Ecmp(false));
    for (RouteMethod method : others) {
      Paths raw = method.route(topology, traffic);
      Paths better = raw.copy();
      ours.improve(topology, traffic, links, better);
      for (Paths each : List.of(better, raw)) {
        double busy = busiest(traffic, links, each);
        if (busy < least * (1 - 1e-9)) {
          least = busy;
          best = new Found(each, each == raw ? method.name() : method.name() + ", balanced");
        }
      }
    }
    return best;
  }

  /**
   * Whether all links and all demands are alike. Then no way with equal weights has a less busy
   * busiest link than the equitable one: a leaf with d queue pairs has ⌈d / paths⌉ on some link.
   */
  private static boolean alike(Topology topology, Traffic traffic) {
    double link = topology.gbps(0, 0, 0);
    for (int plane = 0; plane < topology.planes(); plane++) {
      for (int leaf = 0; leaf < topology.leaves(); leaf++) {
        for (int path = 0; path < topology.paths(); path++) {
          if (topology.gbps(plane, leaf, path) != link) {
            return false;
          }
        }
      }
    }
    return Arrays.stream(traffic.demand).allMatch(each -> each == traffic.demand[0]);
  }

  private static double busiest(Traffic traffic, Links links, Paths paths) {
    return Paths.busiest(paths.loads(traffic, links), links);
  }
}
