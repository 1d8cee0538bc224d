package dev.banyan.cli.bench;

import dev.banyan.cli.frame.Common;
import dev.banyan.core.Progress;
import dev.banyan.plan.MemoryPlan;
import dev.banyan.plan.MemoryPlanner;
import dev.banyan.plan.PlanOptions;
import dev.banyan.plan.StepGraph;
import dev.banyan.tensor.Libtorch;
import dev.banyan.train.PlannedStep;
import dev.banyan.train.StepComparison;
import dev.banyan.train.StepRun;
import dev.banyan.train.StepValues;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Plans run for real, beside program order under separate allocations. */
final class RunTable {
  private final Common common;

  RunTable(Common common) {
    this.common = common;
  }

  /** One step's run. */
  record Row(
      String graph,
      boolean equal,
      int compared,
      int outKernels,
      int copied,
      int inPlace,
      long blockBytes,
      long separateLiveBytes,
      long largestTemporaryBytes,
      double seconds,
      double separateSeconds) {}

  List<Row> run(List<Path> files, PlanOptions options) throws IOException {
    Libtorch.start(Libtorch.Use.TRAIN_F32, Runtime.getRuntime().availableProcessors());
    common
        .out()
        .printf(
            "%n%-20s %6s %9s %9s %9s %8s %7s %7s %8s %8s%n",
            "run in one block",
            "bits",
            "block",
            "apart",
            "outside",
            "straight",
            "copied",
            "inplace",
            "seconds",
            "apart");
    List<Row> rows = new ArrayList<>();
    for (Path file : files) {
      StepGraph graph = MemoryPlanner.read(file);
      MemoryPlan plan = MemoryPlanner.plan(graph, options);
      StepValues values = StepValues.seeded(graph, common.seed());
      StepComparison found =
          PlannedStep.compare(graph, plan, values, common.seed(), Progress.none());
      rows.add(row(file, found));
      print(rows.getLast());
    }
    return rows;
  }

  private static Row row(Path file, StepComparison found) {
    StepRun planned = found.planned();
    return new Row(
        file.getFileName().toString().replaceFirst("\\.json(\\.gz)?$", ""),
        found.equal(),
        found.compared(),
        planned.outKernels(),
        planned.copied(),
        planned.inPlace(),
        planned.blockBytes(),
        found.separate().liveBytes(),
        planned.largestTemporaryBytes(),
        planned.seconds(),
        found.separate().seconds());
  }

  private void print(Row row) {
    common
        .out()
        .printf(
            "%-20s %6s %9.4f %9.4f %9.4f %8d %7d %7d %8.2f %8.2f%n",
            row.graph(),
            row.equal() ? "same" : "DIFFER",
            row.blockBytes() / 1e9,
            row.separateLiveBytes() / 1e9,
            row.largestTemporaryBytes() / 1e9,
            row.outKernels(),
            row.copied(),
            row.inPlace(),
            row.seconds(),
            row.separateSeconds());
  }
}
