package dev.banyan.cluster;

import java.util.List;

/**
 * A training job as the fabric sees it.
 *
 * @param name as people call it
 * @param ring its nodes in the order their ring has
 * @param collective what it does over and over
 * @param bytes of one collective, for each NIC of a node
 * @param priority weight of the job where a method knows priorities; 1 is usual
 */
public record TrafficJob(
    String name, List<Integer> ring, Collective collective, long bytes, double priority) {
  public TrafficJob {
    ring = List.copyOf(ring);
  }

  /** What a job does, and what it asks of a NIC. */
  public enum Collective {
    ALL_REDUCE,
    ALL_GATHER,
    REDUCE_SCATTER,
    ALL_TO_ALL;

    /** Bytes that leave a NIC for one collective, as a share of its bytes ({@code n} nodes). */
    public double wireShare(int n) {
      double each = (n - 1.0) / n;
      return this == ALL_REDUCE ? 2 * each : each;
    }
  }

  /** A ring all-reduce of 1 GiB over nodes in the order given. */
  public static TrafficJob allReduce(String name, List<Integer> ring) {
    return new TrafficJob(name, ring, Collective.ALL_REDUCE, 1L << 30, 1);
  }
}
