package dev.banyan.plan.order;

import dev.banyan.plan.bound.LowerBound;
import dev.banyan.plan.graph.Block;
import dev.banyan.plan.graph.Dag;
import dev.banyan.plan.graph.Loads;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * Banyan's own order: the best of the fast rules, settled in both directions of time, split at its
 * peaks by minimum cuts, and searched around the peak that is left; it ends when the peak reaches
 * the lower bound. Never worse than program order or any of the rules, because it begins with them.
 */
public final class CutOrder {
  /** Arcs the bound's flows may look at, and those of the splits. */
  private static final long WORK = 4_000_000_000L;

  private CutOrder() {}

  /**
   * What was found.
   *
   * @param order operators of the step
   * @param peakBytes its largest load
   * @param bound the proven bound
   * @param steps which steps of the method lowered the peak, for example {@code eager+split}
   */
  @SuppressWarnings("ArrayRecordComponent") // handed on, never compared
  public record Found(int[] order, long peakBytes, LowerBound bound, String steps) {}

  /**
   * Orders a whole step.
   *
   * @param rivals the answer is at least as good as theirs; asked only where nothing is proven
   * @param stop true when time is up
   */
  public static Found order(Dag dag, List<OrderMethod> rivals, BooleanSupplier stop) {
    Block whole = Block.whole(dag, dag.programOrder());
    int[] best = ListRules.best(whole, 0);
    long peak = Loads.peak(dag, best);
    LowerBound bound = LowerBound.of(whole, best, WORK, stop);
    String steps = "eager";
    int[] start = best;
    for (boolean smallest : new boolean[] {true, false}) {
      if (peak > bound.bytes() && !stop.getAsBoolean()) {
        int[] split = new CutSplit(dag, start, bound.bytes(), WORK, stop).improve(smallest);
        long found = Loads.peak(dag, split);
        if (found < peak) {
          peak = found;
          best = split;
          steps = "eager+split";
        }
      }
    }
    if (peak > bound.bytes()) {
      bound = bound.raised(whole, best, WORK, stop);
    }
    if (peak > bound.bytes()) {
      int[] searched = PeakWindows.improve(dag, best, bound.bytes(), stop);
      if (Loads.peak(dag, searched) < peak) {
        best = searched;
        peak = Loads.peak(dag, searched);
        steps += "+downsets";
      }
    }
    for (OrderMethod rival : peak > bound.bytes() ? rivals : List.<OrderMethod>of()) {
      int[] settled = ListRules.settled(whole, rival.order(whole));
      if (Loads.peak(dag, settled) < peak) {
        best = settled;
        peak = Loads.peak(dag, settled);
        steps = rival.name();
      }
    }
    return new Found(best, peak, bound, steps);
  }
}
