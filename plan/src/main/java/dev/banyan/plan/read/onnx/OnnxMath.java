package dev.banyan.plan.read.onnx;

import java.util.ArrayList;
import java.util.List;

/** Shapes of products, convolutions and pools. */
final class OnnxMath {
  private OnnxMath() {}

  static OnnxValue matMul(OnnxValue left, OnnxValue right) {
    List<Long> a = new ArrayList<>(left.shape());
    List<Long> b = new ArrayList<>(right.shape());
    if (a.isEmpty() || b.isEmpty()) {
      throw new OnnxShapes.UnknownShape("a factor has rank 0");
    }
    boolean row = a.size() == 1;
    boolean column = b.size() == 1;
    if (row) {
      a.addFirst(1L);
    }
    if (column) {
      b.addLast(1L);
    }
    if (!a.getLast().equals(b.get(b.size() - 2))) {
      throw new OnnxShapes.UnknownShape(
          "inner sizes differ: " + left.shape() + " and " + right.shape());
    }
    List<Long> shape =
        new ArrayList<>(
            OnnxShapes.broadcast(
                List.of(
                    OnnxValue.of(1, a.subList(0, a.size() - 2)),
                    OnnxValue.of(1, b.subList(0, b.size() - 2)))));
    if (!row) {
      shape.add(a.get(a.size() - 2));
    }
    if (!column) {
      shape.add(b.getLast());
    }
    return OnnxValue.of(left.type(), shape);
  }

  static OnnxValue gemm(OnnxNode node, OnnxValue left, OnnxValue right) {
    requireRank(left, 2);
    requireRank(right, 2);
    return OnnxValue.of(
        left.type(),
        List.of(
            left.shape().get(node.number("transA", 0) != 0 ? 1 : 0),
            right.shape().get(node.number("transB", 0) != 0 ? 0 : 1)));
  }

  static OnnxValue conv(OnnxNode node, OnnxValue input, OnnxValue weight) {
    requireRank(input, 3);
    requireRank(weight, input.rank());
    List<Long> shape = new ArrayList<>(List.of(input.shape().get(0), weight.shape().get(0)));
    long[] kernel = new long[input.rank() - 2];
    for (int i = 0; i < kernel.length; i++) {
      kernel[i] = weight.shape().get(i + 2);
    }
    slide(node, input, kernel, shape);
    return OnnxValue.of(node.type().endsWith("Integer") ? 6 : input.type(), shape);
  }

  static OnnxValue pool(OnnxNode node, OnnxValue input) {
    requireRank(input, 3);
    long[] kernel = node.numbers("kernel_shape");
    if (kernel == null || kernel.length != input.rank() - 2) {
      throw new OnnxShapes.UnknownShape("kernel_shape does not fit rank " + input.rank());
    }
    List<Long> shape = new ArrayList<>(input.shape().subList(0, 2));
    slide(node, input, kernel, shape);
    return OnnxValue.of(input.type(), shape);
  }

  private static void slide(OnnxNode node, OnnxValue input, long[] kernel, List<Long> shape) {
    String auto = node.text("auto_pad", "NOTSET");
    long[] strides = node.numbers("strides");
    long[] dilations = node.numbers("dilations");
    long[] pads = node.numbers("pads");
    for (int i = 0; i < kernel.length; i++) {
      long size = input.shape().get(i + 2);
      long stride = at(strides, i, 1);
      long reach = (kernel[i] - 1) * at(dilations, i, 1) + 1;
      if (stride < 1 || reach < 1) {
        throw new OnnxShapes.UnknownShape("a stride of " + stride + ", a kernel of " + kernel[i]);
      }
      if (auto.startsWith("SAME")) {
        shape.add((size + stride - 1) / stride);
        continue;
      }
      long padded =
          auto.equals("VALID") ? size : size + at(pads, i, 0) + at(pads, i + kernel.length, 0);
      long span = padded - reach;
      if (span < 0) {
        throw new OnnxShapes.UnknownShape("a kernel of " + reach + " on " + padded + " elements");
      }
      long steps = span / stride + 1;
      if (node.number("ceil_mode", 0) != 0 && span % stride != 0) {
        // A last window that would begin in the padding is left out.
        steps += (span / stride + 1) * stride < size + at(pads, i, 0) ? 1 : 0;
      }
      shape.add(steps);
    }
  }

  static OnnxValue convTranspose(OnnxNode node, OnnxValue input, OnnxValue weight) {
    requireRank(input, 3);
    requireRank(weight, input.rank());
    long[] strides = node.numbers("strides");
    long[] dilations = node.numbers("dilations");
    long[] pads = node.numbers("pads");
    long[] extra = node.numbers("output_padding");
    long[] given = node.numbers("output_shape");
    boolean same = node.text("auto_pad", "NOTSET").startsWith("SAME");
    List<Long> shape =
        new ArrayList<>(
            List.of(
                input.shape().get(0),
                Math.multiplyExact(weight.shape().get(1), node.number("group", 1))));
    int spatial = input.rank() - 2;
    for (int i = 0; i < spatial; i++) {
      long size = input.shape().get(i + 2);
      long stride = at(strides, i, 1);
      if (given != null) {
        shape.add(at(given, given.length - spatial + i, 1));
      } else if (same) {
        shape.add(Math.multiplyExact(size, stride));
      } else {
        long reach = (weight.shape().get(i + 2) - 1) * at(dilations, i, 1) + 1;
        shape.add(
            Math.multiplyExact(stride, size - 1)
                + at(extra, i, 0)
                + reach
                - at(pads, i, 0)
                - at(pads, i + spatial, 0));
      }
      if (shape.getLast() < 0) {
        throw new OnnxShapes.UnknownShape("a size of " + shape.getLast());
      }
    }
    return OnnxValue.of(input.type(), shape);
  }

  private static long at(long @org.jspecify.annotations.Nullable [] list, int i, long otherwise) {
    return list == null || i < 0 || i >= list.length ? otherwise : list[i];
  }

  static void requireRank(OnnxValue value, int least) {
    if (value.rank() < least) {
      throw new OnnxShapes.UnknownShape(
          "a tensor of rank " + value.rank() + ", expected at least " + least);
    }
  }
}
