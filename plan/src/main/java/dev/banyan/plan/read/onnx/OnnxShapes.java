package dev.banyan.plan.read.onnx;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The shapes operators give (onnx.ai, "Operators"), and the values where a shape is computed from
 * shapes. What {@code value_info} says stands where it says it.
 */
final class OnnxShapes {
  private final Map<String, OnnxValue> known;
  private final Map<String, OnnxValue> given;
  private final long opset;

  OnnxShapes(Map<String, OnnxValue> known, Map<String, OnnxValue> given, long opset) {
    this.known = known;
    this.given = given;
    this.opset = opset;
  }

  /** A shape cannot be told; the message says why. */
  static final class UnknownShape extends RuntimeException {
    private static final long serialVersionUID = 1;

    UnknownShape(String message) {
      super(message);
    }
  }

  /** What a node's outputs are, one each. */
  List<OnnxValue> infer(OnnxNode node) {
    long[] folded = OnnxFold.values(node, known, opset);
    List<OnnxValue> declared = new ArrayList<>();
    for (String output : node.outputs()) {
      OnnxValue value = output.isEmpty() ? OnnxValue.of(1, List.of()) : given.get(output);
      if (value != null) {
        declared.add(value);
      }
    }
    if (declared.size() == node.outputs().size() && folded == null) {
      return declared;
    }
    if (!node.domain().isEmpty()) {
      throw new UnknownShape("an operator of domain '" + node.domain() + "' has no known shape");
    }
    if (node.holdsGraph()) {
      throw new UnknownShape("it runs a graph inside, whose shapes are not inferred");
    }
    List<OnnxValue> made = new ArrayList<>(rule(node));
    while (made.size() < node.outputs().size()) {
      String output = node.outputs().get(made.size());
      OnnxValue value = given.get(output);
      if (value == null && !output.isEmpty()) {
        throw new UnknownShape("output '" + output + "' has no known shape");
      }
      made.add(value == null ? OnnxValue.of(1, List.of()) : value);
    }
    if (folded != null) {
      made.set(0, new OnnxValue(made.getFirst().type(), made.getFirst().shape(), folded));
    }
    return made;
  }

  private List<OnnxValue> rule(OnnxNode node) {
    return switch (node.type()) {
      case "Relu",
          "Sigmoid",
          "Tanh",
          "Exp",
          "Log",
          "Sqrt",
          "Abs",
          "Neg",
          "Erf",
          "Gelu",
          "LeakyRelu",
          "Elu",
          "Selu",
          "Celu",
          "HardSigmoid",
          "HardSwish",
          "Softplus",
          "Softsign",
          "Clip",
          "Identity",
          "Softmax",
          "LogSoftmax",
          "Hardmax",
          "Reciprocal",
          "Floor",
          "Ceil",
          "Round",
          "Sin",
          "Cos",
          "Tan",
          "Asin",
          "Acos",
          "Atan",
          "Sinh",
          "Cosh",
          "Not",
          "Sign",
          "Mish",
          "InstanceNormalization",
          "GroupNormalization",
          "RMSNormalization",
          "LpNormalization",
          "LRN",
          "CumSum",
          "Trilu",
          "ThresholdedRelu",
          "PRelu",
          "ScatterElements",
          "ScatterND",
          "Scatter",
          "MeanVarianceNormalization",
          "Shrink",
          "RandomNormalLike",
          "RandomUniformLike",
          "Bernoulli",
          "Swish" ->
          List.of(plain(in(node, 0)));
      case "IsNaN", "IsInf" -> List.of(OnnxValue.of(OnnxType.BOOL, in(node, 0).shape()));
      case "Dropout" ->
          List.of(plain(in(node, 0)), OnnxValue.of(OnnxType.BOOL, in(node, 0).shape()));
      case "BatchNormalization" -> List.of(plain(in(node, 0)));
      case "LayerNormalization" -> layerNormalization(node);
      case "Add",
          "Sub",
          "Mul",
          "Div",
          "Pow",
          "Mod",
          "Min",
          "Max",
          "Sum",
          "Mean",
          "BitShift",
          "BitwiseAnd",
          "BitwiseOr",
          "BitwiseXor" ->
          List.of(OnnxValue.of(in(node, 0).type(), broadcast(all(node))));
      case "And", "Or", "Xor", "Equal", "Greater", "Less", "GreaterOrEqual", "LessOrEqual" ->
          List.of(OnnxValue.of(OnnxType.BOOL, broadcast(all(node))));
      case "Where" -> List.of(OnnxValue.of(in(node, 1).type(), broadcast(all(node))));
      case "Cast" -> List.of(OnnxValue.of((int) node.number("to", 1), in(node, 0).shape()));
      case "CastLike" -> List.of(OnnxValue.of(in(node, 1).type(), in(node, 0).shape()));
      case "QuantizeLinear" ->
          List.of(
              OnnxValue.of(node.input(2).isEmpty() ? 2 : in(node, 2).type(), in(node, 0).shape()));
      case "DequantizeLinear" -> List.of(OnnxValue.of(in(node, 1).type(), in(node, 0).shape()));
      case "MatMul", "MatMulInteger" -> List.of(OnnxMath.matMul(in(node, 0), in(node, 1)));
      case "Gemm" -> List.of(OnnxMath.gemm(node, in(node, 0), in(node, 1)));
      case "Conv", "ConvInteger" -> List.of(OnnxMath.conv(node, in(node, 0), in(node, 1)));
      case "ConvTranspose" -> List.of(OnnxMath.convTranspose(node, in(node, 0), in(node, 1)));
      case "MaxPool" -> {
        OnnxValue pooled = OnnxMath.pool(node, in(node, 0));
        yield List.of(pooled, OnnxValue.of(OnnxType.INT64, pooled.shape()));
      }
      case "AveragePool", "LpPool" -> List.of(OnnxMath.pool(node, in(node, 0)));
      case "GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool" -> {
        List<Long> shape = new ArrayList<>(in(node, 0).shape());
        for (int i = 2; i < shape.size(); i++) {
          shape.set(i, 1L);
        }
        yield List.of(OnnxValue.of(in(node, 0).type(), shape));
      }
      case "ReduceMean",
          "ReduceSum",
          "ReduceMax",
          "ReduceMin",
          "ReduceProd",
          "ReduceL1",
          "ReduceL2",
          "ReduceLogSum",
          "ReduceLogSumExp",
          "ReduceSumSquare" ->
          List.of(reduce(node));
      case "ArgMax", "ArgMin" ->
          List.of(
              OnnxValue.of(
                  OnnxType.INT64,
                  reduced(
                      in(node, 0).shape(),
                      new long[] {node.number("axis", 0)},
                      node.number("keepdims", 1) != 0)));
      default -> OnnxMoves.rule(node, this, opset);
    };
  }

