package dev.banyan.plan.read.onnx;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Shapes of what moves elements: reshaping, cutting, joining, gathering. */
final class OnnxMoves {
  private OnnxMoves() {}

  static List<OnnxValue> rule(OnnxNode node, OnnxShapes at, long opset) {
    return switch (node.type()) {
      case "Constant" -> List.of(constant(node));
      case "Shape" -> {
        int rank = at.in(node, 0).rank();
        long start = bound(node.number("start", 0), rank);
        long end = bound(node.number("end", rank), rank);
        yield List.of(OnnxValue.of(OnnxType.INT64, List.of(Math.max(0, end - start))));
      }
      case "Size" -> List.of(OnnxValue.of(OnnxType.INT64, List.of()));
      case "ConstantOfShape" -> {
        OnnxNode.Attribute value = node.attributes().get("value");
        OnnxTensor tensor = value == null ? null : value.tensor();
        yield List.of(
            OnnxValue.of(
                tensor == null ? OnnxType.FLOAT : tensor.type(), sizes(at.values(node, 0))));
      }
      case "Reshape" -> List.of(reshape(node, at));
      case "Flatten" -> List.of(flatten(node, at.in(node, 0)));
      case "Squeeze" -> List.of(squeeze(node, at));
      case "Unsqueeze" -> List.of(unsqueeze(node, at));
      case "Transpose" -> List.of(transpose(node, at.in(node, 0)));
      case "Concat" -> List.of(concat(node, at));
      case "Split" -> split(node, at);
      case "Slice" -> List.of(slice(node, at, opset));
      case "Gather" -> {
        OnnxValue data = at.in(node, 0);
        int axis = OnnxShapes.axis(node.number("axis", 0), data.rank());
        List<Long> shape = new ArrayList<>(data.shape().subList(0, axis));
        shape.addAll(at.in(node, 1).shape());
        shape.addAll(data.shape().subList(axis + 1, data.rank()));
        yield List.of(OnnxValue.of(data.type(), shape));
      }
      case "GatherElements" -> List.of(OnnxValue.of(at.in(node, 0).type(), at.in(node, 1).shape()));
      case "GatherND" -> List.of(gatherNd(node, at));
      case "Expand" -> {
        OnnxValue data = at.in(node, 0);
        OnnxValue wanted = OnnxValue.of(1, sizes(at.values(node, 1)));
        yield List.of(OnnxValue.of(data.type(), OnnxShapes.broadcast(List.of(data, wanted))));
      }
      case "Tile" -> {
        OnnxValue data = at.in(node, 0);
        long[] repeats = at.values(node, 1);
        requireLength(repeats, data.rank());
        List<Long> shape = new ArrayList<>();
        for (int i = 0; i < repeats.length; i++) {
          shape.add(Math.multiplyExact(data.shape().get(i), repeats[i]));
        }
        yield List.of(OnnxValue.of(data.type(), shape));
      }
      case "Pad" -> List.of(pad(node, at));
      case "Range" -> {
        long count = count(at.values(node, 0), at.values(node, 1), at.values(node, 2));
        yield List.of(OnnxValue.of(at.in(node, 0).type(), List.of(count)));
      }
      case "OneHot" -> {
        List<Long> shape = new ArrayList<>(at.in(node, 0).shape());
        long axis = node.number("axis", -1);
        int where = (int) (axis < 0 ? axis + shape.size() + 1 : axis);
        if (where < 0 || where > shape.size()) {
          throw new OnnxShapes.UnknownShape("axis " + axis);
        }
        shape.add(where, single(at.values(node, 1)));
        yield List.of(OnnxValue.of(at.in(node, 2).type(), shape));
      }
      case "TopK" -> {
        OnnxValue data = at.in(node, 0);
        List<Long> shape = new ArrayList<>(data.shape());
        int axis = OnnxShapes.axis(node.number("axis", -1), data.rank());
        shape.set(axis, node.has("k") ? node.number("k", 1) : single(at.values(node, 1)));
        yield List.of(OnnxValue.of(data.type(), shape), OnnxValue.of(OnnxType.INT64, shape));
      }
      case "DepthToSpace", "SpaceToDepth" -> List.of(blocks(node, at.in(node, 0)));
      case "Resize", "Upsample" -> List.of(resize(node, at));
      default -> throw new OnnxShapes.UnknownShape("the shape it gives is not inferred here");
    };
  }

