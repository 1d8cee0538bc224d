package dev.banyan.serve.simulate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Memory and instances, looked at in even steps from the first arrival to the last. */
final class Samples {
  private final double stepSeconds;
  private final double endSeconds;
  private double next;
  private long count;
  private double fragmentation;
  private double paid;
  private final List<double[]> load = new ArrayList<>();

  Samples(double stepSeconds, double endSeconds) {
    this.stepSeconds = stepSeconds;
    this.endSeconds = endSeconds;
  }

  /** Takes the samples before {@code to}, during which nothing changed. */
  void upTo(double to, List<Engine> live) {
    if (next >= to || next > endSeconds) {
      return;
    }
    double share = fragmented(live);
    double[] used = new double[live.size()];
    for (int i = 0; i < used.length; i++) {
      used[i] = (double) live.get(i).usedBlocks() / live.get(i).profile.memory().blocks();
    }
    while (next < to && next <= endSeconds) {
      count++;
      fragmentation += share;
      load.add(used);
      next += stepSeconds;
    }
  }

  /**
   * The share of all memory that is free, would admit blocked requests at the heads of queues, and
   * cannot because it is scattered (Llumnix, OSDI 2024, section 6.3): heads are fitted into the sum
   * of the free memory, smallest first.
   */
  private static double fragmented(List<Engine> live) {
    int[] demands = new int[live.size()];
    int blocked = 0;
    long free = 0;
    long total = 0;
    for (Engine each : live) {
      total += each.profile.memory().blocks();
      free += Math.max(0, each.freeBlocks() - each.profile.watermarkBlocks());
      SimRequest head = each.head();
      if (head != null && each.blocked(head)) {
        demands[blocked++] = each.demand(head);
      }
    }
    Arrays.sort(demands, 0, blocked);
    long fitting = 0;
    for (int i = 0; i < blocked && fitting + demands[i] <= free; i++) {
      fitting += demands[i];
    }
    return (double) fitting / total;
  }

  /** Instance-seconds that were paid before an instance was up. */
  void paidSeconds(double seconds) {
    paid += seconds;
  }

  double paid() {
    return paid;
  }

  double stepSeconds() {
    return stepSeconds;
  }

  double fragmentationFraction() {
    return count == 0 ? 0 : fragmentation / count;
  }

  /** Used share of each instance that was up, per sample. */
  List<double[]> load() {
    return load;
  }
}
