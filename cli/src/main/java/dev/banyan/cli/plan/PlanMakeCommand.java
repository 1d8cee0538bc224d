package dev.banyan.cli.plan;

import dev.banyan.cli.frame.Common;
import dev.banyan.core.ExitCode;
import dev.banyan.core.Format;
import dev.banyan.core.Result;
import dev.banyan.core.UserInputException;
import dev.banyan.plan.MemoryPlan;
import dev.banyan.plan.MemoryPlanner;
import dev.banyan.plan.PlanFigures;
import dev.banyan.plan.PlanOptions;
import dev.banyan.plan.Recomputation;
import dev.banyan.plan.StepGraph;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code banyan plan make GRAPH}, the same as {@code banyan plan GRAPH}. */
@Command(
    name = "make",
    description = {
      "Find the operator order and tensor layout that need the least memory, and say how far",
      "from the best possible they are. GRAPH comes from export_step.py (banyan plan exporter),",
      "or is a torch.export .pt2, XLA HLO (protobuf or text) or ONNX file; its content tells."
    },
    footer = "  banyan plan make step.json.gz --out plan.json --report plan.html")
public final class PlanMakeCommand implements Callable<ExitCode> {
  /** Recomputation looks further than an order does. */
  private static final double RECOMPUTE_FACTOR = 6;

  @Parameters(
      paramLabel = "GRAPH",
      description = "A step dump (.json, .json.gz), .pt2, HLO or ONNX.")
  private Path graphFile = Path.of("step.json.gz");

  @Option(names = "--out", paramLabel = "FILE", description = "Where the plan goes.")
  private @Nullable Path out;

  @Option(
      names = "--budget",
      paramLabel = "BYTES",
      description = {
        "What the arena may have: bytes, 1.5GB, or 75%% of the lower bound. Below the bound no",
        "order helps; then operators are run again, and --out is the plan of a new graph."
      })
  private @Nullable String budget;

  @Option(
      names = "--out-graph",
      paramLabel = "FILE",
      description = "Where the graph with copies goes (default: --out with .step.json.gz).")
  private @Nullable Path outGraph;

  @Option(
      names = "--seconds",
      paramLabel = "S",
      defaultValue = "10",
      description = "Time it may take; less when proven best (default: ${DEFAULT-VALUE}).")
  private double seconds = 10;

  @Mixin private Common common = new Common();

  @Override
  public ExitCode call() throws IOException {
    if (!(seconds > 0)) {
      throw new UserInputException("--seconds " + seconds + ": expected more than 0");
    }
    StepGraph graph = MemoryPlanner.read(graphFile);
    PlanOptions options = PlanOptions.standard().withSeconds(seconds).withSeed(common.seed());
    long started = System.nanoTime();
    MemoryPlan plan = MemoryPlanner.plan(graph, options);
    double took = (System.nanoTime() - started) / 1e9;
    PlanFigures figures = MemoryPlanner.figures(graph, plan);
    print(graph, figures, took);
    Result result = result(figures, took, plan);
    ExitCode exit = ExitCode.DONE;
    if (budget == null) {
      write(plan);
    } else {
      long bytes = ByteBudget.of(budget, figures.lowerBoundBytes());
      exit = withBudget(graph, plan, bytes, options, result);
    }
    common.emit(result, () -> PlanReport.of(graphFile, graph, plan, figures, took));
    return exit;
  }

  private void write(MemoryPlan plan) throws IOException {
    if (out != null) {
      MemoryPlanner.write(plan, out);
    }
  }

