package dev.banyan.plan.layout;

import dev.banyan.plan.Budget;
import dev.banyan.plan.Buffers;
import dev.banyan.plan.Layout;
import dev.banyan.plan.LayoutMethod;

/**
 * TensorFlow Lite's arena ({@code tensorflow/lite/arena_planner.cc} and {@code
 * simple_memory_arena.cc}): buffers that live through the whole run first, at the bottom, then the
 * others by decreasing size, of equal sizes the one born first; each into the smallest gap. O(n²).
 */
public record TfLiteArena() implements LayoutMethod {
  @Override
  public String name() {
    return "TFLite arena";
  }

  @Override
  public String source() {
    return "TensorFlow Lite, arena_planner.cc";
  }

  @Override
  public Layout lay(Buffers buffers, long enoughBytes, Budget budget) {
    Timeline timeline = new Timeline(buffers);
    int[] order = Rank.order(timeline, Rank.Key.WHOLE_RUN, Rank.Key.SIZE, Rank.Key.EARLY);
    return Greedy.layout(this, buffers, timeline, order, Shelf.Fit.BEST, budget);
  }
}
