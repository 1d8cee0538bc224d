package dev.banyan.plan.read.onnx;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The values of whole-number tensors of rank 0 and 1, which are what shapes are computed with:
 * Shape, Gather, Concat, Slice, arithmetic and the like on what is constant.
 */
final class OnnxFold {
  private static final int MOST = 4096;

  private OnnxFold() {}

  /** The values of a node's first output, or null when they are not known. */
  static long @Nullable [] values(OnnxNode node, Map<String, OnnxValue> known, long opset) {
    if (!node.domain().isEmpty() || node.outputs().size() != 1) {
      return null;
    }
    OnnxValue first = known.get(node.input(0));
    switch (node.type()) {
      case "Constant" -> {
        return constant(node);
      }
      case "Shape" -> {
        return first == null ? null : shape(node, first);
      }
      case "Size" -> {
        return first == null ? null : new long[] {first.elements()};
      }
      default -> {}
    }
    List<long[]> in = new ArrayList<>();
    for (String input : node.inputs()) {
      OnnxValue value = input.isEmpty() ? null : known.get(input);
      if (!input.isEmpty()) {
        long[] values = value == null || value.rank() > 1 ? null : value.values();
        if (values == null) {
          return null;
        }
        in.add(values);
      }
    }
    return in.isEmpty() ? null : folded(node, in, opset);
  }

  private static long @Nullable [] folded(OnnxNode node, List<long[]> in, long opset) {
    long[] a = in.getFirst();
    return switch (node.type()) {
      case "Identity", "Squeeze", "Unsqueeze", "Reshape", "Flatten" -> a;
      case "Cast" -> node.number("to", 1) == 7 || node.number("to", 1) == 6 ? a : null;
      case "Gather" -> node.number("axis", 0) == 0 ? gather(a, in.get(1)) : null;
      case "Concat" -> concat(in);
      case "Slice" -> opset < 10 ? null : slice(in);
      case "Add", "Sub", "Mul", "Div", "Mod", "Min", "Max", "Equal" ->
          in.size() == 2 ? both(node.type(), a, in.get(1)) : null;
      case "Where" -> in.size() == 3 ? where(a, in.get(1), in.get(2)) : null;
      case "Neg" -> both("Sub", new long[] {0}, a);
      case "ReduceProd" -> new long[] {product(a)};
      case "Range" -> in.size() == 3 ? range(in) : null;
      case "ConstantOfShape" -> filled(node, a);
      default -> null;
    };
  }

  private static long @Nullable [] constant(OnnxNode node) {
    OnnxNode.Attribute value = node.attributes().get("value");
    if (value != null && value.tensor() != null) {
      return value.tensor().values();
    }
    if (node.has("value_int")) {
      return new long[] {node.number("value_int", 0)};
    }
    return node.numbers("value_ints");
  }

  private static long[] shape(OnnxNode node, OnnxValue of) {
    int rank = of.rank();
    long start = node.number("start", 0);
    long end = node.number("end", rank);
    int from = Math.clamp(start < 0 ? start + rank : start, 0, rank);
    int to = Math.clamp(end < 0 ? end + rank : end, 0, rank);
    return of.shape().subList(from, Math.max(from, to)).stream()
        .mapToLong(Long::longValue)
        .toArray();
  }

  private static long @Nullable [] gather(long[] from, long[] indices) {
    long[] taken = new long[indices.length];
    for (int i = 0; i < taken.length; i++) {
      long at = indices[i] < 0 ? indices[i] + from.length : indices[i];
      if (at < 0 || at >= from.length) {
        return null;
      }
      taken[i] = from[(int) at];
    }
    return taken;
  }

  private static long @Nullable [] concat(List<long[]> parts) {
    int length = parts.stream().mapToInt(part -> part.length).sum();
    if (length > MOST) {
      return null;
    }
    long[] all = new long[length];
    int at = 0;
    for (long[] part : parts) {
      System.arraycopy(part, 0, all, at, part.length);
      at += part.length;
    }
    return all;
  }

  /** A stretch of a dimension. */
  record Stretch(long start, long step, long length) {}

