package dev.banyan.plan.integer;

import com.google.ortools.Loader;
import dev.banyan.plan.ModelOutcome;
import dev.banyan.plan.StepGraph;
import dev.banyan.plan.graph.Dag;
import dev.banyan.plan.graph.Loads;
import java.util.Locale;
import java.util.function.LongSupplier;

/**
 * MODeL (Steiner, Elhoushi, Kahn, Hegarty: "MODeL: Memory Optimizations for Deep Learning", ICML
 * 2023) with CP-SAT in place of Gurobi, which may not be shipped: its order program, then its
 * layout program with what is left of the time. The solver is loaded when this is first called.
 */
public final class Model {
  /** Programs with more variables are refused, as memory would end before time does. */
  public static final long MOST_VARIABLES = 5_000_000;

  private Model() {}

  /**
   * Solves both programs.
   *
   * @param seconds for both together, building them included
   */
  public static ModelOutcome solve(StepGraph graph, double seconds, LongSupplier nanoTime) {
    long start = nanoTime.getAsLong();
    Dag dag = Dag.of(graph);
    var order = new ModelOrder(dag);
    long variables = order.variables();
    if (variables > MOST_VARIABLES) {
      return refused(variables, "order");
    }
    Loader.loadNativeLibraries();
    int workers = Math.min(8, Runtime.getRuntime().availableProcessors());
    ModelOrder.Found found = order.solve(seconds, workers);
    int[] steps = found.order();
    double tookOrder = (nanoTime.getAsLong() - start) / 1e9;
    if (steps == null) {
      return new ModelOutcome(variables, -1, -1, false, tookOrder, "no order in time");
    }
    long peak = Loads.peak(dag, steps);
    int[][] life = Loads.lifetimes(dag, steps);
    var layout = new ModelLayout(dag.size, life[0], life[1]);
    if (layout.variables() > MOST_VARIABLES) {
      return refused(layout.variables(), "layout");
    }
    ModelLayout.Found placed = layout.solve(Math.max(1, seconds - tookOrder), workers, peak);
    double took = (nanoTime.getAsLong() - start) / 1e9;
    String remark =
        (found.optimal() ? "order solved" : "order ended by time")
            + (placed.optimal() ? ", layout solved" : ", layout ended by time");
    return new ModelOutcome(
        variables, peak, placed.arenaBytes(), found.optimal() && placed.optimal(), took, remark);
  }

  private static ModelOutcome refused(long variables, String which) {
    String why =
        String.format(
            Locale.ROOT,
            "refused: the %s program has %,d variables, more than %,d",
            which,
            variables,
            MOST_VARIABLES);
    return new ModelOutcome(variables, -1, -1, false, 0, why);
  }
}
