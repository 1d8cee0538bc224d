package dev.banyan.cluster;

import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * The jobs that share a fabric.
 *
 * @param queuePairs of every connection in every plane
 */
public record JobTable(int queuePairs, List<TrafficJob> jobs) {
  public JobTable {
    jobs = List.copyOf(jobs);
    if (queuePairs < 1) {
      throw new IllegalArgumentException("queuePairs is " + queuePairs + ", must be at least 1");
    }
  }

  /** The same jobs on nodes drawn at random, each with its ring in a random order. */
  public JobTable shuffled(Topology topology, RandomGenerator random) {
    int[] nodes = new int[topology.nodes()];
    java.util.Arrays.setAll(nodes, i -> i);
    for (int i = nodes.length - 1; i > 0; i--) {
      int j = random.nextInt(i + 1);
      int swap = nodes[i];
      nodes[i] = nodes[j];
      nodes[j] = swap;
    }
    return onto(nodes);
  }

  /** The same jobs on nodes 0, 1, … one job after the other. */
  public JobTable packed() {
    int[] nodes = new int[jobs.stream().mapToInt(job -> job.ring().size()).sum()];
    java.util.Arrays.setAll(nodes, i -> i);
    return onto(nodes);
  }

  private JobTable onto(int[] nodes) {
    List<TrafficJob> moved = new ArrayList<>();
    int next = 0;
    for (TrafficJob job : jobs) {
      List<Integer> ring = new ArrayList<>();
      for (int i = 0; i < job.ring().size(); i++) {
        if (next == nodes.length) {
          throw new dev.banyan.core.UserInputException(
              "the jobs have more nodes than the fabric, which has " + nodes.length);
        }
        ring.add(nodes[next++]);
      }
      moved.add(new TrafficJob(job.name(), ring, job.collective(), job.bytes(), job.priority()));
    }
    return new JobTable(queuePairs, moved);
  }
}
