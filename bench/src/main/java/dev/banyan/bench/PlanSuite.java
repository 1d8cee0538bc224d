package dev.banyan.bench;

import dev.banyan.core.Progress;
import dev.banyan.core.Seed;
import dev.banyan.plan.MemoryPlan;
import dev.banyan.plan.MemoryPlanner;
import dev.banyan.plan.PlanFigures;
import dev.banyan.plan.PlanOptions;
import dev.banyan.plan.PlanRow;
import dev.banyan.plan.StepGraph;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Banyan's plans beside every published order, on a suite of steps and on a generated one. */
public final class PlanSuite {
  private PlanSuite() {}

  /**
   * One step of the suite.
   *
   * @param holds whether the independent checker found no fault
   * @param rows every method on this step
   */
  public record Outcome(
      String graph, PlanFigures figures, double seconds, boolean holds, List<PlanRow> rows) {
    public Outcome {
      rows = List.copyOf(rows);
    }

    /** Arena bytes of LESCEA with LLFB, ROAM's rival. */
    public long lesceaBytes() {
      return rows.stream()
          .filter(row -> row.method().startsWith("LESCEA"))
          .mapToLong(PlanRow::arenaBytes)
          .findFirst()
          .orElse(0);
    }

    /** The published method with the smallest arena. */
    public PlanRow bestRival() {
      PlanRow best = rows.getFirst();
      for (PlanRow row : rows.subList(0, rows.size() - 2)) {
        best = row.arenaBytes() < best.arenaBytes() ? row : best;
      }
      return best;
    }
  }

  /** Plans and checks every step dump of {@code files}. */
  public static List<Outcome> measure(List<Path> files, PlanOptions options, Progress progress)
      throws IOException {
    List<Outcome> outcomes = new ArrayList<>();
    for (Path file : files) {
      StepGraph graph = MemoryPlanner.read(file);
      String name = file.getFileName().toString().replaceFirst("\\.json(\\.gz)?$", "");
      outcomes.add(measure(name, graph, options));
      progress.step(outcomes.size(), name);
    }
    return outcomes;
  }

  /** Plans a generated step of about this many operators; rivals are not run. */
  public static Outcome generated(int operators, PlanOptions options) {
    StepGraph graph = GeneratedStep.of(operators, new Seed(options.seed().value()));
    long start = options.nanoTime().getAsLong();
    MemoryPlan plan = MemoryPlanner.plan(graph, options);
    double seconds = (options.nanoTime().getAsLong() - start) / 1e9;
    boolean holds = plan.peakBytes() >= plan.lowerBoundBytes();
    return new Outcome("generated", MemoryPlanner.figures(graph, plan), seconds, holds, List.of());
  }

  private static Outcome measure(String name, StepGraph graph, PlanOptions options) {
    long start = options.nanoTime().getAsLong();
    MemoryPlan plan = MemoryPlanner.plan(graph, options);
    double seconds = (options.nanoTime().getAsLong() - start) / 1e9;
    return new Outcome(
        name,
        MemoryPlanner.figures(graph, plan),
        seconds,
        MemoryPlanner.check(graph, plan).holds(),
        MemoryPlanner.compare(graph, options));
  }
}