  private static OnnxValue constant(OnnxNode node) {
    OnnxNode.Attribute value = node.attributes().get("value");
    OnnxTensor tensor = value == null ? null : value.tensor();
    if (tensor != null) {
      return new OnnxValue(
          tensor.type(), Arrays.stream(tensor.shape()).boxed().toList(), tensor.values());
    }
    if (node.has("value_int")) {
      return OnnxValue.of(OnnxType.INT64, List.of());
    }
    long[] ints = node.numbers("value_ints");
    if (ints != null) {
      return OnnxValue.of(OnnxType.INT64, List.of((long) ints.length));
    }
    if (node.has("value_float")) {
      return OnnxValue.of(OnnxType.FLOAT, List.of());
    }
    OnnxNode.Attribute floats = node.attributes().get("value_floats");
    if (floats != null) {
      return OnnxValue.of(OnnxType.FLOAT, List.of((long) floats.reals().length));
    }
    throw new OnnxShapes.UnknownShape("a constant without a value that is read");
  }

  private static OnnxValue reshape(OnnxNode node, OnnxShapes at) {
    OnnxValue data = at.in(node, 0);
    long[] wanted = node.has("shape") ? node.numbers("shape") : at.values(node, 1);
    long[] sizes = wanted == null ? new long[0] : wanted;
    List<Long> shape = new ArrayList<>();
    int open = -1;
    long rest = 1;
    for (int i = 0; i < sizes.length; i++) {
      long size = sizes[i];
      if (size == 0 && node.number("allowzero", 0) == 0) {
        if (i >= data.rank()) {
          throw new OnnxShapes.UnknownShape("size 0 at " + i + " copies a dimension not there");
        }
        size = data.shape().get(i);
      }
      if (size == -1 && open < 0) {
        open = i;
      } else if (size < 0) {
        throw new OnnxShapes.UnknownShape("sizes " + Arrays.toString(sizes));
      } else {
        rest = Math.multiplyExact(rest, size);
      }
      shape.add(size);
    }
    if (open >= 0) {
      if (rest == 0 || data.elements() % rest != 0) {
        throw new OnnxShapes.UnknownShape(data.shape() + " does not fill " + shape);
      }
      shape.set(open, data.elements() / rest);
    } else if (rest != data.elements()) {
      throw new OnnxShapes.UnknownShape(data.shape() + " does not fill " + shape);
    }
    return OnnxValue.of(data.type(), shape);
  }

  private static OnnxValue flatten(OnnxNode node, OnnxValue data) {
    long given = node.number("axis", 1);
    long axis = given < 0 ? given + data.rank() : given;
    if (axis < 0 || axis > data.rank()) {
      throw new OnnxShapes.UnknownShape("axis " + given + " of rank " + data.rank());
    }
    long rows = OnnxValue.of(1, data.shape().subList(0, (int) axis)).elements();
    long columns = OnnxValue.of(1, data.shape().subList((int) axis, data.rank())).elements();
    return OnnxValue.of(data.type(), List.of(rows, columns));
  }

  private static OnnxValue squeeze(OnnxNode node, OnnxShapes at) {
    OnnxValue data = at.in(node, 0);
    long[] axes = at.axes(node);
    boolean[] gone = new boolean[data.rank()];
    for (int i = 0; i < gone.length; i++) {
      gone[i] = axes == null && data.shape().get(i) == 1;
    }
    for (long each : axes == null ? new long[0] : axes) {
      gone[OnnxShapes.axis(each, data.rank())] = true;
    }
    List<Long> shape = new ArrayList<>();
    for (int i = 0; i < gone.length; i++) {
      if (!gone[i]) {
        shape.add(data.shape().get(i));
      } else if (data.shape().get(i) != 1) {
        throw new OnnxShapes.UnknownShape("dimension " + i + " is " + data.shape().get(i));
      }
    }
    return OnnxValue.of(data.type(), shape);
  }

