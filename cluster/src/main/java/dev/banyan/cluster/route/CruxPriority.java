package dev.banyan.cluster.route;

import dev.banyan.cluster.JobTable;
import dev.banyan.cluster.Topology;
import dev.banyan.cluster.TrafficJob;
import dev.banyan.cluster.fabric.Links;
import dev.banyan.cluster.fabric.Paths;
import dev.banyan.cluster.fabric.RouteMethod;
import dev.banyan.cluster.fabric.Traffic;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Path selection in the style of Crux (SIGCOMM 2024): the jobs whose traffic matters most choose
 * first, and every flow takes the path whose links are used least. Importance is the job's priority
 * times its bytes and NICs, because computation per job is not known here; Crux's priorities in the
 * switches' queues are left out, so rates stay max-min fair. Ports stay in their plane.
 */
public final class CruxPriority implements RouteMethod {
  private final JobTable table;

  public CruxPriority(JobTable table) {
    this.table = table;
  }

  @Override
  public String name() {
    return "Crux, priority";
  }

  @Override
  public Paths route(Topology topology, Traffic traffic) {
    Paths paths = Paths.none(traffic);
    var links = new Links(topology);
    double[] load = new double[2 * links.fabric];
    List<TrafficJob> jobs = table.jobs();
    List<Integer> order =
        IntStream.range(0, traffic.connections)
            .boxed()
            .sorted(Comparator.comparingDouble(k -> -intensity(jobs.get(traffic.job[k]))))
            .toList();
    for (int k : order) {
      int from = topology.leafOf(traffic.source[k]);
      int to = topology.leafOf(traffic.destination[k]);
      double share = traffic.demand[k] / traffic.perConnection;
      for (int i = 0; from != to && i < traffic.perConnection; i++) {
        int q = k * traffic.perConnection + i;
        int path = leastUsed(topology, links, load, traffic.planeOf(q), from, to, share);
        if (path >= 0) {
          paths.take(topology, traffic, links, q, path);
          load[paths.up[q]] += share;
          load[paths.down[q]] += share;
        }
      }
    }
    paths.leaveTheDead(topology, traffic);
    return paths;
  }

  private static double intensity(TrafficJob job) {
    return job.priority() * job.bytes() * job.ring().size();
  }

  /** The path whose busier link would be least busy, or -1. */
  static int leastUsed(
      Topology topology, Links links, double[] load, int plane, int from, int to, double more) {
    int best = -1;
    double least = Double.POSITIVE_INFINITY;
    for (int path = 0; path < topology.paths(); path++) {
      int up = topology.index(plane, from, path);
      int down = topology.index(plane, to, path);
      if (!(links.gbps[up] > 0 && links.gbps[down] > 0)) {
        continue;
      }
      double busy =
          Math.max(
              (load[up] + more) / links.gbps[up],
              (load[links.down(down)] + more) / links.gbps[down]);
      if (busy < least * (1 - 1e-12)) {
        least = busy;
        best = path;
      }
    }
    return best;
  }
}
