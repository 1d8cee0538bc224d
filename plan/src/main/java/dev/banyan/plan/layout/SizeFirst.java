package dev.banyan.plan.layout;

import dev.banyan.plan.Budget;
import dev.banyan.plan.Buffers;
import dev.banyan.plan.Layout;
import dev.banyan.plan.LayoutMethod;

/**
 * The largest buffer first, each into the smallest gap that is large enough: XLA's {@code
 * GlobalDecreasingSizeBestFitHeap}, spatial variant (openxla/xla, {@code
 * xla/service/heap_simulator/heap_simulator.h}); with first fit, each into the lowest such gap, as
 * TVM's USMP {@code greedy_by_size}. Of equal sizes the longer-lived goes first. O(n²).
 */
public record SizeFirst(boolean bestFit) implements LayoutMethod {
  @Override
  public String name() {
    return bestFit ? "size-first best-fit" : "size-first first-fit";
  }

  @Override
  public String source() {
    return bestFit ? "XLA, global decreasing size best fit" : "TVM USMP, greedy by size";
  }

  @Override
  public Layout lay(Buffers buffers, long enoughBytes, Budget budget) {
    Timeline timeline = new Timeline(buffers);
    int[] order = Rank.order(timeline, Rank.Key.SIZE, Rank.Key.WIDTH);
    return Greedy.layout(
        this, buffers, timeline, order, bestFit ? Shelf.Fit.BEST : Shelf.Fit.FIRST, budget);
  }
}
