package dev.banyan.cli.plan;

import dev.banyan.core.Chart;
import dev.banyan.core.Format;
import dev.banyan.core.Report;
import dev.banyan.core.Table;
import dev.banyan.plan.Budget;
import dev.banyan.plan.Buffers;
import dev.banyan.plan.Layout;
import dev.banyan.plan.MemoryPlan;
import dev.banyan.plan.MemoryPlanner;
import dev.banyan.plan.PlanFigures;
import dev.banyan.plan.StepGraph;
import dev.banyan.plan.Storage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** The page of {@code banyan plan make --report}. */
final class PlanReport {
  private static final int POINTS = 1500;

  private PlanReport() {}

  static Report of(
      Path file, StepGraph graph, MemoryPlan plan, PlanFigures figures, double seconds) {
    Report report =
        Report.titled("Memory plan of " + file.getFileName())
            .subtitle(
                "%,d operators, %,d storages, %s of parameters, state and inputs beside the arena"
                    .formatted(
                        figures.operators(),
                        figures.storages(),
                        Format.bytes(figures.persistentBytes())))
            .figure("arena", Format.bytes(figures.arenaBytes()), "what the step needs as planned")
            .figure(
                "saved",
                PlanMakeCommand.percent(figures.savedVersusCaching()),
                "of "
                    + Format.bytes(figures.cachingAllocatorBytes())
                    + " the caching allocator takes")
            .figure(
                "lower bound",
                Format.bytes(figures.lowerBoundBytes()),
                PlanMakeCommand.proof(figures))
            .figure(
                "fragmentation", PlanMakeCommand.percent(figures.fragmentation()), "of the arena")
            .figure("time", "%.2f s".formatted(seconds), plan.method())
            .note(PlanMakeCommand.advice(figures));
    report.section("Memory over time").chart(memory(graph, plan, figures));
    arena(report, graph, plan);
    peak(report, graph, plan);
    return report.command(
        "banyan plan make " + file + " --seed " + plan.seed() + " --report plan.html");
  }

  private static Chart memory(StepGraph graph, MemoryPlan plan, PlanFigures figures) {
    Chart chart =
        Chart.lines("Live bytes at each step")
            .x("step")
            .y("GB")
            .fromZero()
            .mark(figures.lowerBoundBytes() / 1e9, "lower bound");
    add(chart, "program order", MemoryPlanner.loads(graph, graph.programOrder()));
    add(chart, "planned order", MemoryPlanner.loads(graph, plan.order()));
    return chart.caption("No order has its highest point below the dashed line.");
  }

  /** The largest load of every stretch of steps, so that no peak is lost. */
  private static void add(Chart chart, String name, long[] loads) {
    int stretch = Math.max(1, (loads.length + POINTS - 1) / POINTS);
    int count = (loads.length + stretch - 1) / stretch;
    double[] x = new double[count];
    double[] y = new double[count];
    for (int k = 0; k < loads.length; k++) {
      int point = k / stretch;
      x[point] = (double) point * stretch;
      y[point] = Math.max(y[point], loads[k] / 1e9);
    }
    chart.series(name, x, y);
  }

  private static void arena(Report report, StepGraph graph, MemoryPlan plan) {
    Buffers buffers = MemoryPlanner.buffers(graph, plan);
    List<Storage> storages = MemoryPlanner.inArena(graph);
    long[] offsets = storages.stream().mapToLong(s -> plan.offsets().get(s.id())).toArray();
    Layout layout = new Layout(buffers, offsets, 0, plan.method(), Budget.nodes(0));
    LayoutPicture picture =
        LayoutPicture.of(buffers, storages.stream().map(Storage::name).toList(), layout);
    report
        .section("The arena")
        .image(picture.svg(), "image/svg+xml", "each storage a rectangle", picture.caption());
  }

  private static void peak(Report report, StepGraph graph, MemoryPlan plan) {
    long[] loads = MemoryPlanner.loads(graph, plan.order());
    int at = IntStream.range(0, loads.length).reduce(0, (a, b) -> loads[b] > loads[a] ? b : a);
    Buffers buffers = MemoryPlanner.buffers(graph, plan);
    List<Storage> storages = MemoryPlanner.inArena(graph);
    List<Integer> live = new ArrayList<>();
    for (int i = 0; i < buffers.count(); i++) {
      if (buffers.get(i).lowerStep() <= at && at < buffers.get(i).upperStep()) {
        live.add(i);
      }
    }
    live.sort(Comparator.comparingLong(i -> -buffers.get(i).sizeBytes()));
    Table table = Table.of("made by", "operator", "bytes", "from step", "to step");
    for (int i : live.subList(0, Math.min(10, live.size()))) {
      int maker = plan.order().get((int) buffers.get(i).lowerStep());
      table.row(
          storages.get(i).name(),
          graph.operators().get(maker).target(),
          buffers.get(i).sizeBytes(),
          buffers.get(i).lowerStep(),
          buffers.get(i).upperStep() - 1);
    }
    if (loads.length > 0) {
      report
          .section("What makes the peak")
          .paragraph(
              "The peak of %s is at step %,d, while '%s' runs. The largest of the %,d storages live there:"
                  .formatted(
                      Format.bytes(loads[at]),
                      at,
                      graph.operators().get(plan.order().get(at)).name(),
                      live.size()))
          .table(table);
    }
  }
}
