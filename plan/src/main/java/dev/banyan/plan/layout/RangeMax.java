package dev.banyan.plan.layout;

import java.util.ArrayList;
import java.util.List;

/** Largest value of any range in O(1) after O(n log n): a sparse table of powers of two. */
final class RangeMax {
  private final List<long[]> levels = new ArrayList<>();

  RangeMax(long[] values) {
    levels.add(values);
    for (int half = 1; 2 * half <= values.length; half *= 2) {
      long[] below = levels.getLast();
      long[] level = new long[values.length - 2 * half + 1];
      for (int i = 0; i < level.length; i++) {
        level[i] = Math.max(below[i], below[i + half]);
      }
      levels.add(level);
    }
  }

  /** The largest of the values from {@code first} to {@code last}, both included. */
  long of(int first, int last) {
    int level = 31 - Integer.numberOfLeadingZeros(last - first + 1);
    long[] values = levels.get(level);
    return Math.max(values[first], values[last - (1 << level) + 1]);
  }
}
