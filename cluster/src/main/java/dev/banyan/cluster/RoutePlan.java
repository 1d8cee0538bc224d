package dev.banyan.cluster;

import dev.banyan.cluster.fabric.Links;
import dev.banyan.cluster.fabric.Paths;
import dev.banyan.cluster.fabric.Traffic;
import dev.banyan.cluster.simulate.Rates;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Paths and weights for all queue pairs of a fabric's jobs. Immutable; made by the door. */
public final class RoutePlan {
  private final Topology topology;
  private final JobTable jobs;
  private final Traffic traffic;
  private final Paths paths;
  private final String method;
  private final int @Nullable [] ports;

  RoutePlan(
      Topology topology,
      JobTable jobs,
      Traffic traffic,
      Paths paths,
      String method,
      int @Nullable [] ports) {
    this.topology = topology;
    this.jobs = jobs;
    this.traffic = traffic;
    this.paths = paths;
    this.method = method;
    this.ports = ports;
  }

  public Topology topology() {
    return topology;
  }

  public JobTable jobs() {
    return jobs;
  }

  /** What chose the paths. */
  public String method() {
    return method;
  }

  public int queuePairs() {
    return traffic.queuePairs();
  }

  /** Whether a source port was found for every queue pair that crosses leaves. */
  public boolean hasPorts() {
    return ports != null;
  }

  /** Every queue pair, connection by connection. */
  public List<PlannedFlow> flows() {
    List<PlannedFlow> flows = new ArrayList<>(queuePairs());
    int lanes = topology.shape().lanes();
    for (int q = 0; q < queuePairs(); q++) {
      int k = traffic.connectionOf(q);
      int path = paths.up[q] < 0 ? -1 : paths.up[q] % topology.paths();
      flows.add(
          new PlannedFlow(
              jobs.jobs().get(traffic.job[k]).name(),
              traffic.source[k],
              traffic.destination[k],
              q % traffic.perConnection,
              traffic.planeOf(q),
              paths.receivePlane[q],
              path < 0 ? -1 : path / lanes,
              path < 0 ? 0 : path % lanes,
              paths.weight[q],
              ports == null || ports[q] == 0 ? null : (Integer) ports[q]));
    }
    return flows;
  }

  /** Bus bandwidth of every job by max-min fair rates, Gb/s of a NIC. */
  public double[] jobGbps() {
    boolean[] all = new boolean[traffic.jobs];
    Arrays.fill(all, true);
    return Rates.of(traffic, new Links(topology), paths, all, topology.shape().nvlinkGbps());
  }

  /**
   * How much of every link is asked for when all jobs run at a rate: [direction (0 up, 1 down),
   * plane, leaf, path] flattened, as a share of the link's rate; NaN where there is no link.
   *
   * @param gbps of every job, as {@link #jobGbps} gives
   */
  public double[][] linkLoads(double[] gbps) {
    var links = new Links(topology);
    double[][] loads = new double[2][links.fabric];
    for (int q = 0; q < queuePairs(); q++) {
      int k = traffic.connectionOf(q);
      if (paths.up[q] >= 0) {
        double load = traffic.demand[k] * paths.weight[q] * gbps[traffic.job[k]];
        loads[0][paths.up[q]] += load;
        loads[1][paths.down[q] - links.fabric] += load;
      }
    }
    for (int e = 0; e < links.fabric; e++) {
      for (double[] direction : loads) {
        direction[e] = links.gbps[e] > 0 ? direction[e] / links.gbps[e] : Double.NaN;
      }
    }
    return loads;
  }

  /** How many queue pairs go over every link, [direction, link] as {@link #linkLoads}. */
  public int[][] linkQueuePairs() {
    var links = new Links(topology);
    int[][] counts = new int[2][links.fabric];
    for (int q = 0; q < queuePairs(); q++) {
      if (paths.up[q] >= 0) {
        counts[0][paths.up[q]]++;
        counts[1][paths.down[q] - links.fabric]++;
      }
    }
    return counts;
  }

  /** The same paths with every queue pair of a connection carrying as much as the next. */
  public RoutePlan withEqualWeights() {
    return new RoutePlan(
        topology,
        jobs,
        traffic,
        paths.evenly(topology, traffic),
        method + ", equal weights",
        ports);
  }

  Traffic traffic() {
    return traffic;
  }

  Paths paths() {
    return paths;
  }

  int @Nullable [] ports() {
    return ports;
  }
}
