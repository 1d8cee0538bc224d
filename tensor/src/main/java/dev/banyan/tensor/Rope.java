package dev.banyan.tensor;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/**
 * Rotary positions (Su et al. 2021) in the layout of transformers: element i of a head turns with
 * element i + headDim/2, (a, b) → (a cos − b sin, b cos + a sin). Backward is the turn back.
 */
final class Rope {
  private Rope() {}

  /**
   * @param x [..., tokens, heads, headDim]
   * @param cosines headDim/2 per token, for as many tokens as a row of x has; likewise {@code
   *     sines}
   */
  static Tensor apply(Tensor x, Tensor cosines, Tensor sines) {
    Tensor cos = cosines.contiguous();
    Tensor sin = sines.contiguous();
    int half = Math.toIntExact(x.size(-1) / 2);
    // by address: the handles of the caller's scope are gone when the gradient comes
    var angles =
        new Angles(
            cos.raw().data_ptr().address(),
            sin.raw().data_ptr().address(),
            Math.toIntExact(cos.count() / half));
    Tensor y = turned(Heads.of(x), angles, 1);
    if (!Fused.records(x)) {
      return y;
    }
    return Pending.tie(x, y, (dy, held) -> turned(Heads.of(dy), angles, -1), cos, sin);
  }

  /** Where cosines and sines lie, and of how many tokens. */
  private record Angles(long cosines, long sines, int tokens) {}

  /** A tensor whose heads lie at even distances, and those heads. */
  private record Heads(Tensor tensor, long tokenStride, long headStride) {
    static Heads of(Tensor x) {
      var raw = x.raw();
      int dims = (int) raw.dim();
      boolean dense = raw.stride(dims - 1) == 1;
      // leading dimensions must be one even walk over the tokens
      long expected = raw.stride(dims - 3) * raw.size(dims - 3);
      for (int dim = dims - 4; dim >= 0; dim--) {
        if (raw.size(dim) != 1) {
          dense &= raw.stride(dim) == expected;
          expected = raw.stride(dim) * raw.size(dim);
        }
      }
      Tensor regular = dense ? x : x.contiguous();
      return new Heads(
          regular,
          regular.raw().stride(dims - 3) * Float.BYTES,
          regular.raw().stride(dims - 2) * Float.BYTES);
    }
  }

  private static Tensor turned(Heads in, Angles angles, int direction) {
    Tensor x = in.tensor;
    int dims = x.dim();
    int heads = Math.toIntExact(x.size(dims - 2));
    int half = Math.toIntExact(x.size(dims - 1) / 2);
    int tokens = Math.toIntExact(x.count() / (2L * half * heads));
    Tensor y = Tensor.empty(DType.F32, x.shape());
    long from = x.raw().data_ptr().address();
    long to = y.raw().data_ptr().address();
    for (int token = 0; token < tokens; token++) {
      long angle = 4L * half * (token % angles.tokens);
      for (int head = 0; head < heads; head++) {
        turn(
            from + token * in.tokenStride + head * in.headStride,
            angles.cosines + angle,
            angles.sines + angle,
            to + 8L * half * ((long) token * heads + head),
            half,
            direction);
      }
    }
    return y;
  }

  /** One head, in place where y is x; direction 1, or -1 to turn back. */
  static void turn(long x, long cos, long sin, long y, int half, int direction) {
    int whole = Lanes.whole(half);
    turnWhole(x, cos, sin, y, half, whole, direction);
    if (whole < half) {
      long at = 4L * whole;
      turnRest(x + at, cos + at, sin + at, y + at, 4L * half, Lanes.rest(half), direction);
    }
  }

  private static void turnWhole(
      long x, long cos, long sin, long y, int half, int whole, int direction) {
    long second = 4L * half;
    for (int i = 0; i < whole; i += Lanes.WIDTH) {
      long at = 4L * i;
      FloatVector c = Lanes.load(cos + at);
      FloatVector s = Lanes.load(sin + at).mul(direction);
      FloatVector a = Lanes.load(x + at);
      FloatVector b = Lanes.load(x + second + at);
      Lanes.store(a.mul(c).sub(b.mul(s)), y + at);
      Lanes.store(b.mul(c).add(a.mul(s)), y + second + at);
    }
  }

  private static void turnRest(
      long x, long cos, long sin, long y, long second, VectorMask<Float> rest, int direction) {
    FloatVector c = Lanes.load(cos, rest);
    FloatVector s = Lanes.load(sin, rest).mul(direction);
    FloatVector a = Lanes.load(x, rest);
    FloatVector b = Lanes.load(x + second, rest);
    Lanes.store(a.mul(c).sub(b.mul(s)), y, rest);
    Lanes.store(b.mul(c).add(a.mul(s)), y + second, rest);
  }
}
