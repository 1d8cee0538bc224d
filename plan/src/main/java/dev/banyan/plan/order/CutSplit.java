package dev.banyan.plan.order;

import dev.banyan.plan.bound.MinCut;
import dev.banyan.plan.graph.Block;
import dev.banyan.plan.graph.Dag;
import dev.banyan.plan.graph.Loads;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;

/**
 * Splits an order at its peaks. The operator v with the largest load is held back until exactly its
 * cheapest downset has run (a minimum cut, {@link MinCut}); what comes before it and after it are
 * blocks of their own, each put in order by the list rules. Repeated while the peak stands in a
 * block that can be split.
 */
final class CutSplit {
  private final Dag dag;
  private final long bound;
  private int[] order;
  private final TreeSet<Integer> cuts = new TreeSet<>();
  private long work;
  private final long workLimit;
  private final BooleanSupplier stop;

  /**
   * @param bound a proven lower bound of the peak in bytes; reaching it ends the search
   * @param workLimit how many arcs all cuts together may look at
   * @param stop true when time is up
   */
  CutSplit(Dag dag, int[] order, long bound, long workLimit, BooleanSupplier stop) {
    this.stop = stop;
    this.dag = dag;
    this.order = order.clone();
    this.bound = bound;
    this.workLimit = workLimit;
    cuts.add(0);
    cuts.add(dag.n);
  }

  /** The best order found; never worse than the first. */
  int[] improve(boolean smallest) {
    int[] best = order.clone();
    long bestPeak = Loads.peak(dag, best);
    while (work < workLimit && !stop.getAsBoolean()) {
      long[] loads = Loads.of(dag, order);
      int at = largest(loads);
      if (loads[at] < bestPeak) {
        bestPeak = loads[at];
        best = order.clone();
      }
      if (bestPeak <= bound || !split(at, smallest)) {
        break;
      }
    }
    return best;
  }

  private static int largest(long[] loads) {
    int at = 0;
    for (int k = 1; k < loads.length; k++) {
      at = loads[k] > loads[at] ? k : at;
    }
    return at;
  }

  private boolean split(int at, boolean smallest) {
    int from = cuts.floor(at);
    int to = cuts.higher(at);
    if (to - from < 2) {
      return false;
    }
    int[] step = Loads.steps(order);
    Block block = Block.of(dag, order, step, from, to, Block.liveAt(dag, order, from));
    var cut = new MinCut(block);
    cut.bytes(at - from);
    work += cut.work() + block.n;
    boolean[] first = cut.downset(smallest);
    int[] split = new int[block.n];
    int end = 0;
    for (int u = 0; u < block.n; u++) {
      if (first[u]) {
        split[end++] = order[from + u];
      }
    }
    int v = end;
    split[end++] = order[at];
    for (int u = 0; u < block.n; u++) {
      if (!first[u] && u != at - from) {
        split[end++] = order[from + u];
      }
    }
    System.arraycopy(split, 0, order, from, split.length);
    cuts.add(from + v);
    cuts.add(from + v + 1);
    reorder(from, from + v);
    reorder(from + v + 1, to);
    return true;
  }

  private void reorder(int from, int to) {
    if (to - from < 2) {
      return;
    }
    int[] step = Loads.steps(order);
    Block block = Block.of(dag, order, step, from, to, Block.liveAt(dag, order, from));
    int[] local = ListRules.best(block, bound);
    for (int i = 0; i < local.length; i++) {
      order[from + i] = block.operator[local[i]];
    }
  }
}
