package dev.banyan.plan.integer;

import com.google.ortools.sat.BoolVar;
import com.google.ortools.sat.CpModel;
import com.google.ortools.sat.CpSolver;
import com.google.ortools.sat.CpSolverStatus;
import com.google.ortools.sat.IntVar;
import com.google.ortools.sat.LinearExpr;
import java.util.Arrays;

/**
 * MODeL's layout program: an integer offset for every storage, for every two that are live together
 * a binary that says which lies below, the highest end made small.
 */
final class ModelLayout {
  private static final long UNIT = 512;

  private final long[] units;
  private final int[] first;
  private final int[] last;

  /**
   * @param size bytes of each storage
   * @param first the step it is born at
   * @param last the last step it is live at
   */
  ModelLayout(long[] size, int[] first, int[] last) {
    this.units = Arrays.stream(size).map(bytes -> (bytes + UNIT - 1) / UNIT).toArray();
    this.first = first;
    this.last = last;
  }

  /** Storages and pairs that are live together. */
  long variables() {
    long count = units.length;
    for (int i = 0; i < units.length; i++) {
      for (int j = i + 1; j < units.length; j++) {
        count += together(i, j) ? 1 : 0;
      }
    }
    return count;
  }

  /** The arena in bytes, −1 when no layout was found in time; and whether it is the smallest. */
  record Found(long arenaBytes, boolean optimal) {}

  Found solve(double seconds, int workers, long loadBytes) {
    var model = new CpModel();
    long all = Arrays.stream(units).sum();
    IntVar arena = model.newIntVar(loadBytes / UNIT, Math.max(all, loadBytes / UNIT), "arena");
    IntVar[] offset = new IntVar[units.length];
    long stacked = 0;
    for (int i = 0; i < offset.length; i++) {
      offset[i] = model.newIntVar(0, all, "");
      // A layout to begin with, so that there is one at any time: nothing shares.
      model.addHint(offset[i], stacked);
      stacked += units[i];
      model.addLessOrEqual(LinearExpr.affine(offset[i], 1, units[i]), arena);
    }
    for (int i = 0; i < offset.length; i++) {
      for (int j = i + 1; j < offset.length; j++) {
        if (together(i, j)) {
          BoolVar below = model.newBoolVar("");
          model.addHint(below, true);
          model
              .addLessOrEqual(LinearExpr.affine(offset[i], 1, units[i]), offset[j])
              .onlyEnforceIf(below);
          model
              .addLessOrEqual(LinearExpr.affine(offset[j], 1, units[j]), offset[i])
              .onlyEnforceIf(below.not());
        }
      }
    }
    model.minimize(arena);
    var solver = new CpSolver();
    solver.getParameters().setMaxTimeInSeconds(seconds).setNumWorkers(workers).setRandomSeed(1);
    CpSolverStatus status = solver.solve(model);
    boolean solved = status == CpSolverStatus.OPTIMAL || status == CpSolverStatus.FEASIBLE;
    return new Found(solved ? solver.value(arena) * UNIT : -1, status == CpSolverStatus.OPTIMAL);
  }

  private boolean together(int i, int j) {
    return first[i] <= last[j] && first[j] <= last[i];
  }
}
