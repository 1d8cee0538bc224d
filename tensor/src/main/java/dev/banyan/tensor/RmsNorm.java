package dev.banyan.tensor;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/**
 * Root-mean-square normalisation of rows (Zhang and Sennrich 2019) in one pass forward and one
 * backward: y = x · r · w with r = 1 / √(mean(x²) + ε), and with n elements in a row
 *
 * <pre>dx = r · (w·dy − x · r² · Σ(w·dy·x) / n),   dw = Σ over rows of dy · x · r</pre>
 */
final class RmsNorm {
  /** Rows whose share of dw is summed before it is added to the whole, for its last digits. */
  private static final int BLOCK = 64;

  private RmsNorm() {}

  static Tensor apply(Tensor input, Tensor weight, double epsilon) {
    var x = Rows.of(input);
    var w = Rows.of(weight);
    Tensor y = Tensor.empty(DType.F32, input.shape());
    Tensor inverse = Tensor.empty(DType.F32, x.rows().count());
    long inverses = inverse.raw().data_ptr().address();
    forward(x.rows(), w.rows().address(), Rows.dense(y), inverses, epsilon);
    if (!Fused.records(input)) {
      return y;
    }
    long weights = w.rows().address();
    return Pending.tie(
        x.tensor(),
        y,
        (dy, held) -> backward(x.rows(), held.getFirst(), weights, inverses, dy),
        weight,
        x.tensor(),
        w.tensor(),
        inverse);
  }

  private static Tensor backward(
      Rows x, Tensor weight, long weights, long inverses, Tensor gradient) {
    var dy = Rows.of(gradient);
    Tensor dx = Tensor.empty(DType.F32, gradient.shape());
    Tensor dw = Tensor.zeros(DType.F32, weight.shape());
    Tensor block = Tensor.zeros(DType.F32, weight.shape());
    long total = dw.raw().data_ptr().address();
    long part = block.raw().data_ptr().address();
    Rows out = Rows.dense(dx);
    float[] scratch = new float[Lanes.WIDTH];
    for (int row = 0; row < out.count(); row++) {
      backwardRow(
          x.row(row),
          weights,
          dy.rows().row(row),
          Lanes.get(inverses + 4L * row),
          out.row(row),
          part,
          out.width(),
          scratch);
      if (row % BLOCK == BLOCK - 1 || row == out.count() - 1) {
        move(part, total, out.width());
      }
    }
    if (weight.requiresGrad()) {
      Pending.accumulate(weight, dw);
    }
    return dx;
  }

  private static void forward(Rows x, long w, Rows y, long inverses, double epsilon) {
    float[] scratch = new float[Lanes.WIDTH];
    for (int row = 0; row < x.count(); row++) {
      float inverse = row(x.row(row), w, y.row(row), x.width(), epsilon, scratch);
      Lanes.set(inverses + 4L * row, inverse);
    }
  }

  /**
   * One row, in place where y is x.
   *
   * @param scratch {@link Lanes#WIDTH} long
   * @return 1 / √(mean(x²) + ε)
   */
  static float row(long x, long w, long y, int width, double epsilon, float[] scratch) {
    double mean = squares(x, width, scratch) / width;
    float inverse = (float) (1 / Math.sqrt(mean + epsilon));
    scale(x, w, inverse, y, width);
    return inverse;
  }

  private static double squares(long x, int width, float[] scratch) {
    FloatVector sum = FloatVector.zero(Lanes.SPECIES);
    int whole = Lanes.whole(width);
    for (int i = 0; i < whole; i += Lanes.WIDTH) {
      FloatVector value = Lanes.load(x + 4L * i);
      sum = value.fma(value, sum);
    }
    if (whole < width) {
      FloatVector value = Lanes.load(x + 4L * whole, Lanes.rest(width));
      sum = value.fma(value, sum);
    }
    return Lanes.sum(sum, scratch);
  }

  private static void scale(long x, long w, float inverse, long y, int width) {
    int whole = Lanes.whole(width);
    for (int i = 0; i < whole; i += Lanes.WIDTH) {
      long at = 4L * i;
      Lanes.store(Lanes.load(x + at).mul(inverse).mul(Lanes.load(w + at)), y + at);
    }
    if (whole < width) {
      long at = 4L * whole;
      VectorMask<Float> rest = Lanes.rest(width);
      Lanes.store(
          Lanes.load(x + at, rest).mul(inverse).mul(Lanes.load(w + at, rest)), y + at, rest);
    }
  }

  private static void backwardRow(
      long x, long w, long dy, float inverse, long dx, long dw, int width, float[] scratch) {
    FloatVector dot = FloatVector.zero(Lanes.SPECIES);
    int whole = Lanes.whole(width);
    for (int i = 0; i < whole; i += Lanes.WIDTH) {
      long at = 4L * i;
      FloatVector value = Lanes.load(x + at);
      FloatVector slope = Lanes.load(dy + at);
      dot = slope.mul(Lanes.load(w + at)).fma(value, dot);
      Lanes.store(slope.fma(value.mul(inverse), Lanes.load(dw + at)), dw + at);
    }
    VectorMask<Float> rest = Lanes.rest(width);
    if (whole < width) {
      long at = 4L * whole;
      FloatVector value = Lanes.load(x + at, rest);
      FloatVector slope = Lanes.load(dy + at, rest);
      dot = slope.mul(Lanes.load(w + at, rest)).fma(value, dot);
      Lanes.store(slope.fma(value.mul(inverse), Lanes.load(dw + at, rest)), dw + at, rest);
    }
    float pull = (float) (Lanes.sum(dot, scratch) / width * inverse * inverse * inverse);
    for (int i = 0; i < whole; i += Lanes.WIDTH) {
      long at = 4L * i;
      FloatVector slope = Lanes.load(dy + at).mul(Lanes.load(w + at)).mul(inverse);
      Lanes.store(Lanes.load(x + at).fma(Lanes.broadcast(-pull), slope), dx + at);
    }
    if (whole < width) {
      long at = 4L * whole;
      FloatVector slope = Lanes.load(dy + at, rest).mul(Lanes.load(w + at, rest)).mul(inverse);
      Lanes.store(Lanes.load(x + at, rest).fma(Lanes.broadcast(-pull), slope), dx + at, rest);
    }
  }

  /** Adds a part to the total and makes it zero. */
  private static void move(long part, long total, int width) {
    for (int i = 0; i < width; i++) {
      long at = 4L * i;
      Lanes.set(total + at, Lanes.get(total + at) + Lanes.get(part + at));
      Lanes.set(part + at, 0);
    }
  }
}
