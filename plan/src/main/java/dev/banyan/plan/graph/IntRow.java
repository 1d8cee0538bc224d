package dev.banyan.plan.graph;

import java.util.Arrays;
import java.util.function.IntConsumer;

/** A list of ints that grows. */
public final class IntRow {
  private int[] values = new int[4];
  private int size;

  public void add(int value) {
    if (size == values.length) {
      values = Arrays.copyOf(values, 2 * size);
    }
    values[size++] = value;
  }

  public int get(int index) {
    return values[index];
  }

  public int size() {
    return size;
  }

  public boolean isEmpty() {
    return size == 0;
  }

  public void clear() {
    size = 0;
  }

  public void forEach(IntConsumer each) {
    for (int i = 0; i < size; i++) {
      each.accept(values[i]);
    }
  }

  public int[] toArray() {
    return Arrays.copyOf(values, size);
  }

  /** Ascending, without repetition, without −1 and without {@code except}. */
  int[] sorted(int except) {
    int[] sorted = toArray();
    Arrays.sort(sorted);
    int kept = 0;
    for (int each : sorted) {
      if (each >= 0 && each != except && (kept == 0 || sorted[kept - 1] != each)) {
        sorted[kept++] = each;
      }
    }
    return Arrays.copyOf(sorted, kept);
  }
}
