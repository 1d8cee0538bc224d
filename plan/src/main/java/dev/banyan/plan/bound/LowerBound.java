package dev.banyan.plan.bound;

import dev.banyan.plan.graph.Block;
import dev.banyan.plan.graph.IntRow;
import java.util.Arrays;
import java.util.function.BooleanSupplier;

/**
 * A peak no order can go below, with its proof. The largest minimum cut ({@link MinCut}) over the
 * operators, made stronger by a choice every order must make: either v runs before all of W, and
 * then needs its cut over those orders; or some w of W runs before v, and then w needs its cut over
 * orders in which v comes later. The smallest of these |W| + 1 cuts bounds every order.
 *
 * @param bytes the bound; a valid one even when not every operator was looked at
 * @param operator v, an operator of the block, −1 for none
 * @param later W; empty when v's plain cut is the bound
 * @param flows maximum flows solved
 * @param complete whether every operator that could raise the plain cut was looked at
 */
@SuppressWarnings("ArrayRecordComponent") // handed on, never compared
public record LowerBound(long bytes, int operator, int[] later, int flows, boolean complete) {
  private static final int MOST_TRIED = 16;

  /**
   * The lazy scan: operators by their load in an order that is at hand, largest first. An
   * operator's cut is at most its load there, so the scan ends at the first load the bound has
   * reached.
   *
   * @param order a local order, the better the fewer flows
   * @param workLimit arcs that may be looked at before the scan is cut short
   * @param stop asked before every flow but the first
   */
  public static LowerBound of(Block block, int[] order, long workLimit, BooleanSupplier stop) {
    long[] loads = block.loads(order);
    var cut = new MinCut(block);
    long bound = 0;
    int operator = -1;
    int flows = 0;
    for (int k : byLoad(loads)) {
      if (loads[k] <= bound) {
        break;
      }
      if (flows > 0 && (cut.work() > workLimit || stop.getAsBoolean())) {
        return new LowerBound(bound, operator, new int[0], flows, false);
      }
      long bytes = cut.bytes(order[k]);
      flows++;
      if (bytes > bound) {
        bound = bytes;
        operator = order[k];
      }
    }
    return new LowerBound(bound, operator, new int[0], flows, true);
  }

  /**
   * Raises the bound towards the peak of an order by choices: for the operators with the largest
   * loads there, W is grown from the operators their cheapest downsets want early that cannot run
   * before v below the peak.
   */
  public LowerBound raised(Block block, int[] order, long workLimit, BooleanSupplier stop) {
    long[] loads = block.loads(order);
    var cut = new MinCut(block);
    LowerBound best = this;
    int tried = 0;
    for (int k : byLoad(loads)) {
      if (loads[k] <= best.bytes || tried++ == MOST_TRIED || stop.getAsBoolean()) {
        break;
      }
      long peak = block.peak(order);
      LowerBound chosen = choice(block, cut, order[k], peak, flows, workLimit, stop);
      best = chosen.bytes > best.bytes ? chosen : best;
      if (best.bytes >= peak || cut.work() > workLimit) {
        break;
      }
    }
    return best;
  }

  private static LowerBound choice(
      Block block, MinCut cut, int v, long peak, int flows, long workLimit, BooleanSupplier stop) {
    var later = new IntRow();
    boolean[] tested = new boolean[block.n];
    long least = Long.MAX_VALUE;
    int solved = flows;
    long bytes = cut.bytes(v);
    boolean grown = true;
    while (grown && bytes < peak && cut.work() < workLimit && !stop.getAsBoolean()) {
      grown = false;
      boolean[] early = cut.downset(true);
      boolean[] free = new boolean[block.n];
      for (int u = 0; u < block.n; u++) {
        free[u] = cut.isFree(u);
      }
      int[] after = {v};
      for (int w = 0; w < block.n; w++) {
        if (early[w] && free[w] && !tested[w]) {
          tested[w] = true;
          solved++;
          long needs = cut.bytes(w, after);
          if (needs >= peak) {
            later.add(w);
            least = Math.min(least, needs);
            grown = true;
          }
        }
      }
      bytes = cut.bytes(v, later.toArray());
      solved++;
    }
    return new LowerBound(Math.min(bytes, least), v, later.toArray(), solved, true);
  }

  private static Integer[] byLoad(long[] loads) {
    Integer[] steps = new Integer[loads.length];
    Arrays.setAll(steps, i -> i);
    Arrays.sort(steps, (a, b) -> Long.compare(loads[b], loads[a]));
    return steps;
  }
}
