package dev.banyan.plan.order;

import dev.banyan.plan.graph.Block;
import java.util.List;
import java.util.function.Function;

/** The fast rules, forwards and in mirrored time, and the best of them. */
final class ListRules {
  private ListRules() {}

  /** The order with the smallest peak; the present one when none is smaller. */
  static int[] best(Block block, long target) {
    int[] best = new ProgramOrder().order(block);
    long peak = block.peak(best);
    List<Function<Block, int[]>> rules =
        List.of(
            b -> Eager.order(b, target), b -> Lpmf.order(b, target), b -> new Lescea().order(b));
    for (Function<Block, int[]> rule : rules) {
      if (peak <= target) {
        break;
      }
      for (int[] found : List.of(rule.apply(block), mirrored(block, rule))) {
        int[] order = settled(block, found);
        long foundPeak = block.peak(order);
        if (foundPeak < peak) {
          peak = foundPeak;
          best = order;
        }
      }
    }
    return best;
  }

  /**
   * Lets what frees run early and what only adds run late ({@link Eager}, in both directions of
   * time), which lowers loads here and there and never raises the peak.
   */
  static int[] settled(Block block, int[] order) {
    int[] settled = order;
    for (int pass = 0; pass < 4; pass++) {
      Block now = block.inOrder(settled);
      long peak = now.peak(new ProgramOrder().order(now));
      int[] moved =
          pass % 2 == 0 ? mirrored(now, b -> Eager.order(b, peak)) : Eager.order(now, peak);
      int[] next = new int[moved.length];
      for (int i = 0; i < moved.length; i++) {
        next[i] = settled[moved[i]];
      }
      settled = next;
    }
    return settled;
  }

  /** A rule applied in reversed time. */
  static int[] mirrored(Block block, Function<Block, int[]> rule) {
    return turned(rule.apply(block.mirrored()));
  }

  /** An order of a mirrored block as one of the block itself. */
  static int[] turned(int[] back) {
    int[] order = new int[back.length];
    for (int i = 0; i < back.length; i++) {
      order[i] = back.length - 1 - back[back.length - 1 - i];
    }
    return order;
  }
}
