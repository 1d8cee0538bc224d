package dev.banyan.plan.recompute;

import com.google.ortools.Loader;
import com.google.ortools.sat.CpModel;
import com.google.ortools.sat.CpSolver;
import com.google.ortools.sat.CpSolverStatus;
import com.google.ortools.sat.LinearExpr;
import com.google.ortools.sat.Literal;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;

/** The cover as an integer program, solved by CP-SAT (OR-Tools), which is loaded here. */
final class CoverSolver {
  private static final double SECONDS = 5;
  private static final double FLOP_UNITS = 1e6;
  private static final long BYTE_UNIT = 512;

  private CoverSolver() {}

  /** Positions of the choices to take; all of them when they do not suffice. */
  static List<Integer> choose(CoverProblem problem, BooleanSupplier stop) {
    List<Integer> chosen = new ArrayList<>();
    if (problem.choices().isEmpty() || stop.getAsBoolean()) {
      return chosen;
    }
    Loader.loadNativeLibraries();
    var model = new CpModel();
    Literal[] take = new Literal[problem.choices().size()];
    long[] cost = new long[take.length];
    double most =
        problem.choices().stream().mapToDouble(CoverProblem.Choice::flops).max().orElse(1);
    for (int i = 0; i < take.length; i++) {
      take[i] = model.newBoolVar("x" + i);
      cost[i] = 1 + Math.round(problem.choices().get(i).flops() / Math.max(1, most) * FLOP_UNITS);
    }
    Set<List<Integer>> done = new HashSet<>();
    for (int k = 0; k < problem.loads().length; k++) {
      long over = problem.loads()[k] - problem.target();
      if (over > 0) {
        row(model, problem, take, k, over, done);
      }
    }
    model.minimize(LinearExpr.weightedSum(take, cost));
    var solver = new CpSolver();
    solver.getParameters().setMaxTimeInSeconds(SECONDS).setNumWorkers(1).setRandomSeed(1);
    CpSolverStatus status = solver.solve(model);
    boolean solved = status == CpSolverStatus.OPTIMAL || status == CpSolverStatus.FEASIBLE;
    for (int i = 0; i < take.length && solved; i++) {
      if (solver.booleanValue(take[i])) {
        chosen.add(i);
      }
    }
    return chosen;
  }

  private static void row(
      CpModel model,
      CoverProblem problem,
      Literal[] take,
      int step,
      long over,
      Set<List<Integer>> done) {
    List<Integer> here = new ArrayList<>();
    for (int i = 0; i < take.length; i++) {
      CoverProblem.Choice each = problem.choices().get(i);
      if (each.from() <= step && step < each.to()) {
        here.add(i);
      }
    }
    long[] bytes = new long[here.size()];
    Literal[] of = new Literal[here.size()];
    long all = 0;
    for (int i = 0; i < of.length; i++) {
      of[i] = take[here.get(i)];
      bytes[i] = problem.choices().get(here.get(i)).savedBytes() / BYTE_UNIT;
      all += bytes[i];
    }
    // A step that cannot be relieved by itself is relieved as far as it can be.
    long need = Math.min(all, (over + BYTE_UNIT - 1) / BYTE_UNIT);
    List<Integer> key = new ArrayList<>(here);
    key.add((int) Math.min(Integer.MAX_VALUE, need));
    if (done.add(key)) {
      model.addGreaterOrEqual(LinearExpr.weightedSum(of, bytes), need);
    }
  }
}
