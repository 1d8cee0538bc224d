package dev.banyan.train;

import java.util.List;

/**
 * A step run in one block of memory beside the same step in program order with memory of its own
 * for every storage.
 *
 * @param differing names of the results, parameters and state that differ in any bit
 * @param compared how many were compared
 * @param comparedBytes their bytes
 * @param planned the run in one block
 * @param separate the run under separate allocations
 */
public record StepComparison(
    List<String> differing, int compared, long comparedBytes, StepRun planned, StepRun separate) {
  public StepComparison {
    differing = List.copyOf(differing);
  }

  /** Whether every bit is the same. */
  public boolean equal() {
    return differing.isEmpty();
  }
}
