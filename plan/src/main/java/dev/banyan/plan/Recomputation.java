package dev.banyan.plan;

/**
 * A plan that runs some operators again, because no order of the step fits the budget.
 *
 * @param graph the step with copies of operators, called {@code NAME~K}; results and what it writes
 *     to parameters are those of the original, bit for bit
 * @param plan its plan
 * @param budgetBytes what was asked for
 * @param copies operators run again
 * @param extraFlops of the copies, by the shapes
 * @param stepFlops of the step without them
 * @param floorBytes what one operator's inputs and outputs need at once: no plan can need less
 * @param floorOperator that operator's name
 * @param checkpointPeakBytes what keeping every √n-th activation would need at most at once
 * @param checkpointFlops what that would cost more
 */
public record Recomputation(
    StepGraph graph,
    MemoryPlan plan,
    long budgetBytes,
    int copies,
    double extraFlops,
    double stepFlops,
    long floorBytes,
    String floorOperator,
    long checkpointPeakBytes,
    double checkpointFlops) {
  /** Whether the arena is within the budget. */
  public boolean fits() {
    return plan.arenaBytes() <= budgetBytes;
  }

  /** The copies' FLOPs as a share of the step's. */
  public double extraShare() {
    return stepFlops == 0 ? 0 : extraFlops / stepFlops;
  }

  /** The same for keeping every √n-th activation. */
  public double checkpointShare() {
    return stepFlops == 0 ? 0 : checkpointFlops / stepFlops;
  }
}
