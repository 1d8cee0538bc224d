package dev.banyan.plan.recompute;

import java.util.List;

/**
 * Which storages to be without, for how long: every step above the target must be relieved.
 *
 * @param loads bytes live at each step
 * @param target what they must come down to
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record CoverProblem(long[] loads, long target, List<Choice> choices) {
  CoverProblem {
    choices = List.copyOf(choices);
  }

  /**
   * One storage's absence.
   *
   * @param from first step it is gone
   * @param to the step that has it again
   */
  record Choice(int from, int to, long savedBytes, double flops) {}
}
