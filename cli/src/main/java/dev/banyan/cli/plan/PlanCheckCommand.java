package dev.banyan.cli.plan;

import dev.banyan.cli.frame.Common;
import dev.banyan.core.ExitCode;
import dev.banyan.core.Format;
import dev.banyan.core.UserInputException;
import dev.banyan.plan.MemoryPlan;
import dev.banyan.plan.MemoryPlanner;
import dev.banyan.plan.PlanCheck;
import dev.banyan.plan.StepGraph;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code banyan plan check GRAPH PLAN}. */
@Command(
    name = "check",
    description = {
      "Hold a plan against its graph with a checker that shares nothing with the planner: order,",
      "lifetimes, overlaps, alignment, and every claim recomputed. Exit code 1 when it does not hold."
    },
    footer = "  banyan plan check step.json.gz plan.json")
public final class PlanCheckCommand implements Callable<ExitCode> {
  @Parameters(index = "0", paramLabel = "GRAPH", description = "The step dump.")
  private Path graphFile = Path.of("step.json.gz");

  @Parameters(index = "1", paramLabel = "PLAN", description = "The plan made for it.")
  private Path planFile = Path.of("plan.json");

  @Mixin private Common common = new Common();

  @Override
  public ExitCode call() throws IOException {
    StepGraph graph = MemoryPlanner.read(graphFile);
    MemoryPlan plan = planFor(graph, graphFile, planFile);
    PlanCheck check = MemoryPlanner.check(graph, plan);
    check.faults().forEach(fault -> common.out().println(planFile + ": " + fault));
    if (check.holds()) {
      common
          .out()
          .printf(
              "%s: holds: %,d operators in order, no overlap, peak %s, arena %s, bound %s proven%n",
              planFile,
              plan.order().size(),
              Format.bytes(check.peakBytes()),
              Format.bytes(check.arenaBytes()),
              Format.bytes(plan.lowerBoundBytes()));
    }
    common.emit(
        common
            .result()
            .put("holds", check.holds())
            .put("faults", check.faults())
            .put("peakBytes", check.peakBytes())
            .put("arenaBytes", check.arenaBytes()));
    return check.holds() ? ExitCode.DONE : ExitCode.NO;
  }

  /** Reads a plan; one for another graph is refused. */
  static MemoryPlan planFor(StepGraph graph, Path graphFile, Path planFile) throws IOException {
    MemoryPlan plan = MemoryPlanner.readPlan(planFile);
    String hash = MemoryPlanner.hash(graph);
    if (!plan.graphHash().equals(hash)) {
      throw new UserInputException(
          planFile
              + ": is a plan for another graph (hash "
              + shown(plan.graphHash())
              + ", "
              + graphFile
              + " has "
              + shown(hash)
              + "); make it again with banyan plan make");
    }
    return plan;
  }

  private static String shown(String hash) {
    return hash.length() > 12 ? hash.substring(0, 12) + "…" : hash;
  }
}