  /** What a slice takes of {@code size} elements, by ONNX's rule of clamping. */
  static Stretch sliced(long start, long end, long step, long size) {
    if (step == 0 || step == Long.MIN_VALUE) {
      throw new OnnxShapes.UnknownShape("a step of " + step);
    }
    long from = start < 0 ? start + size : start;
    long to = end < 0 ? Math.max(end, -size - 1) + size : end;
    if (step > 0) {
      from = Math.clamp(from, 0, size);
      to = Math.clamp(to, 0, size);
      return new Stretch(from, step, to <= from ? 0 : (to - from - 1) / step + 1);
    }
    from = Math.clamp(from, -1, size - 1);
    to = Math.clamp(to, -1, size - 1);
    return new Stretch(from, step, to >= from ? 0 : (from - to - 1) / -step + 1);
  }

  private static long @Nullable [] slice(List<long[]> in) {
    if (in.size() < 3 || in.get(1).length != 1 || in.get(2).length != 1) {
      return null;
    }
    long[] data = in.getFirst();
    long step = in.size() > 4 && in.get(4).length == 1 ? in.get(4)[0] : 1;
    Stretch taken = sliced(in.get(1)[0], in.get(2)[0], step, data.length);
    long[] values = new long[(int) taken.length()];
    for (int i = 0; i < values.length; i++) {
      values[i] = data[(int) (taken.start() + i * taken.step())];
    }
    return values;
  }

  private static long @Nullable [] both(String type, long[] a, long[] b) {
    if (a.length != b.length && a.length != 1 && b.length != 1) {
      return null;
    }
    long[] made = new long[a.length == 1 ? b.length : a.length];
    for (int i = 0; i < made.length; i++) {
      long x = a[a.length == 1 ? 0 : i];
      long y = b[b.length == 1 ? 0 : i];
      if (y == 0 && (type.equals("Div") || type.equals("Mod"))) {
        return null;
      }
      made[i] =
          switch (type) {
            case "Add" -> x + y;
            case "Sub" -> x - y;
            case "Mul" -> x * y;
            case "Div" -> x / y;
            case "Mod" -> Math.floorMod(x, y);
            case "Min" -> Math.min(x, y);
            case "Max" -> Math.max(x, y);
            default -> x == y ? 1 : 0;
          };
    }
    return made;
  }

  private static long @Nullable [] where(long[] chosen, long[] a, long[] b) {
    int length = Math.max(chosen.length, Math.max(a.length, b.length));
    long[] made = new long[length];
    for (int i = 0; i < length; i++) {
      long[] from = at(chosen, i) != 0 ? a : b;
      made[i] = at(from, i);
    }
    return made;
  }

  private static long at(long[] values, int i) {
    return values.length == 0 ? 0 : values[values.length == 1 ? 0 : Math.min(i, values.length - 1)];
  }

  private static long product(long[] values) {
    long product = 1;
    for (long each : values) {
      product = Math.multiplyExact(product, each);
    }
    return product;
  }

  private static long @Nullable [] range(List<long[]> in) {
    for (long[] each : in) {
      if (each.length != 1) {
        return null;
      }
    }
    long count = OnnxMoves.count(in.get(0), in.get(1), in.get(2));
    if (count > MOST) {
      return null;
    }
    long[] made = new long[(int) count];
    for (int i = 0; i < made.length; i++) {
      made[i] = in.get(0)[0] + i * in.get(2)[0];
    }
    return made;
  }

  private static long @Nullable [] filled(OnnxNode node, long[] shape) {
    OnnxNode.Attribute value = node.attributes().get("value");
    OnnxTensor tensor = value == null ? null : value.tensor();
    if (tensor == null || shape.length > 1) {
      return null;
    }
    long[] with = tensor.values();
    long count = shape.length == 0 ? 1 : shape[0];
    if (with == null || with.length != 1 || count < 0 || count > MOST) {
      return null;
    }
    long[] made = new long[(int) count];
    java.util.Arrays.fill(made, with[0]);
    return made;
  }
}
