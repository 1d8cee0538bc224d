package dev.banyan.cli.plan;

import dev.banyan.core.Format;
import dev.banyan.core.Result;
import dev.banyan.plan.Recomputation;
import java.io.PrintWriter;

/** What recomputing costs and gives, beside the usual checkpoints. */
final class RecomputeFigures {
  private RecomputeFigures() {}

  static void print(PrintWriter to, Recomputation again) {
    to.printf(
        "recomputed arena     %12s  %s, %,d operators run again%n",
        Format.bytes(again.plan().arenaBytes()),
        again.fits() ? "fits" : "does NOT fit: the smallest that was found",
        again.copies());
    if (again.budgetBytes() < again.floorBytes()) {
      to.printf(
          "least possible       %12s  node '%s' alone touches that much: nothing gets below%n",
          Format.bytes(again.floorBytes()), again.floorOperator());
    }
    to.printf(
        "extra computing      %12s  of %.3g FLOPs (by shapes)%n",
        PlanMakeCommand.percent(again.extraShare()), again.stepFlops());
    to.printf(
        "every sqrt(n)-th kept%12s  peak, for %s more FLOPs%n",
        Format.bytes(again.checkpointPeakBytes()),
        PlanMakeCommand.percent(again.checkpointShare()));
  }

  static void put(Result result, Recomputation again) {
    result
        .put("recomputedArenaBytes", again.plan().arenaBytes())
        .put("recomputedPeakBytes", again.plan().peakBytes())
        .put("fits", again.fits())
        .put("copies", again.copies())
        .put("floorBytes", again.floorBytes())
        .put("extraFlops", again.extraFlops())
        .put("stepFlops", again.stepFlops())
        .put("checkpointPeakBytes", again.checkpointPeakBytes())
        .put("checkpointFlops", again.checkpointFlops());
  }
}
