package dev.banyan.plan.layout;

import dev.banyan.plan.Budget;
import dev.banyan.plan.Buffers;
import dev.banyan.plan.Layout;
import dev.banyan.plan.LayoutMethod;

/**
 * LLFB, long-lived first, best fit: the buffer with the longest lifetime in steps first, each into
 * the smallest gap. ROAM (arXiv 2310.19295) compares itself with a rival of this name without
 * defining it; this is the reading of the name, and XLA's temporal variant of {@code
 * GlobalDecreasingSizeBestFitHeap} does the same. Of equal lifetimes the larger goes first. O(n²).
 */
public record LongLivedFirst() implements LayoutMethod {
  @Override
  public String name() {
    return "LLFB";
  }

  @Override
  public String source() {
    return "ROAM's rival (arXiv 2310.19295), by its name";
  }

  @Override
  public Layout lay(Buffers buffers, long enoughBytes, Budget budget) {
    Timeline timeline = new Timeline(buffers);
    int[] order = Rank.order(timeline, Rank.Key.STEPS, Rank.Key.SIZE);
    return Greedy.layout(this, buffers, timeline, order, Shelf.Fit.BEST, budget);
  }
}
