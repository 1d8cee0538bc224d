package dev.banyan.cli.bench;

import dev.banyan.bench.PlanSuite;
import dev.banyan.bench.PlanSummary;
import dev.banyan.cli.frame.Common;
import dev.banyan.cli.frame.UsesLibtorch;
import dev.banyan.core.ExitCode;
import dev.banyan.core.Progress;
import dev.banyan.core.Report;
import dev.banyan.core.Result;
import dev.banyan.core.Table;
import dev.banyan.plan.PlanFigures;
import dev.banyan.plan.PlanOptions;
import dev.banyan.plan.PlanRow;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code banyan bench plan GRAPH…}. */
@UsesLibtorch
@Command(
    name = "plan",
    description = "Memory plans beside every published order, on step dumps and a generated step.",
    footer = "  banyan bench plan suite/*.json.gz --generated 100000")
public final class BenchPlanCommand implements Callable<ExitCode> {
  private static final double FULL_MODEL_SECONDS = 1800;

  @Parameters(
      paramLabel = "GRAPH",
      arity = "0..*",
      description = "Step dumps; interop/make_plan_suite.sh makes the suite.")
  private List<Path> files = List.of();

  @Option(
      names = "--generated",
      paramLabel = "N",
      defaultValue = "0",
      description = "Also plan a generated step of about N operators.")
  private int generated;

  @Option(
      names = "--model-seconds",
      paramLabel = "S",
      defaultValue = "0",
      description = "Also solve MODeL's programs with CP-SAT, S seconds a step (default: not).")
  private double modelSeconds;

  @Option(names = "--full", description = "The tables of the docs: MODeL with 1800 s a step.")
  private boolean full;

  @Option(
      names = "--budgets",
      split = ",",
      paramLabel = "PERCENT",
      description = "Also plan with recomputation within these percentages of the bound.")
  private List<Integer> budgets = List.of();

  @Option(
      names = "--run",
      description =
          "Also run every step (and every plan of --budgets) for real, and compare its bits.")
  private boolean run;

  @Option(names = "--seconds", defaultValue = "10", description = "Per step (default: 10).")
  private double seconds = 10;

  @Mixin private Common common = new Common();

  @Override
  public ExitCode call() throws IOException {
    PlanOptions options = PlanOptions.standard().withSeconds(seconds).withSeed(common.seed());
    List<PlanSuite.Outcome> outcomes;
    try (Progress progress = common.progress("bench plan", files.size(), "steps")) {
      outcomes = new ArrayList<>(PlanSuite.measure(files, options, progress));
    }
    heading();
    outcomes.forEach(this::print);
    Result result = common.result();
    if (!outcomes.isEmpty()) {
      PlanSummary summary = PlanSummary.of(outcomes);
      print(summary);
      result.put("summary", summary);
    }
    if (generated > 0) {
      PlanSuite.Outcome large = PlanSuite.generated(generated, options.withSeconds(120));
      print(large);
      outcomes.add(large);
    }
    double cap = full ? FULL_MODEL_SECONDS : modelSeconds;
    if (cap > 0) {
      result.put("model", new ModelTable(common).run(files, options, cap));
    }
    boolean same = true;
    if (!budgets.isEmpty()) {
      List<RecomputeTable.Row> rows = new RecomputeTable(common, run).run(files, options, budgets);
      result.put("recompute", rows);
      same = rows.stream().noneMatch(row -> Boolean.FALSE.equals(row.equal()));
    }
    if (run) {
      List<RunTable.Row> rows = new RunTable(common).run(files, options);
      result.put("run", rows);
      same &= rows.stream().allMatch(RunTable.Row::equal);
    }
    common.emit(
        result.put("steps", outcomes), () -> Report.titled("Memory plans").table(table(outcomes)));
    boolean hold = outcomes.stream().allMatch(PlanSuite.Outcome::holds);
    return hold && same ? ExitCode.DONE : ExitCode.NO;
  }

  private void heading() {
    common
        .out()
        .printf(
            "%-20s %7s %9s %9s %9s %9s %8s %9s %7s %7s %9s %8s  %s%n",
            "step",
            "ops",
            "program",
            "caching",
            "peak",
            "bound",
            "gap %",
            "arena",
            "frag %",
            "saved %",
            "LESCEA+",
            "seconds",
            "best rival");
  }

  private void print(PlanSuite.Outcome outcome) {
    PlanFigures f = outcome.figures();
    common
        .out()
        .printf(
            "%-20s %7d %9.4f %9.4f %9.4f %9.4f %8.4f %9.4f %7.3f %7.1f %9.4f %8.2f  %s%s%n",
            outcome.graph(),
            f.operators(),
            f.programOrderPeakBytes() / 1e9,
            f.cachingAllocatorBytes() / 1e9,
            f.peakBytes() / 1e9,
            f.lowerBoundBytes() / 1e9,
            100 * f.orderGap(),
            f.arenaBytes() / 1e9,
            100 * f.fragmentation(),
            100 * f.savedVersusCaching(),
            outcome.lesceaBytes() / 1e9,
            outcome.seconds(),
            rival(outcome),
            outcome.holds() ? "" : "  DOES NOT HOLD");
  }

  private void print(PlanSummary summary) {
    var out = common.out();
    out.printf(
        "%nwithin 0.05 %% of the bound: %.0f %% of %d steps, largest gap %.3f %%%n",
        100 * summary.gapWithin(), summary.steps(), 100 * summary.largestGap());
    out.printf(
        "fragmentation: median %.3f %%, largest %.3f %%%n",
        100 * summary.medianFragmentation(), 100 * summary.largestFragmentation());
    summary
        .savedBatch1()
        .ifPresent(
            saved ->
                out.printf(
                    "saved of the caching allocator, ROAM's seven rows, batch 1: %.1f %%%n",
                    100 * saved));
    summary
        .savedBatch32()
        .ifPresent(
            saved ->
                out.printf(
                    "saved of the caching allocator, ROAM's seven rows, batch 32: %.1f %%%n",
                    100 * saved));
    out.printf(
        "saved of LESCEA with LLFB: mean %.1f %% (ROAM on its own steps: 13.3 %%), worse on %s%n",
        100 * summary.savedLescea(),
        summary.worseThanLescea().isEmpty()
            ? "none"
            : String.join(", ", summary.worseThanLescea()));
  }

  /** The published method with the smallest arena, and how much larger than ours it is. */
  private static String rival(PlanSuite.Outcome outcome) {
    if (outcome.rows().isEmpty()) {
      return "";
    }
    PlanRow best = outcome.bestRival();
    double more = (double) best.arenaBytes() / outcome.figures().arenaBytes() - 1;
    return String.format(Locale.ROOT, "%s %+.2f %%", best.method(), 100 * more);
  }

  private static Table table(List<PlanSuite.Outcome> outcomes) {
    Table table = Table.of("step", "program GB", "caching GB", "peak GB", "bound GB", "arena GB");
    for (PlanSuite.Outcome outcome : outcomes) {
      PlanFigures f = outcome.figures();
      table.row(
          outcome.graph(),
          f.programOrderPeakBytes() / 1e9,
          f.cachingAllocatorBytes() / 1e9,
          f.peakBytes() / 1e9,
          f.lowerBoundBytes() / 1e9,
          f.arenaBytes() / 1e9);
    }
    return table;
  }
}
