package dev.banyan.tensor;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/**
 * Negative log-likelihood of rows of logits: log Σ exp(x) − x[target]. Backward is (softmax(x) −
 * one-hot(target)) times the incoming gradient, from the logits and the kept log-sum of each row.
 */
final class CrossEntropy {
  private CrossEntropy() {}

  /** The mean over counted rows, or the sum; a scalar. */
  static Tensor apply(Tensor logits, Tensor targets, boolean mean) {
    var x = Rows.of(logits);
    Tensor wanted = targets.contiguous();
    long target = wanted.raw().data_ptr().address();
    Tensor logSums = Tensor.empty(DType.F32, x.rows().count());
    long sums = logSums.raw().data_ptr().address();
    float[] scratch = new float[Lanes.WIDTH];
    double loss = 0;
    long counted = 0;
    for (int row = 0; row < x.rows().count(); row++) {
      long wantedClass = Lanes.getLong(target + 8L * row);
      if (wantedClass == Tensor.IGNORED) {
        continue;
      }
      requireClass(wantedClass, row, x.rows().width());
      double logSum = logSum(x.rows().row(row), x.rows().width(), scratch);
      Lanes.set(sums + 4L * row, (float) logSum);
      loss += logSum - Lanes.get(x.rows().row(row) + 4 * wantedClass);
      counted++;
    }
    double weight = mean ? 1.0 / counted : 1; // no counted row: NaN, as in PyTorch
    double value = mean ? loss / counted : loss;
    if (!Fused.records(logits)) {
      return Tensor.full(value, DType.F32);
    }
    // The sum stands in for the loss in libtorch's graph: its backward hands one number to all.
    Tensor tied =
        Pending.tie(
            logits,
            Pending.standIn(logits),
            (slope, held) -> gradient(x.rows(), target, sums, slope, weight),
            x.tensor(),
            wanted,
            logSums);
    Tensor scalar = tied.sum();
    scalar.raw().set_data(Tensor.full(value, DType.F32).raw());
    return scalar;
  }

  private static void requireClass(long wanted, int row, int classes) {
    if (wanted < 0 || wanted >= classes) {
      throw new IllegalArgumentException(
          "target " + wanted + " of row " + row + " is not one of " + classes + " classes");
    }
  }

  private static Tensor gradient(
      Rows x, long targets, long logSums, Tensor incoming, double weight) {
    Tensor gradient = Tensor.empty(DType.F32, incoming.shape());
    // the gradient of a sum: the same number everywhere
    float factor = (float) (Lanes.get(incoming.raw().data_ptr().address()) * weight);
    Rows out = Rows.dense(gradient);
    for (int row = 0; row < out.count(); row++) {
      long wanted = Lanes.getLong(targets + 8L * row);
      if (wanted == Tensor.IGNORED) {
        zero(out.row(row), out.width());
        continue;
      }
      float logSum = Lanes.get(logSums + 4L * row);
      softmax(x.row(row), logSum, factor, out.row(row), out.width());
      long at = out.row(row) + 4 * wanted;
      Lanes.set(at, Lanes.get(at) - factor);
    }
    return gradient;
  }

  /** log Σ exp(x), NaN when an element is. */
  private static double logSum(long x, int width, float[] scratch) {
    int whole = Lanes.whole(width);
    VectorMask<Float> rest = Lanes.rest(width);
    FloatVector greatest = Lanes.broadcast(Float.NEGATIVE_INFINITY);
    for (int i = 0; i < whole; i += Lanes.WIDTH) {
      greatest = Lanes.greater(greatest, Lanes.load(x + 4L * i));
    }
    if (whole < width) {
      greatest = Lanes.greater(greatest, greatest.blend(Lanes.load(x + 4L * whole, rest), rest));
    }
    float shift = Lanes.greatest(greatest, scratch);
    FloatVector sum = FloatVector.zero(Lanes.SPECIES);
    for (int i = 0; i < whole; i += Lanes.WIDTH) {
      sum = sum.add(Lanes.exp(Lanes.load(x + 4L * i).sub(shift)));
    }
    if (whole < width) {
      sum = sum.add(Lanes.exp(Lanes.load(x + 4L * whole, rest).sub(shift)), rest);
    }
    return shift + Math.log(Lanes.sum(sum, scratch));
  }

  private static void softmax(long x, float logSum, float factor, long out, int width) {
    int whole = Lanes.whole(width);
    for (int i = 0; i < whole; i += Lanes.WIDTH) {
      long at = 4L * i;
      Lanes.store(Lanes.exp(Lanes.load(x + at).sub(logSum)).mul(factor), out + at);
    }
    if (whole < width) {
      long at = 4L * whole;
      VectorMask<Float> rest = Lanes.rest(width);
      Lanes.store(Lanes.exp(Lanes.load(x + at, rest).sub(logSum)).mul(factor), out + at, rest);
    }
  }

  private static void zero(long out, int width) {
    for (int i = 0; i < width; i++) {
      Lanes.set(out + 4L * i, 0);
    }
  }
}
