package dev.banyan.cli.plan;

import dev.banyan.cli.frame.Common;
import dev.banyan.core.ExitCode;
import dev.banyan.core.Format;
import dev.banyan.core.Report;
import dev.banyan.core.Table;
import dev.banyan.plan.MemoryPlanner;
import dev.banyan.plan.PlanOptions;
import dev.banyan.plan.PlanRow;
import dev.banyan.plan.StepGraph;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code banyan plan compare GRAPH…}. */
@Command(
    name = "compare",
    description = "Every order with a layout of its kind, on the same graphs, in one table.",
    footer = "  banyan plan compare resnet50.json.gz gpt2.json.gz")
public final class PlanCompareCommand implements Callable<ExitCode> {
  @Parameters(paramLabel = "GRAPH", arity = "1..*", description = "Step dumps.")
  private List<Path> files = List.of();

  @Option(
      names = "--seconds",
      paramLabel = "S",
      defaultValue = "10",
      description = "Time Banyan's own plan may take per graph (default: ${DEFAULT-VALUE}).")
  private double seconds = 10;

  @Mixin private Common common = new Common();

  @Override
  public ExitCode call() throws IOException {
    List<Map<String, Object>> graphs = new ArrayList<>();
    Report report = Report.titled("Plans compared");
    for (Path file : files) {
      StepGraph graph = MemoryPlanner.read(file);
      List<PlanRow> rows = new ArrayList<>();
      MemoryPlanner.own(file).ifPresent(rows::add);
      rows.addAll(
          MemoryPlanner.compare(
              graph, PlanOptions.standard().withSeconds(seconds).withSeed(common.seed())));
      print(file, graph, rows);
      graphs.add(Map.of("graph", file.toString(), "rows", rows));
      report.section(file.getFileName().toString()).table(table(rows));
    }
    common.emit(common.result().put("graphs", graphs), () -> report);
    return ExitCode.DONE;
  }

  private void print(Path file, StepGraph graph, List<PlanRow> rows) {
    common
        .out()
        .printf(
            "%s: %,d operators%s%n",
            file,
            graph.operators().size(),
            graph.producer().isEmpty() ? "" : ", " + graph.producer());
    common
        .out()
        .printf(
            "  %-22s %12s %12s %14s %9s%n", "order", "peak", "arena", "fragmentation", "seconds");
    for (PlanRow row : rows) {
      common
          .out()
          .printf(
              "  %-22s %12s %12s %14s %9.3f%n",
              row.method(),
              Format.bytes(row.peakBytes()),
              row.arenaBytes() == 0 ? "" : Format.bytes(row.arenaBytes()),
              row.arenaBytes() == 0 ? "" : PlanMakeCommand.percent(row.fragmentation()),
              row.seconds());
    }
  }

  private static Table table(List<PlanRow> rows) {
    Table table = Table.of("order", "peak, bytes", "arena, bytes", "seconds");
    for (PlanRow row : rows) {
      table.row(
          row.method(),
          row.peakBytes(),
          row.arenaBytes() == 0 ? null : row.arenaBytes(),
          row.seconds());
    }
    return table;
  }
}
