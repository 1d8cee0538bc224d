package dev.banyan.plan.integer;

import com.google.ortools.sat.BoolVar;
import com.google.ortools.sat.CpModel;
import com.google.ortools.sat.CpSolver;
import com.google.ortools.sat.CpSolverStatus;
import com.google.ortools.sat.IntVar;
import com.google.ortools.sat.LinearExpr;
import com.google.ortools.sat.LinearExprBuilder;
import dev.banyan.plan.graph.Dag;
import java.util.Arrays;
import java.util.Comparator;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * MODeL's order program (Steiner et al., ICML 2023; its public code with neither spilling nor
 * recomputing): per step of time a binary "generate" for every operator and a binary "preserve" for
 * every storage, within the earliest and latest step precedence allows; time has 1.01 × the longest
 * path of steps, so that operators may share one. A storage is live where it is generated or
 * preserved; the largest sum of live bytes is made small. Operators of one step run in program
 * order afterwards.
 */
final class ModelOrder {
  private static final double STRETCH = 1.01;
  private static final long UNIT = 512;

  private final Dag dag;
  private final int[] earliest;
  private final int[] latest;
  private final int[] lastLive;
  private final int horizon;

  ModelOrder(Dag dag) {
    this.dag = dag;
    earliest = new int[dag.n];
    int longest = 0;
    for (int u = 0; u < dag.n; u++) {
      for (int k = dag.predStart[u]; k < dag.predStart[u + 1]; k++) {
        earliest[u] = Math.max(earliest[u], earliest[dag.pred[k]] + 1);
      }
      longest = Math.max(longest, earliest[u] + 1);
    }
    horizon = (int) Math.ceil(STRETCH * longest);
    latest = new int[dag.n];
    for (int u = dag.n - 1; u >= 0; u--) {
      latest[u] = horizon - 1;
      for (int k = dag.succStart[u]; k < dag.succStart[u + 1]; k++) {
        latest[u] = Math.min(latest[u], latest[dag.succ[k]] - 1);
      }
    }
    lastLive = new int[dag.m];
    for (int s = 0; s < dag.m; s++) {
      lastLive[s] = dag.kept[s] ? horizon - 1 : latest[dag.creator[s]];
      for (int k = dag.userStart[s]; k < dag.userStart[s + 1]; k++) {
        lastLive[s] = Math.max(lastLive[s], latest[dag.user[k]]);
      }
    }
  }

  /** Binaries the program has. */
  long variables() {
    long count = 0;
    for (int u = 0; u < dag.n; u++) {
      count += latest[u] - earliest[u] + 1;
    }
    for (int s = 0; s < dag.m; s++) {
      count += Math.max(0, lastLive[s] - earliest[dag.creator[s]]);
    }
    for (int p = 0; p < dag.n; p++) {
      count += isAwaited(p) ? latest[p] - earliest[p] + 1 : 0;
    }
    return count;
  }

  /**
   * What the solver came to.
   *
   * @param order operators, or null when there was no solution in time
   * @param bound the solver's bound on its objective, in bytes
   */
  @SuppressWarnings("ArrayRecordComponent") // handed on, never compared
  record Found(int @Nullable [] order, boolean optimal, OptionalLong bound) {}

  Found solve(double seconds, int workers) {
    var model = new CpModel();
    BoolVar[][] generate = new BoolVar[dag.n][];
    for (int u = 0; u < dag.n; u++) {
      generate[u] = row(model, latest[u] - earliest[u] + 1);
      model.addExactlyOne(generate[u]);
    }
    BoolVar[][] preserve = new BoolVar[dag.m][];
    for (int s = 0; s < dag.m; s++) {
      preserve[s] = row(model, Math.max(0, lastLive[s] - earliest[dag.creator[s]]));
      live(model, s, generate, preserve);
    }
    precedence(model, generate);
    long all = Arrays.stream(dag.size).sum() / UNIT + dag.m;
    IntVar peak = model.newIntVar(0, all, "peak");
    load(model, generate, preserve, peak);
    model.minimize(peak);
    hint(model, generate, preserve);
    var solver = new CpSolver();
    solver.getParameters().setMaxTimeInSeconds(seconds).setNumWorkers(workers).setRandomSeed(1);
    CpSolverStatus status = solver.solve(model);
    long bound = UNIT * (long) solver.bestObjectiveBound();
    if (status != CpSolverStatus.OPTIMAL && status != CpSolverStatus.FEASIBLE) {
      return new Found(null, false, OptionalLong.empty());
    }
    int[] step = new int[dag.n];
    for (int u = 0; u < dag.n; u++) {
      for (int k = 0; k < generate[u].length; k++) {
        step[u] = solver.booleanValue(generate[u][k]) ? earliest[u] + k : step[u];
      }
    }
    Integer[] order = new Integer[dag.n];
    Arrays.setAll(order, i -> i);
    Arrays.sort(order, Comparator.<Integer>comparingInt(u -> step[u]).thenComparingInt(u -> u));
    return new Found(
        Arrays.stream(order).mapToInt(Integer::intValue).toArray(),
        status == CpSolverStatus.OPTIMAL,
        OptionalLong.of(bound));
  }

