package dev.banyan.cli.bench;

import dev.banyan.cli.frame.Common;
import dev.banyan.core.Progress;
import dev.banyan.plan.MemoryPlan;
import dev.banyan.plan.MemoryPlanner;
import dev.banyan.plan.PlanOptions;
import dev.banyan.plan.Recomputation;
import dev.banyan.plan.StepGraph;
import dev.banyan.tensor.Libtorch;
import dev.banyan.train.PlannedStep;
import dev.banyan.train.StepValues;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Plans below the bound: what running operators again costs. */
final class RecomputeTable {
  private static final double SECONDS = 60;

  private final Common common;
  private final boolean execute;

  /**
   * @param execute also run each step with its copies in one block, beside the original in program
   *     order, and compare every bit
   */
  RecomputeTable(Common common, boolean execute) {
    this.common = common;
    this.execute = execute;
  }

  /**
   * One graph at one budget; {@code holds} is what both checkers say, {@code equal} whether a run
   * gave the original's bits, null where it was not run.
   */
  record Row(
      String graph,
      int percent,
      long boundBytes,
      long budgetBytes,
      long floorBytes,
      long arenaBytes,
      boolean fits,
      boolean holds,
      @Nullable Boolean equal,
      int copies,
      double extraShare,
      long checkpointPeakBytes,
      double checkpointShare,
      double seconds) {}

  List<Row> run(List<Path> files, PlanOptions options, List<Integer> percents) throws IOException {
    if (execute) {
      Libtorch.start(Libtorch.Use.TRAIN_F32, Runtime.getRuntime().availableProcessors());
    }
    common
        .out()
        .printf(
            "%n%-20s %4s %9s %9s %9s %6s %7s %9s %11s %9s %8s %6s%n",
            "step",
            "%",
            "budget",
            "floor",
            "arena",
            "fits",
            "copies",
            "+FLOPs %",
            "sqrt(n) GB",
            "+FLOPs %",
            "seconds",
            execute ? "bits" : "");
    List<Row> rows = new ArrayList<>();
    try (Progress progress =
        common.progress("recompute", (long) files.size() * percents.size(), "plans")) {
      for (Path file : files) {
        StepGraph graph = MemoryPlanner.read(file);
        MemoryPlan plan = MemoryPlanner.plan(graph, options);
        for (int percent : percents) {
          rows.add(row(file, graph, plan, percent, options));
          print(rows.getLast());
          progress.step(rows.size());
        }
      }
    }
    return rows;
  }

  private Row row(Path file, StepGraph graph, MemoryPlan plan, int percent, PlanOptions options) {
    long budget = plan.lowerBoundBytes() / 100 * percent;
    long start = System.nanoTime();
    Recomputation again =
        MemoryPlanner.recompute(graph, plan, budget, options.withSeconds(SECONDS));
    boolean holds =
        MemoryPlanner.checkCopies(graph, again.graph()).isEmpty()
            && MemoryPlanner.check(again.graph(), again.plan()).holds();
    double seconds = (System.nanoTime() - start) / 1e9;
    return new Row(
        file.getFileName().toString().replaceFirst("\\.json(\\.gz)?$", ""),
        percent,
        plan.lowerBoundBytes(),
        budget,
        again.floorBytes(),
        again.plan().arenaBytes(),
        again.fits(),
        holds,
        (execute && holds) ? sameBits(graph, again) : null,
        again.copies(),
        again.extraShare(),
        again.checkpointPeakBytes(),
        again.checkpointShare(),
        seconds);
  }

  private boolean sameBits(StepGraph original, Recomputation again) {
    StepValues values = StepValues.seeded(original, common.seed());
    return PlannedStep.compare(
            original, again.graph(), again.plan(), values, common.seed(), Progress.none())
        .equal();
  }

  private void print(Row row) {
    common
        .out()
        .printf(
            "%-20s %4d %9.4f %9.4f %9.4f %6s %7d %9.3f %11.4f %9.3f %8.2f %6s%s%n",
            row.graph(),
            row.percent(),
            row.budgetBytes() / 1e9,
            row.floorBytes() / 1e9,
            row.arenaBytes() / 1e9,
            row.fits() ? "yes" : "no",
            row.copies(),
            100 * row.extraShare(),
            row.checkpointPeakBytes() / 1e9,
            100 * row.checkpointShare(),
            row.seconds(),
            bits(row),
            row.holds() ? "" : "  DOES NOT HOLD");
    common.out().flush();
  }

  private static String bits(Row row) {
    if (row.equal() == null) {
      return "";
    }
    return row.equal() ? "same" : "DIFFER";
  }
}