  private static OnnxValue unsqueeze(OnnxNode node, OnnxShapes at) {
    OnnxValue data = at.in(node, 0);
    long[] axes = at.axes(node);
    int rank = data.rank() + (axes == null ? 0 : axes.length);
    boolean[] one = new boolean[rank];
    for (long each : axes == null ? new long[0] : axes) {
      one[OnnxShapes.axis(each, rank)] = true;
    }
    List<Long> shape = new ArrayList<>();
    int from = 0;
    for (int i = 0; i < rank; i++) {
      if (!one[i] && from >= data.rank()) {
        throw new OnnxShapes.UnknownShape("axes repeat");
      }
      shape.add(one[i] ? 1L : data.shape().get(from++));
    }
    return OnnxValue.of(data.type(), shape);
  }

  private static OnnxValue transpose(OnnxNode node, OnnxValue data) {
    long[] perm = node.numbers("perm");
    List<Long> shape = new ArrayList<>();
    for (int i = 0; i < data.rank(); i++) {
      long from = perm == null ? data.rank() - 1 - i : i < perm.length ? perm[i] : -1;
      shape.add(data.shape().get(OnnxShapes.axis(from, data.rank())));
    }
    return OnnxValue.of(data.type(), shape);
  }

  private static OnnxValue concat(OnnxNode node, OnnxShapes at) {
    List<Long> shape = new ArrayList<>(at.in(node, 0).shape());
    int axis = OnnxShapes.axis(node.number("axis", 0), shape.size());
    for (int i = 1; i < node.inputs().size(); i++) {
      OnnxValue part = at.in(node, i);
      if (part.rank() != shape.size()) {
        throw new OnnxShapes.UnknownShape("parts have ranks " + shape.size() + ", " + part.rank());
      }
      shape.set(axis, Math.addExact(shape.get(axis), part.shape().get(axis)));
    }
    return OnnxValue.of(at.in(node, 0).type(), shape);
  }

  private static List<OnnxValue> split(OnnxNode node, OnnxShapes at) {
    OnnxValue data = at.in(node, 0);
    int axis = OnnxShapes.axis(node.number("axis", 0), data.rank());
    int parts = node.outputs().size();
    long size = data.shape().get(axis);
    long[] sizes = node.numbers("split");
    if (sizes == null && at.has(node, 1)) {
      sizes = at.values(node, 1);
    }
    if (sizes == null) {
      long each = (size + parts - 1) / parts;
      sizes = new long[parts];
      for (int i = 0; i < parts; i++) {
        sizes[i] = Math.max(0, Math.min(each, size - each * i));
      }
    }
    requireLength(sizes, parts);
    List<OnnxValue> made = new ArrayList<>();
    for (long each : sizes) {
      List<Long> shape = new ArrayList<>(data.shape());
      shape.set(axis, size(each));
      made.add(OnnxValue.of(data.type(), shape));
    }
    return made;
  }

  private static OnnxValue slice(OnnxNode node, OnnxShapes at, long opset) {
    OnnxValue data = at.in(node, 0);
    boolean attributes = opset < 10 && node.has("starts");
    long[] starts = attributes ? node.numbers("starts") : at.values(node, 1);
    long[] ends = attributes ? node.numbers("ends") : at.values(node, 2);
    long[] axes = attributes ? node.numbers("axes") : at.has(node, 3) ? at.values(node, 3) : null;
    long[] steps = !attributes && at.has(node, 4) ? at.values(node, 4) : null;
    if (starts == null || ends == null || starts.length != ends.length) {
      throw new OnnxShapes.UnknownShape("starts and ends do not fit");
    }
    List<Long> shape = new ArrayList<>(data.shape());
    for (int i = 0; i < starts.length; i++) {
      int axis = OnnxShapes.axis(axes == null ? i : axes[i], data.rank());
      long step = steps == null ? 1 : steps[i];
      shape.set(axis, OnnxFold.sliced(starts[i], ends[i], step, data.shape().get(axis)).length());
    }
    return OnnxValue.of(data.type(), shape);
  }