  /** A solution to begin with, so that there is one at any time: everything as early as can be. */
  private void hint(CpModel model, BoolVar[][] generate, BoolVar[][] preserve) {
    for (BoolVar[] row : generate) {
      for (int i = 0; i < row.length; i++) {
        model.addHint(row[i], i == 0);
      }
    }
    for (int s = 0; s < dag.m; s++) {
      int last = dag.kept[s] ? horizon - 1 : earliest[dag.creator[s]];
      for (int k = dag.userStart[s]; k < dag.userStart[s + 1]; k++) {
        last = Math.max(last, earliest[dag.user[k]]);
      }
      for (int i = 0; i < preserve[s].length; i++) {
        model.addHint(preserve[s][i], earliest[dag.creator[s]] + 1 + i <= last);
      }
    }
  }

  private static BoolVar[] row(CpModel model, int length) {
    BoolVar[] row = new BoolVar[length];
    for (int i = 0; i < length; i++) {
      row[i] = model.newBoolVar("");
    }
    return row;
  }

  /** preserve(t) ≤ preserve(t − 1) + generate(t − 1); users need it; results keep it. */
  private void live(CpModel model, int s, BoolVar[][] generate, BoolVar[][] preserve) {
    int creator = dag.creator[s];
    int first = earliest[creator];
    for (int i = 0; i < preserve[s].length; i++) {
      LinearExprBuilder before = LinearExpr.newBuilder();
      if (i > 0) {
        before.add(preserve[s][i - 1]);
      }
      if (i < generate[creator].length) {
        before.add(generate[creator][i]);
      }
      if (dag.kept[s]) {
        model.addEquality(preserve[s][i], before);
      } else {
        model.addLessOrEqual(preserve[s][i], before);
      }
    }
    for (int k = dag.userStart[s]; k < dag.userStart[s + 1]; k++) {
      int user = dag.user[k];
      for (int i = 0; i < generate[user].length; i++) {
        model.addImplication(generate[user][i], preserve[s][earliest[user] + i - first - 1]);
      }
    }
  }

  /**
   * An operator runs at t only if those it waits for ran before t. Where it reads what they made,
   * {@link #live} says so already; for the rest, operators that overwrite what others read, "ran"
   * is a binary for each step.
   */
  private void precedence(CpModel model, BoolVar[][] generate) {
    BoolVar[][] ran = new BoolVar[dag.n][];
    for (int u = 0; u < dag.n; u++) {
      for (int k = dag.predStart[u]; k < dag.predStart[u + 1]; k++) {
        int p = dag.pred[k];
        if (!reads(u, p)) {
          ran[p] = ran[p] == null ? ran(model, generate[p]) : ran[p];
          for (int t = earliest[u]; t <= latest[u] && t <= latest[p]; t++) {
            model.addImplication(generate[u][t - earliest[u]], ran[p][t - 1 - earliest[p]]);
          }
        }
      }
    }
  }

  /** Whether an operator waits for another one without reading what it made. */
  private boolean isAwaited(int p) {
    for (int k = dag.succStart[p]; k < dag.succStart[p + 1]; k++) {
      if (!reads(dag.succ[k], p)) {
        return true;
      }
    }
    return false;
  }

  /** Whether an operator uses a storage that another one made. */
  private boolean reads(int user, int creator) {
    for (int k = dag.touchStart[user]; k < dag.touchStart[user + 1]; k++) {
      if (dag.creator[dag.touch[k]] == creator) {
        return true;
      }
    }
    return false;
  }

  /** Whether it was generated at a step or before. */
  private static BoolVar[] ran(CpModel model, BoolVar[] generate) {
    BoolVar[] ran = row(model, generate.length);
    for (int i = 0; i < ran.length; i++) {
      LinearExprBuilder before = LinearExpr.newBuilder().add(generate[i]);
      if (i > 0) {
        before.add(ran[i - 1]);
      }
      model.addEquality(ran[i], before);
      model.addHint(ran[i], true); // everything as early as can be
    }
    return ran;
  }

  private void load(CpModel model, BoolVar[][] generate, BoolVar[][] preserve, IntVar peak) {
    LinearExprBuilder[] load = new LinearExprBuilder[horizon];
    Arrays.setAll(load, t -> LinearExpr.newBuilder());
    for (int s = 0; s < dag.m; s++) {
      long size = (dag.size[s] + UNIT - 1) / UNIT;
      int first = earliest[dag.creator[s]];
      BoolVar[] made = generate[dag.creator[s]];
      for (int i = 0; i < made.length; i++) {
        load[first + i].addTerm(made[i], size);
      }
      for (int i = 0; i < preserve[s].length; i++) {
        load[first + 1 + i].addTerm(preserve[s][i], size);
      }
    }
    for (LinearExprBuilder each : load) {
      model.addLessOrEqual(each, peak);
    }
  }
}
