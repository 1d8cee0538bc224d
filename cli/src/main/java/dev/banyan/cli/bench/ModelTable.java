package dev.banyan.cli.bench;

import dev.banyan.cli.frame.Common;
import dev.banyan.core.Progress;
import dev.banyan.plan.MemoryPlan;
import dev.banyan.plan.MemoryPlanner;
import dev.banyan.plan.ModelOutcome;
import dev.banyan.plan.PlanOptions;
import dev.banyan.plan.StepGraph;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** MODeL's integer programs beside Banyan's plans, graph by graph. */
final class ModelTable {
  private final Common common;

  ModelTable(Common common) {
    this.common = common;
  }

  /** One graph; {@code ratio} is a lower bound where MODeL was ended by time. */
  record Row(String graph, double ourSeconds, long peakBytes, long arenaBytes, ModelOutcome model) {
    double ratio() {
      return model.seconds() / ourSeconds;
    }

    boolean worse() {
      return (model.peakBytes() >= 0 && peakBytes > model.peakBytes())
          || (model.arenaBytes() >= 0 && arenaBytes > model.arenaBytes());
    }
  }

  Map<String, Object> run(List<Path> files, PlanOptions options, double seconds)
      throws IOException {
    common
        .out()
        .printf(
            "%nMODeL's programs, solver CP-SAT (OR-Tools), %.0f s a graph%n%-20s %11s %9s %9s %9s"
                + " %9s %9s %9s %9s  %s%n",
            seconds,
            "step",
            "variables",
            "its peak",
            "ours",
            "its arena",
            "ours",
            "its s",
            "our s",
            "ratio",
            "remark");
    List<Row> rows = new ArrayList<>();
    try (Progress progress = common.progress("MODeL", files.size(), "graphs")) {
      for (Path file : files) {
        rows.add(row(file, options, seconds));
        print(rows.getLast());
        progress.step(rows.size());
      }
    }
    double[] ratios =
        rows.stream().filter(row -> !row.model().refused()).mapToDouble(Row::ratio).toArray();
    Arrays.sort(ratios);
    double median = ratios.length == 0 ? 0 : ratios[(ratios.length - 1) / 2];
    long worse = rows.stream().filter(Row::worse).count();
    long ended = rows.stream().filter(r -> !r.model().refused() && !r.model().solved()).count();
    long refused = rows.stream().filter(row -> row.model().refused()).count();
    common
        .out()
        .printf(
            "median of %d ratios: %.0f x (%d of them lower bounds, ended by time); refused %d;"
                + " ours worse on %d%n",
            ratios.length, median, ended, refused, worse);
    return Map.of("rows", rows, "medianRatio", median, "endedByTime", ended, "worse", worse);
  }

  private static Row row(Path file, PlanOptions options, double seconds) throws IOException {
    StepGraph graph = MemoryPlanner.read(file);
    MemoryPlanner.plan(graph, options);
    long start = System.nanoTime();
    MemoryPlan plan = MemoryPlanner.plan(graph, options);
    double ours = (System.nanoTime() - start) / 1e9;
    ModelOutcome model = MemoryPlanner.model(graph, seconds, System::nanoTime);
    String name = file.getFileName().toString().replaceFirst("\\.json(\\.gz)?$", "");
    return new Row(name, ours, plan.peakBytes(), plan.arenaBytes(), model);
  }

  private void print(Row row) {
    ModelOutcome m = row.model();
    common
        .out()
        .printf(
            "%-20s %,11d %9s %9.4f %9s %9.4f %9.1f %9.3f %9s  %s%n",
            row.graph(),
            m.variables(),
            gigabytes(m.peakBytes()),
            row.peakBytes() / 1e9,
            gigabytes(m.arenaBytes()),
            row.arenaBytes() / 1e9,
            m.seconds(),
            row.ourSeconds(),
            m.refused() ? "-" : (m.solved() ? "" : ">=") + Math.round(row.ratio()),
            m.remark());
    common.out().flush();
  }

  private static String gigabytes(long bytes) {
    return bytes < 0 ? "-" : String.format(java.util.Locale.ROOT, "%.4f", bytes / 1e9);
  }
}
