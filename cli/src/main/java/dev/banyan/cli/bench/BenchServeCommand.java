package dev.banyan.cli.bench;

import dev.banyan.bench.ServeRivals;
import dev.banyan.cli.frame.Common;
import dev.banyan.cli.frame.TextTable;
import dev.banyan.core.ExitCode;
import dev.banyan.core.Progress;
import dev.banyan.core.Report;
import dev.banyan.core.Table;
import dev.banyan.serve.Comparison;
import dev.banyan.serve.Figures;
import dev.banyan.serve.PolicyOutcome;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code banyan bench serve}. */
@Command(
    name = "serve",
    description = "Policies that dispatch and move requests, beside each other and their bars.",
    footer = "  banyan bench serve --traces azure-2023-conv.csv,mooncake-conversation.jsonl")
public final class BenchServeCommand implements Callable<ExitCode> {
  @Mixin private final Common common = new Common();

  @Option(
      names = "--traces",
      paramLabel = "FILES",
      split = ",",
      description = "Traces to run beside the generated workloads.")
  private List<Path> traces = List.of();

  @Option(
      names = "--seeds",
      paramLabel = "N",
      defaultValue = "10",
      description = "Draws of every workload (default: ${DEFAULT-VALUE}).")
  private int seeds = 10;

  @Option(
      names = "--requests",
      paramLabel = "N",
      defaultValue = "10000",
      description = "Requests per draw (default: ${DEFAULT-VALUE}).")
  private int requests = 10_000;

  @Option(
      names = "--schedules",
      paramLabel = "N",
      description = "Schedules of faults (default: 5,000; 100,000 with --full).")
  private @Nullable Long schedules;

  @Option(
      names = "--full",
      description = "More rates, variations and thresholds; says first how long it takes.")
  private boolean full;

  @Override
  public ExitCode call() throws IOException {
    if (full) {
      common.err().println("bench serve --full takes about 15 minutes on two cores");
      common.err().flush();
    }
    long faults = schedules != null ? schedules : full ? 100_000 : 5_000;
    var options = new ServeRivals.Options(seeds, requests, faults, traces, full, common.seed());
    ServeRivals.Outcome outcome;
    try (Progress progress = common.progress("bench serve", ServeRivals.steps(options), "parts")) {
      outcome = ServeRivals.measure(options, progress);
    }
    Table bars = Table.of("part", "what", "figure", "bar", "holds");
    for (ServeRivals.Line line : outcome.lines()) {
      bars.row(line.part(), line.what(), line.figure(), line.bar(), line.holds() ? "yes" : "NO");
    }
    common.out().print(TextTable.of(bars));
    outcome.comparisons().forEach((name, each) -> print(name, each));
    common
        .out()
        .printf(
            "%d of %d bars hold%n",
            outcome.lines().size() - outcome.missed(), outcome.lines().size());
    Map<String, Object> tables = new LinkedHashMap<>();
    outcome.comparisons().forEach((name, each) -> tables.put(name, json(each)));
    common.emit(
        common.result().put("bars", outcome.lines()).put("comparisons", tables),
        () -> {
          Report report = Report.titled("banyan bench serve").section("Bars").table(bars);
          outcome.comparisons().forEach((name, each) -> report.section(name).table(table(each)));
          return report;
        });
    return ExitCode.DONE;
  }

  private void print(String name, Comparison comparison) {
    common.out().println(name);
    common.out().print(TextTable.of(table(comparison)));
  }

  private static Table table(Comparison comparison) {
    Table table =
        Table.of(
            "policy",
            "request s",
            "request P99 s",
            "prefill s",
            "prefill P99 s",
            "decode P99 ms",
            "lost s",
            "fragm. %",
            "moved",
            "refused",
            "instance-s",
            "P99 prefill of every seed");
    for (PolicyOutcome each : comparison.policies()) {
      Figures f = each.pooled();
      StringBuilder every = new StringBuilder();
      for (Figures seed : each.perSeed()) {
        every.append(every.isEmpty() ? "" : " ").append(two(seed.prefillP99Seconds()));
      }
      table.row(
          each.policy(),
          two(f.requestMeanSeconds()),
          two(f.requestP99Seconds()),
          two(f.prefillMeanSeconds()),
          two(f.prefillP99Seconds()),
          two(f.decodeP99Seconds() * 1e3),
          two(f.preemptionLossSeconds()),
          two(f.fragmentationFraction() * 100),
          Math.round(f.moves() + f.requeues() + f.replays()),
          Math.round(f.refusedMoves()),
          Math.round(f.instanceSeconds()),
          every.toString());
    }
    return table;
  }

  private static double two(double value) {
    double step = value < 1 ? 1000 : value < 100 ? 100 : 10;
    return Math.round(value * step) / step;
  }

  private static Map<String, Object> json(Comparison comparison) {
    Map<String, Object> policies = new LinkedHashMap<>();
    for (PolicyOutcome each : comparison.policies()) {
      policies.put(each.policy(), Map.of("pooled", each.pooled(), "perSeed", each.perSeed()));
    }
    return policies;
  }
}
