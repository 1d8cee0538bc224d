package dev.banyan.cluster.fabric;

import dev.banyan.cluster.JobTable;
import dev.banyan.cluster.Topology;
import dev.banyan.cluster.TrafficJob;
import dev.banyan.core.UserInputException;
import java.util.Arrays;
import java.util.List;

/**
 * The connections of all jobs: NIC k of a node sends to NIC k of the next in the ring, or of every
 * other node for an all-to-all. A connection has {@code queuePairs} queue pairs in every plane;
 * queue pair {@code i} of connection {@code k} has the number {@code k × perConnection + i} and
 * leaves by the port of plane {@code i mod planes}.
 */
public final class Traffic {
  public final int jobs;
  public final int connections;
  public final int perConnection;
  public final int[] job;
  public final int[] source;
  public final int[] destination;

  /** What a connection takes of its NIC's rate; 1 in a ring. */
  public final double[] demand;

  private final int planes;

  private Traffic(int jobs, int connections, int perConnection, int planes) {
    this.jobs = jobs;
    this.connections = connections;
    this.perConnection = perConnection;
    this.planes = planes;
    this.job = new int[connections];
    this.source = new int[connections];
    this.destination = new int[connections];
    this.demand = new double[connections];
  }

  /**
   * @throws UserInputException when a job is larger than the fabric, a node is in two jobs, or two
   *     NICs have no path
   */
  public static Traffic of(Topology topology, JobTable table) {
    check(topology, table);
    int count = 0;
    for (TrafficJob job : table.jobs()) {
      int n = job.ring().size();
      count += topology.nicsPerNode() * (all(job) ? n * (n - 1) : n == 1 ? 0 : n);
    }
    if (count == 0) {
      throw new UserInputException(
          "the jobs send nothing: each has one node; a job of two nodes or more was expected");
    }
    var traffic =
        new Traffic(
            table.jobs().size(), count, topology.planes() * table.queuePairs(), topology.planes());
    int k = 0;
    for (int j = 0; j < table.jobs().size(); j++) {
      TrafficJob job = table.jobs().get(j);
      int n = job.ring().size();
      for (int nic = 0; nic < topology.nicsPerNode(); nic++) {
        for (int i = 0; i < n; i++) {
          int last = all(job) ? n - 1 : Math.min(1, n - 1);
          for (int hop = 1; hop <= last; hop++) {
            traffic.job[k] = j;
            traffic.source[k] = job.ring().get(i) * topology.nicsPerNode() + nic;
            traffic.destination[k] = job.ring().get((i + hop) % n) * topology.nicsPerNode() + nic;
            traffic.demand[k] = 1.0 / last;
            k++;
          }
        }
      }
    }
    traffic.everyPairHasAPath(topology);
    return traffic;
  }

  private static boolean all(TrafficJob job) {
    return job.collective() == TrafficJob.Collective.ALL_TO_ALL;
  }

  private static void check(Topology topology, JobTable table) {
    int[] owner = new int[topology.nodes()];
    Arrays.fill(owner, -1);
    for (int j = 0; j < table.jobs().size(); j++) {
      TrafficJob job = table.jobs().get(j);
      if (job.ring().size() > topology.nodes()) {
        throw new UserInputException(
            "job '%s' has %,d nodes, the fabric has %,d"
                .formatted(job.name(), job.ring().size(), topology.nodes()));
      }
      for (int node : job.ring()) {
        if (node < 0 || node >= topology.nodes()) {
          throw new UserInputException(
              "job '%s' has node %d, the fabric has nodes 0 to %d"
                  .formatted(job.name(), node, topology.nodes() - 1));
        }
        if (owner[node] >= 0) {
          throw new UserInputException(
              owner[node] == j
                  ? "job '%s' has node %d twice".formatted(job.name(), node)
                  : "node %d is in job '%s' and in job '%s'; a node belongs to one job"
                      .formatted(node, table.jobs().get(owner[node]).name(), job.name()));
        }
        owner[node] = j;
      }
    }
  }

  /**
   * The same connections on a fabric with other failures.
   *
   * @throws UserInputException when two NICs have no path there
   */
  public Traffic onto(Topology topology) {
    everyPairHasAPath(topology);
    return this;
  }

  /** Every connection needs a path in some plane. */
  private void everyPairHasAPath(Topology topology) {
    int leaves = topology.leaves();
    var known = new java.util.BitSet(leaves * leaves);
    for (int k = 0; k < connections; k++) {
      int from = topology.leafOf(source[k]);
      int to = topology.leafOf(destination[k]);
      if (from == to || known.get(from * leaves + to)) {
        continue;
      }
      known.set(from * leaves + to);
      boolean any = false;
      for (int plane = 0; plane < planes; plane++) {
        any |= openPath(topology, plane, from, to) >= 0;
      }
      if (!any) {
        throw new UserInputException(
            "there is no path from leaf %d to leaf %d, which NIC %d of node %d needs; is a spine missing, or too much marked as failed?"
                .formatted(
                    from,
                    to,
                    source[k] % topology.nicsPerNode(),
                    source[k] / topology.nicsPerNode()));
      }
    }
  }

  /** The first path of a plane between two leaves, or -1. */
  public static int openPath(Topology topology, int plane, int from, int to) {
    for (int path = 0; path < topology.paths(); path++) {
      if (topology.open(plane, from, to, path)) {
        return path;
      }
    }
    return -1;
  }

  public int queuePairs() {
    return connections * perConnection;
  }

  public int planeOf(int queuePair) {
    return queuePair % perConnection % planes;
  }

  public int connectionOf(int queuePair) {
    return queuePair / perConnection;
  }

  /** Names of jobs of a table, for messages. */
  public static List<String> names(JobTable table) {
    return table.jobs().stream().map(TrafficJob::name).toList();
  }
}
