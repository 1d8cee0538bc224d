package dev.banyan.plan.order;

import dev.banyan.plan.graph.Block;
import dev.banyan.plan.graph.Dag;
import dev.banyan.plan.graph.Loads;
import java.util.function.BooleanSupplier;

/**
 * Searches the steps around a peak for an order that lowers it ({@link DownsetSearch}), in windows
 * that grow while nothing is found. A window that holds the whole step and is searched to the end
 * proves the order best even where the bound is below it.
 */
final class PeakWindows {
  private static final int FIRST_RADIUS = 16;
  private static final int LAST_RADIUS = 512;

  /** Operators replayed per window: a state costs about as many as the window has. */
  private static final long WORK = 1_500_000;

  private PeakWindows() {}

  /** The order found; never worse than {@code order}. */
  static int[] improve(Dag dag, int[] order, long bound, BooleanSupplier stop) {
    int[] best = order.clone();
    while (!stop.getAsBoolean()) {
      long[] loads = Loads.of(dag, best);
      int at = 0;
      for (int k = 1; k < loads.length; k++) {
        at = loads[k] > loads[at] ? k : at;
      }
      if (loads[at] <= bound || !lower(dag, best, at, loads[at], bound, stop)) {
        break;
      }
    }
    return best;
  }

  /** Puts the steps around {@code at} in an order with a smaller peak, if one is found. */
  private static boolean lower(
      Dag dag, int[] order, int at, long peak, long bound, BooleanSupplier stop) {
    int[] step = Loads.steps(order);
    for (int radius = FIRST_RADIUS; ; radius *= 2) {
      int from = Math.max(0, at - radius);
      int to = Math.min(dag.n, at + radius + 1);
      Block block = Block.of(dag, order, step, from, to, Block.liveAt(dag, order, from));
      long states = WORK / Math.max(1, block.n);
      int[] found = new DownsetSearch(block, states, stop).search(peak, bound);
      if (found == null) {
        int[] back = new DownsetSearch(block.mirrored(), states, stop).search(peak, bound);
        found = back == null ? null : ListRules.turned(back);
      }
      if (found != null) {
        for (int i = 0; i < found.length; i++) {
          order[from + i] = block.operator[found[i]];
        }
        return true;
      }
      if ((from == 0 && to == dag.n) || stop.getAsBoolean() || radius >= LAST_RADIUS) {
        return false;
      }
    }
  }
}
