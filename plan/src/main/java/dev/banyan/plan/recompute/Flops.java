package dev.banyan.plan.recompute;

import dev.banyan.plan.Argument;
import dev.banyan.plan.Operator;
import dev.banyan.plan.StepGraph;
import dev.banyan.plan.TensorSlot;
import java.util.ArrayList;
import java.util.List;

/**
 * Floating-point operations of an operator by the shapes of its tensors, a multiply-add counted as
 * two: exact for products and convolutions, one per element for everything else.
 */
final class Flops {
  private final StepGraph graph;

  Flops(StepGraph graph) {
    this.graph = graph;
  }

  /** Of the whole step. */
  double all() {
    return graph.operators().stream().mapToDouble(this::of).sum();
  }

  double of(Operator operator) {
    List<TensorSlot> in = new ArrayList<>();
    operator.args().forEach(each -> tensors(each, in));
    List<TensorSlot> out = new ArrayList<>();
    operator.outputs().forEach(each -> each.ifPresent(id -> out.add(graph.tensors().get(id))));
    String target = operator.target();
    String base = target.contains(".") ? target.split("\\.", -1)[1] : target;
    double elements = Math.max(most(in), most(out));
    return switch (base) {
      case "mm", "bmm", "matmul", "mv", "dot" -> in.isEmpty() ? elements : product(in.get(0), out);
      case "addmm", "baddbmm", "addmv" -> in.size() < 2 ? elements : product(in.get(1), out);
      case "linear" -> in.isEmpty() ? elements : product(in.get(0), out);
      case "convolution", "conv2d", "conv1d", "conv3d", "_convolution" ->
          in.size() < 2 ? elements : convolution(in.get(1), most(out));
      case "convolution_backward" ->
          in.size() < 3 ? elements : 2 * convolution(in.get(2), numel(in.get(0)));
      default ->
          base.startsWith("_scaled_dot_product") || base.equals("scaled_dot_product_attention")
              ? attention(in, base.contains("backward"))
              : elements;
    };
  }

  /** 2 × elements of the result × the length that is summed over. */
  private static double product(TensorSlot left, List<TensorSlot> out) {
    List<Long> shape = left.shape();
    return 2.0 * most(out) * (shape.isEmpty() ? 1 : shape.getLast());
  }

  private static double convolution(TensorSlot weight, double outputs) {
    long channels = weight.shape().isEmpty() ? 1 : Math.max(1, weight.shape().getFirst());
    return 2.0 * outputs * numel(weight) / channels;
  }

  /** Two products of queries × keys; backward makes five. */
  private static double attention(List<TensorSlot> in, boolean backward) {
    if (in.size() < 2 || in.get(0).shape().size() < 2 || in.get(1).shape().size() < 2) {
      return most(in);
    }
    List<Long> keys = in.get(1).shape();
    return (backward ? 10.0 : 4.0) * numel(in.get(0)) * keys.get(keys.size() - 2);
  }

  private static double most(List<TensorSlot> slots) {
    return slots.stream().mapToDouble(Flops::numel).max().orElse(0);
  }

  private static double numel(TensorSlot slot) {
    double count = 1;
    for (long size : slot.shape()) {
      count *= size;
    }
    return count;
  }

  private void tensors(Argument argument, List<TensorSlot> into) {
    switch (argument) {
      case Argument.Tensor one -> into.add(graph.tensors().get(one.id()));
      case Argument.Many many -> many.items().forEach(each -> tensors(each, into));
      default -> {}
    }
  }
}
