package dev.banyan.bench;

import java.util.List;

/**
 * Resident memory of a process after each of its steps.
 *
 * @param bytes after step 1, 2, …
 */
public record MemoryCurve(List<Long> bytes) {
  public MemoryCurve {
    bytes = List.copyOf(bytes);
    if (bytes.isEmpty()) {
      throw new IllegalArgumentException("a memory curve needs at least one step");
    }
  }

  /** How many steps there were. */
  public int steps() {
    return bytes.size();
  }

  /** Resident bytes after this step, from 1. */
  public long after(int step) {
    return bytes.get(step - 1);
  }

  /** Growth from one step to another: 1.0 is none. */
  public double ratio(int later, int earlier) {
    return (double) after(later) / after(earlier);
  }

  /** Least-squares slope over the steps from {@code first} on, in bytes per 100 steps. */
  public double bytesPer100Steps(int first) {
    int count = steps() - first + 1;
    if (first < 1 || count < 2) {
      throw new IllegalArgumentException("no slope from step " + first + " of " + steps());
    }
    double meanStep = (first + steps()) / 2.0;
    double meanBytes =
        bytes.subList(first - 1, steps()).stream().mapToLong(Long::longValue).average().orElse(0);
    double products = 0;
    double squares = 0;
    for (int step = first; step <= steps(); step++) {
      products += (step - meanStep) * (after(step) - meanBytes);
      squares += (step - meanStep) * (step - meanStep);
    }
    return 100 * products / squares;
  }
}