  OnnxValue in(OnnxNode node, int position) {
    OnnxValue value = known.get(node.input(position));
    if (value == null) {
      throw new UnknownShape("input " + position + " is missing");
    }
    return value;
  }

  boolean has(OnnxNode node, int position) {
    return known.containsKey(node.input(position));
  }

  /** An input's values, which must be known. */
  long[] values(OnnxNode node, int position) {
    long[] values = in(node, position).values();
    if (values == null) {
      throw new UnknownShape(
          "'" + node.input(position) + "' decides the shape and is not constant");
    }
    return values;
  }

  /** Axes as an attribute (older opsets) or an input; null when all are meant. */
  long @Nullable [] axes(OnnxNode node) {
    if (node.has("axes")) {
      return node.numbers("axes");
    }
    return has(node, 1) ? values(node, 1) : null;
  }

  static int axis(long given, int rank) {
    long axis = given < 0 ? given + rank : given;
    if (axis < 0 || axis > rank || (axis == rank && rank > 0)) {
      throw new UnknownShape("axis " + given + " of a tensor of rank " + rank);
    }
    return (int) axis;
  }

  private static OnnxValue plain(OnnxValue value) {
    return OnnxValue.of(value.type(), value.shape());
  }

  private List<OnnxValue> all(OnnxNode node) {
    List<OnnxValue> all = new ArrayList<>();
    for (int i = 0; i < node.inputs().size(); i++) {
      all.add(in(node, i));
    }
    return all;
  }

  static List<Long> broadcast(List<OnnxValue> values) {
    int rank = values.stream().mapToInt(OnnxValue::rank).max().orElse(0);
    List<Long> shape = new ArrayList<>(Collections.nCopies(rank, 1L));
    for (OnnxValue each : values) {
      for (int i = 0; i < each.rank(); i++) {
        int at = rank - each.rank() + i;
        long size = each.shape().get(i);
        if (size != 1 && shape.get(at) != 1 && shape.get(at) != size) {
          throw new UnknownShape(
              "shapes do not fit: " + size + " and " + shape.get(at) + " in dimension " + at);
        }
        shape.set(at, size == 1 ? shape.get(at) : (Long) size);
      }
    }
    return shape;
  }

  private OnnxValue reduce(OnnxNode node) {
    OnnxValue value = in(node, 0);
    long[] axes = axes(node);
    if (axes == null || axes.length == 0) {
      if (node.number("noop_with_empty_axes", 0) != 0) {
        return plain(value);
      }
      axes = new long[value.rank()];
      for (int i = 0; i < axes.length; i++) {
        axes[i] = i;
      }
    }
    return OnnxValue.of(
        value.type(), reduced(value.shape(), axes, node.number("keepdims", 1) != 0));
  }

  private static List<Long> reduced(List<Long> shape, long[] axes, boolean keep) {
    boolean[] gone = new boolean[shape.size()];
    for (long each : axes) {
      gone[axis(each, shape.size())] = true;
    }
    List<Long> left = new ArrayList<>();
    for (int i = 0; i < gone.length; i++) {
      if (!gone[i]) {
        left.add(shape.get(i));
      } else if (keep) {
        left.add(1L);
      }
    }
    return left;
  }

  private List<OnnxValue> layerNormalization(OnnxNode node) {
    OnnxValue value = in(node, 0);
    int axis = axis(node.number("axis", -1), value.rank());
    List<Long> shape = new ArrayList<>(value.shape());
    for (int i = axis; i < shape.size(); i++) {
      shape.set(i, 1L);
    }
    OnnxValue statistic = OnnxValue.of(OnnxType.FLOAT, shape);
    return List.of(plain(value), statistic, statistic);
  }
}