  private ExitCode withBudget(
      StepGraph graph, MemoryPlan plan, long bytes, PlanOptions options, Result result)
      throws IOException {
    result.put("budgetBytes", bytes);
    if (plan.arenaBytes() <= bytes) {
      common.out().printf("budget               %12s  the plan fits%n", bytes(bytes));
      write(plan);
      return ExitCode.DONE;
    }
    common
        .out()
        .printf(
            "budget               %12s  %s%n",
            bytes(bytes),
            bytes < plan.lowerBoundBytes()
                ? "below the lower bound: order cannot help, so operators are run again"
                : "no order was found that fits, so operators are run again");
    double seconds = RECOMPUTE_FACTOR * options.seconds();
    Recomputation again = MemoryPlanner.recompute(graph, plan, bytes, options.withSeconds(seconds));
    RecomputeFigures.print(common.out(), again);
    RecomputeFigures.put(result, again);
    List<String> faults = MemoryPlanner.checkCopies(graph, again.graph());
    if (!faults.isEmpty()) {
      throw new IllegalStateException("the graph with copies is wrong: " + faults.getFirst());
    }
    if (again.fits() && out != null) {
      Path to =
          outGraph == null
              ? out.resolveSibling(
                  out.getFileName().toString().replaceFirst("\\.json$", "") + ".step.json.gz")
              : outGraph;
      MemoryPlanner.write(again.graph(), to);
      MemoryPlanner.write(again.plan(), out);
      common.out().printf("wrote %s and %s%n", to, out);
    }
    return again.fits() ? ExitCode.DONE : ExitCode.NO;
  }

  private void print(StepGraph graph, PlanFigures figures, double took) {
    PrintWriter to = common.out();
    to.printf(
        "%s: %,d operators, %,d storages, %s persistent%n",
        graphFile,
        figures.operators(),
        figures.storages(),
        Format.bytes(figures.persistentBytes()));
    if (graph.producer().contains("before fusion")) {
      to.println(
          "before fusion: XLA will merge many of these operators, so these are no final sizes");
    }
    to.printf("program order        %12s  peak%n", bytes(figures.programOrderPeakBytes()));
    to.printf(
        "caching allocator    %12s  reserved for program order%n",
        bytes(figures.cachingAllocatorBytes()));
    to.printf("planned order        %12s  peak, %s%n", bytes(figures.peakBytes()), proof(figures));
    to.printf("lower bound          %12s  no order needs less%n", bytes(figures.lowerBoundBytes()));
    to.printf(
        "planned arena        %12s  fragmentation %s%n",
        bytes(figures.arenaBytes()), percent(figures.fragmentation()));
    to.printf(
        "saved                %12s  of the caching allocator, %s of all memory%n",
        percent(figures.savedVersusCaching()), percent(savedOfAll(figures)));
    to.printf("%s in %.2f s%n", advice(figures), took);
  }

  private static String bytes(long bytes) {
    return Format.bytes(bytes);
  }

  static String percent(double share) {
    return share == 0 ? "0 %" : String.format(java.util.Locale.ROOT, "%.3g %%", 100 * share);
  }

  static double savedOfAll(PlanFigures figures) {
    double before = figures.persistentBytes() + figures.cachingAllocatorBytes();
    return before == 0 ? 0 : (figures.cachingAllocatorBytes() - figures.arenaBytes()) / before;
  }

  static String proof(PlanFigures figures) {
    return figures.orderGap() == 0
        ? "proven best"
        : "at most " + percent(figures.orderGap()) + " above the best possible";
  }

  /** What the figures mean for somebody whose step does not fit. */
  static String advice(PlanFigures figures) {
    if (figures.programOrderPeakBytes() == figures.lowerBoundBytes()) {
      return "Program order is proven best: no other order needs less; only the layout helps.";
    }
    return figures.orderGap() == 0
        ? "This plan is proven best: if it does not fit, no reordering will."
        : "If the lower bound does not fit, no reordering will.";
  }

  private Result result(PlanFigures figures, double took, MemoryPlan plan) {
    return common
        .result()
        .put("operators", figures.operators())
        .put("storages", figures.storages())
        .put("persistentBytes", figures.persistentBytes())
        .put("programOrderPeakBytes", figures.programOrderPeakBytes())
        .put("cachingAllocatorBytes", figures.cachingAllocatorBytes())
        .put("peakBytes", figures.peakBytes())
        .put("lowerBoundBytes", figures.lowerBoundBytes())
        .put("orderGap", figures.orderGap())
        .put("arenaBytes", figures.arenaBytes())
        .put("fragmentation", figures.fragmentation())
        .put("savedVersusCaching", figures.savedVersusCaching())
        .put("seconds", took)
        .put("method", plan.method());
  }
}
