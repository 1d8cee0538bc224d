package dev.banyan.plan;

import java.util.List;

/**
 * What the checker found.
 *
 * @param faults what is wrong, one line each; empty when the plan holds
 * @param peakBytes the peak as recomputed; 0 when the order is no order
 * @param arenaBytes the arena as recomputed
 */
public record PlanCheck(List<String> faults, long peakBytes, long arenaBytes) {
  public PlanCheck {
    faults = List.copyOf(faults);
  }

  public boolean holds() {
    return faults.isEmpty();
  }
}
