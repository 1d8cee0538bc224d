package dev.banyan.tensor;

import java.util.ArrayList;
import java.util.List;

/**
 * Is told when a backward pass comes to a leaf: once for each leaf and pass, on the thread that
 * called {@link Tensor#backward}, when the sum over all uses of the leaf is known and about to be
 * added to its gradient. What it was told of before on that thread has been added by then, and
 * after the pass all has.
 *
 * <p>A leaf that a pass does not reach is not told of, nor is the weight of a fused {@link
 * Tensor#rmsNorm}, whose gradient libtorch's engine never sees. What the watch throws ends the
 * pass.
 */
public final class GradientWatch implements AutoCloseable {
  private final int number;
  private final List<Watched> leaves;

  /** A handle of our own on a leaf, and the places of its hooks. */
  private record Watched(Tensor leaf, List<Integer> hooks) {}

  private GradientWatch(int number, List<Watched> leaves) {
    this.number = number;
    this.leaves = leaves;
  }

  /**
   * Watches until it is closed.
   *
   * @throws IllegalArgumentException for a tensor that is no leaf or needs no gradient
   */
  public static GradientWatch on(List<Tensor> leaves, Runnable told) {
    for (Tensor leaf : leaves) {
      if (!leaf.requiresGrad() || !leaf.raw().__dispatch_is_leaf()) {
        throw new IllegalArgumentException(leaf + " is no leaf that needs a gradient");
      }
    }
    int number = Pending.enterWatch(told);
    List<Watched> watched = new ArrayList<>();
    for (Tensor leaf : leaves) {
      Tensor own = Scope.keep(new Tensor(new org.bytedeco.pytorch.Tensor(leaf.raw())));
      watched.add(new Watched(own, Pending.mark(own, number)));
    }
    return new GradientWatch(number, List.copyOf(watched));
  }

  /** Ends it. No backward pass may be under way. */
  @Override
  public void close() {
    if (!Pending.dropWatch(number)) {
      return;
    }
    for (Watched each : leaves) {
      each.hooks.forEach(each.leaf.raw()::remove_hook);
      each.leaf.close();
    }
  }
}