  private static OnnxValue gatherNd(OnnxNode node, OnnxShapes at) {
    OnnxValue data = at.in(node, 0);
    OnnxValue indices = at.in(node, 1);
    OnnxMath.requireRank(indices, 1);
    int batch = (int) node.number("batch_dims", 0);
    long last = indices.shape().getLast();
    if (batch < 0 || batch + last > data.rank()) {
      throw new OnnxShapes.UnknownShape("indices of " + last + " into rank " + data.rank());
    }
    List<Long> shape = new ArrayList<>(indices.shape().subList(0, indices.rank() - 1));
    shape.addAll(data.shape().subList(batch + (int) last, data.rank()));
    return OnnxValue.of(data.type(), shape);
  }

  private static OnnxValue pad(OnnxNode node, OnnxShapes at) {
    OnnxValue data = at.in(node, 0);
    long[] given = node.has("pads") ? node.numbers("pads") : at.values(node, 1);
    long[] pads = given == null ? new long[0] : given;
    List<Long> shape = new ArrayList<>(data.shape());
    if (at.has(node, 3)) {
      long[] axes = at.values(node, 3);
      requireLength(pads, 2 * axes.length);
      for (int i = 0; i < axes.length; i++) {
        int axis = OnnxShapes.axis(axes[i], data.rank());
        shape.set(axis, size(shape.get(axis) + pads[i] + pads[i + axes.length]));
      }
    } else {
      requireLength(pads, 2 * data.rank());
      for (int i = 0; i < data.rank(); i++) {
        shape.set(i, size(shape.get(i) + pads[i] + pads[i + data.rank()]));
      }
    }
    return OnnxValue.of(data.type(), shape);
  }

  private static OnnxValue blocks(OnnxNode node, OnnxValue data) {
    OnnxMath.requireRank(data, 4);
    long block = node.number("blocksize", 1);
    if (block < 1) {
      throw new OnnxShapes.UnknownShape("a block of " + block);
    }
    boolean deeper = node.type().equals("SpaceToDepth");
    List<Long> s = data.shape();
    long channels =
        deeper ? Math.multiplyExact(s.get(1), block * block) : s.get(1) / (block * block);
    long height = deeper ? s.get(2) / block : Math.multiplyExact(s.get(2), block);
    long width = deeper ? s.get(3) / block : Math.multiplyExact(s.get(3), block);
    return OnnxValue.of(data.type(), List.of(s.get(0), channels, height, width));
  }

  private static OnnxValue resize(OnnxNode node, OnnxShapes at) {
    OnnxValue data = at.in(node, 0);
    if (!at.has(node, 3)) {
      throw new OnnxShapes.UnknownShape("it is given by scales, which are not read");
    }
    List<Long> shape = new ArrayList<>(data.shape());
    long[] sizes = at.values(node, 3);
    long[] axes = node.numbers("axes");
    for (int i = 0; i < sizes.length; i++) {
      shape.set(OnnxShapes.axis(axes == null ? i : axes[i], data.rank()), size(sizes[i]));
    }
    return OnnxValue.of(data.type(), shape);
  }

  static List<Long> sizes(long[] values) {
    List<Long> sizes = new ArrayList<>();
    for (long each : values) {
      sizes.add(size(each));
    }
    return sizes;
  }

  static long count(long[] start, long[] limit, long[] step) {
    long by = single(step);
    if (by == 0) {
      throw new OnnxShapes.UnknownShape("a step of 0");
    }
    double span = ((double) single(limit) - single(start)) / by;
    return (long) Math.max(0, Math.ceil(span));
  }

  private static long bound(long given, long rank) {
    return Math.max(0, Math.min(rank, given < 0 ? given + rank : given));
  }

  private static long single(long[] values) {
    requireLength(values, 1);
    return values[0];
  }

  private static long size(long size) {
    if (size < 0) {
      throw new OnnxShapes.UnknownShape("a size of " + size);
    }
    return size;
  }

  private static void requireLength(long[] values, int length) {
    if (values.length != length) {
      throw new OnnxShapes.UnknownShape(values.length + " numbers, expected " + length);
    }
  }
}
