package dev.banyan.bench;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Rates of two sides that were measured in turn, so that what else the machine did fell on both.
 * Ratios are taken pair by pair and their median is what is reported: one pair that was disturbed
 * does not move it.
 *
 * @param ours rate of each pair, higher is better
 * @param peer the same; empty when no peer was run
 */
public record Pairs(List<Double> ours, List<Double> peer) {
  public Pairs {
    ours = List.copyOf(ours);
    peer = List.copyOf(peer);
    if (ours.isEmpty() || (!peer.isEmpty() && peer.size() != ours.size())) {
      throw new IllegalArgumentException(
          "%d rates of ours and %d of the peer are no pairs".formatted(ours.size(), peer.size()));
    }
  }

  /** Whether a peer was run. */
  public boolean compared() {
    return !peer.isEmpty();
  }

  public double ourMedian() {
    return median(ours);
  }

  /** NaN when no peer was run. */
  public double peerMedian() {
    return median(peer);
  }

  /** Ours divided by the peer's, of each pair in the order they were run. */
  public List<Double> ratios() {
    return IntStream.range(0, peer.size())
        .mapToObj(pair -> ours.get(pair) / peer.get(pair))
        .toList();
  }

  /** NaN when no peer was run. */
  public double medianRatio() {
    return median(ratios());
  }

  /** The middle value, the mean of the two middle ones of an even number; NaN of none. */
  public static double median(List<Double> values) {
    if (values.isEmpty()) {
      return Double.NaN;
    }
    double[] sorted = values.stream().mapToDouble(Double::doubleValue).toArray();
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }
}
