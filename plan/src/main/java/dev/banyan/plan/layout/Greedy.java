package dev.banyan.plan.layout;

import dev.banyan.plan.Budget;
import dev.banyan.plan.Buffers;
import dev.banyan.plan.Layout;
import dev.banyan.plan.LayoutMethod;

/** One pass over buffers in a given order, each placed for good; the whole pass is always made. */
final class Greedy {
  private Greedy() {}

  static Layout layout(
      LayoutMethod method,
      Buffers buffers,
      Timeline timeline,
      int[] order,
      Shelf.Fit fit,
      Budget budget) {
    Shelf shelf = new Shelf(timeline);
    for (int buffer : order) {
      budget.spend();
      shelf.place(buffer, fit);
    }
    return new Layout(
        buffers, timeline.offsets(shelf.offsets()), timeline.boundBytes(), method.name(), budget);
  }
}
