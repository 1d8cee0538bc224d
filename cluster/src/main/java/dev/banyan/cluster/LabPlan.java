package dev.banyan.cluster;

import dev.banyan.core.Seed;
import java.nio.file.Path;
import java.util.List;

/**
 * What the fault lab does.
 *
 * @param runs how many; faults and programs take turns
 * @param lanes runs side by side
 * @param ranks of a job
 * @param programs what the ranks run
 * @param faults what is done to them; what this machine cannot make is left out
 * @param loopback whether ranks share the machine's network, which leaves the faults of processes
 * @param folder runs are kept in while they last; those that missed stay
 * @param seed draws culprits and moments
 */
public record LabPlan(
    int runs,
    int lanes,
    int ranks,
    List<RankProgram> programs,
    List<Fault> faults,
    boolean loopback,
    Path folder,
    Seed seed) {
  public LabPlan {
    programs = List.copyOf(programs);
    faults = List.copyOf(faults);
    if (runs < 1 || lanes < 1 || lanes > 32) {
      throw new IllegalArgumentException(
          "runs %d and lanes %d must be at least 1, lanes at most 32".formatted(runs, lanes));
    }
    if (ranks < 3 || ranks > 64) {
      throw new IllegalArgumentException("ranks is " + ranks + ", must lie within 3 and 64");
    }
    if (programs.isEmpty() || faults.isEmpty()) {
      throw new IllegalArgumentException("a lab needs a program and a fault");
    }
  }
}
