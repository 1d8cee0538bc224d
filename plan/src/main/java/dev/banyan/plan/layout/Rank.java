package dev.banyan.plan.layout;

import java.util.Arrays;
import java.util.Comparator;
import java.util.random.RandomGenerator;

/**
 * A static order of buffers: larger keys first, compared one after the other. MiniMalloc races
 * width, area and the largest total of a section in three orders (slides in its repository); size
 * and birth serve greedy placement.
 */
final class Rank {
  /** What a buffer is ordered by. */
  enum Key {
    WIDTH,
    AREA,
    TOTAL,
    SIZE,
    /** Born early. */
    EARLY,
    /** Lifetime in steps as given, not in sections. */
    STEPS,
    /** Live in every section. */
    WHOLE_RUN
  }

  private Rank() {}

  /** Positions in {@code timeline}, the first to be placed first; ties by position. */
  static int[] order(Timeline timeline, Key... keys) {
    return order(timeline, 0, new double[timeline.count()], keys);
  }

  /**
   * The same with every key of a buffer times e^x, x uniform in ± {@code noise} / 2 and drawn once
   * per buffer.
   */
  static int[] order(Timeline timeline, double noise, RandomGenerator random, Key... keys) {
    double[] shift = new double[timeline.count()];
    Arrays.setAll(shift, i -> random.nextDouble() - 0.5);
    return order(timeline, noise, shift, keys);
  }

  private static int[] order(Timeline timeline, double noise, double[] shift, Key... keys) {
    int n = timeline.count();
    double[][] value = new double[n][keys.length];
    for (int k = 0; k < keys.length; k++) {
      double[] of = values(timeline, keys[k]);
      for (int i = 0; i < n; i++) {
        value[i][k] = of[i] * StrictMath.exp(noise * shift[i]);
      }
    }
    Integer[] order = new Integer[n];
    Arrays.setAll(order, i -> i);
    Comparator<Integer> descending = (a, b) -> Arrays.compare(value[b], value[a]);
    Arrays.sort(order, descending);
    return Arrays.stream(order).mapToInt(i -> i).toArray();
  }

  private static double[] values(Timeline timeline, Key key) {
    double[] values = new double[timeline.count()];
    RangeMax totals = key == Key.TOTAL ? new RangeMax(timeline.load) : new RangeMax(new long[0]);
    for (int i = 0; i < values.length; i++) {
      double width = timeline.last[i] - timeline.first[i] + 1;
      values[i] =
          switch (key) {
            case WIDTH -> width;
            case AREA -> width * timeline.size[i];
            case TOTAL -> totals.of(timeline.first[i], timeline.last[i]);
            case SIZE -> timeline.size[i];
            case EARLY -> timeline.sections - timeline.first[i];
            case STEPS -> timeline.steps(i);
            case WHOLE_RUN -> width == timeline.sections ? 1 : 0;
          };
    }
    return values;
  }
}
