package dev.banyan.train.replay;

import dev.banyan.plan.Argument;
import dev.banyan.plan.Operator;
import dev.banyan.plan.StepGraph;
import dev.banyan.plan.TensorSlot;
import java.util.HashMap;
import java.util.Map;

/**
 * What whole numbers in a storage must stay below: the rows of the table they look up, or the
 * classes of the loss they are targets of. A storage that is looked up with only through others has
 * the smallest bound of the graph.
 */
final class IndexBounds {
  private static final long LEAST = 2;

  private final Map<Integer, Long> own;
  private final long smallest;

  private IndexBounds(Map<Integer, Long> own) {
    this.own = own;
    this.smallest = own.values().stream().mapToLong(Long::longValue).min().orElse(LEAST);
  }

  static IndexBounds of(StepGraph graph) {
    Map<Integer, Long> bounds = new HashMap<>();
    for (Operator operator : graph.operators()) {
      boolean lookup = operator.target().startsWith("aten.embedding.");
      boolean loss = operator.target().matches("aten\\.nll_loss(2d)?_forward\\..*");
      if ((lookup || loss)
          && operator.args().size() > 1
          && operator.args().get(0) instanceof Argument.Tensor table
          && operator.args().get(1) instanceof Argument.Tensor index) {
        TensorSlot scores = graph.tensors().get(table.id());
        if (scores.shape().isEmpty()) {
          continue;
        }
        int dimension = loss ? Math.min(1, scores.shape().size() - 1) : 0;
        bounds.merge(
            graph.tensors().get(index.id()).storage(),
            Math.max(1, scores.shape().get(dimension)),
            Math::min);
      }
    }
    return new IndexBounds(bounds);
  }

  long of(int storage) {
    return own.getOrDefault(storage, smallest);
  }
}
