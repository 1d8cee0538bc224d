package dev.banyan.tensor;

import jdk.incubator.vector.FloatVector;

/**
 * Causal attention of single tokens over keys and values where they lie, in one order: scores by
 * {@link Products}, their greatest, exponentials and their sum from the first visible position on
 * lane by lane, then values weighed and added position after position. What a token sees depends on
 * its position and window alone, so the order does too, and not on pages or on what else is
 * computed.
 */
final class Attending {
  private Attending() {}

  /** Shapes and scale of all heads. */
  record Heads(int queries, int keyValues, int headDim, int window, float scale) {
    int group() {
      return queries / keyValues;
    }

    /** The first position that a token at {@code position} sees. */
    int first(int position) {
      return window == 0 ? 0 : Math.max(0, position - window + 1);
    }
  }

  /** Scratch bytes for a token that sees {@code positions}. */
  static long scratchBytes(Heads heads, int positions) {
    return Products.scratchBytes(heads.headDim)
        + (long) heads.group() * scoreStride(positions)
        + 4L * Lanes.WIDTH;
  }

  private static long scoreStride(int positions) {
    return 4L * (positions + Lanes.WIDTH);
  }

  /**
   * The query heads of one key-value head for one token.
   *
   * @param query f32 [group, headDim], rotated
   * @param out f32 [group, headDim]
   */
  static void token(
      Heads heads,
      int head,
      int position,
      KvPages pages,
      long query,
      long out,
      long scratch,
      float[] lanes) {
    int from = heads.first(position);
    int seen = position - from + 1;
    long stride = scoreStride(seen);
    long scores = scratch + Products.scratchBytes(heads.headDim);
    int group = heads.group();
    for (int at = from; at <= position; ) {
      int run = Math.min(pages.run(at), position + 1 - at);
      var keys =
          new Products.Weights(
              pages.dtype(), pages.key(head, at), pages.tokenStride(), run, heads.headDim, 0);
      var to = new Products.Target(scores + 4L * (at - from), stride, 0, false);
      for (int panel = 0; panel < keys.panels(); panel++) {
        Products.panel(keys, panel, query, 4L * heads.headDim, group, scratch, to);
      }
      at += run;
    }
    for (int i = 0; i < group; i++) {
      float inverse = exponentials(scores + i * stride, seen, heads.scale, lanes);
      weigh(
          heads,
          head,
          from,
          position,
          pages,
          scores + i * stride,
          inverse,
          out + 4L * i * heads.headDim);
    }
  }

  /**
   * Scores to exponentials in place; gives one over their sum. Scores beyond the last are there up
   * to a whole vector and become 0.
   */
  private static float exponentials(long scores, int count, float scale, float[] lanes) {
    int padded = (count + Lanes.WIDTH - 1) / Lanes.WIDTH * Lanes.WIDTH;
    for (int i = count; i < padded; i++) {
      Lanes.set(scores + 4L * i, Float.NEGATIVE_INFINITY);
    }
    float greatest = greatest(scores, padded, lanes);
    double sum = exponentialsWhole(scores, padded, scale, greatest, lanes);
    // e^-87, which is what minus infinity is held to
    for (int i = count; i < padded; i++) {
      sum -= Lanes.get(scores + 4L * i);
    }
    return (float) (1 / sum);
  }

  private static double exponentialsWhole(
      long scores, int count, float scale, float greatest, float[] lanes) {
    FloatVector shift = Lanes.broadcast(-greatest * scale);
    FloatVector sum = FloatVector.zero(Lanes.SPECIES);
    for (int i = 0; i < count; i += Lanes.WIDTH) {
      FloatVector e = Lanes.exp(Lanes.load(scores + 4L * i).fma(Lanes.broadcast(scale), shift));
      Lanes.store(e, scores + 4L * i);
      sum = sum.add(e);
    }
    return Lanes.sum(sum, lanes);
  }

  private static float greatest(long scores, int count, float[] lanes) {
    FloatVector greatest = Lanes.broadcast(Float.NEGATIVE_INFINITY);
    for (int i = 0; i < count; i += Lanes.WIDTH) {
      greatest = Lanes.greater(greatest, Lanes.load(scores + 4L * i));
    }
    return Lanes.greatest(greatest, lanes);
  }

  private static void weigh(
      Heads heads,
      int head,
      int from,
      int position,
      KvPages pages,
      long weights,
      float inverse,
      long out) {
    int headDim = heads.headDim;
    int whole = Lanes.whole(headDim);
    boolean narrow = pages.dtype() == DType.BF16;
    for (int i = 0; i < headDim; i++) {
      Lanes.set(out + 4L * i, 0);
    }
    for (int at = from; at <= position; ) {
      int run = Math.min(pages.run(at), position + 1 - at);
      long values = pages.value(head, at);
      long w = weights + 4L * (at - from);
      long bytes = narrow ? 2 : 4;
      int i = 0;
      for (; i + 4 * Lanes.WIDTH <= whole; i += 4 * Lanes.WIDTH) {
        if (narrow) {
          narrow4(w, values + bytes * i, pages.tokenStride(), run, out + 4L * i);
        } else {
          wide4(w, values + bytes * i, pages.tokenStride(), run, out + 4L * i);
        }
      }
      for (; i < whole; i += Lanes.WIDTH) {
        if (narrow) {
          narrow1(w, values + bytes * i, pages.tokenStride(), run, out + 4L * i);
        } else {
          wide1(w, values + bytes * i, pages.tokenStride(), run, out + 4L * i);
        }
      }
      for (; i < headDim; i++) {
        one(w, values + bytes * i, pages.tokenStride(), run, out + 4L * i, narrow);
      }
      at += run;
    }
    for (int i = 0; i < headDim; i++) {
      Lanes.set(out + 4L * i, Lanes.get(out + 4L * i) * inverse);
    }
  }

  private static void wide4(long w, long values, long stride, int count, long out) {
    long step = 4L * Lanes.WIDTH;
    FloatVector a = Lanes.load(out);
    FloatVector b = Lanes.load(out + step);
    FloatVector c = Lanes.load(out + 2 * step);
    FloatVector d = Lanes.load(out + 3 * step);
    for (int i = 0; i < count; i++) {
      FloatVector weight = Lanes.broadcast(Lanes.get(w + 4L * i));
      long at = values + i * stride;
      a = weight.fma(Lanes.load(at), a);
      b = weight.fma(Lanes.load(at + step), b);
      c = weight.fma(Lanes.load(at + 2 * step), c);
      d = weight.fma(Lanes.load(at + 3 * step), d);
    }
    Lanes.store(a, out);
    Lanes.store(b, out + step);
    Lanes.store(c, out + 2 * step);
    Lanes.store(d, out + 3 * step);
  }

  private static void narrow4(long w, long values, long stride, int count, long out) {
    long step = 4L * Lanes.WIDTH;
    FloatVector a = Lanes.load(out);
    FloatVector b = Lanes.load(out + step);
    FloatVector c = Lanes.load(out + 2 * step);
    FloatVector d = Lanes.load(out + 3 * step);
    for (int i = 0; i < count; i++) {
      FloatVector weight = Lanes.broadcast(Lanes.get(w + 4L * i));
      long at = values + i * stride;
      a = weight.fma(Lanes.bf16(at), a);
      b = weight.fma(Lanes.bf16(at + step / 2), b);
      c = weight.fma(Lanes.bf16(at + step), c);
      d = weight.fma(Lanes.bf16(at + 3 * step / 2), d);
    }
    Lanes.store(a, out);
    Lanes.store(b, out + step);
    Lanes.store(c, out + 2 * step);
    Lanes.store(d, out + 3 * step);
  }

  private static void wide1(long w, long values, long stride, int count, long out) {
    FloatVector a = Lanes.load(out);
    for (int i = 0; i < count; i++) {
      a = Lanes.broadcast(Lanes.get(w + 4L * i)).fma(Lanes.load(values + i * stride), a);
    }
    Lanes.store(a, out);
  }

  private static void narrow1(long w, long values, long stride, int count, long out) {
    FloatVector a = Lanes.load(out);
    for (int i = 0; i < count; i++) {
      a = Lanes.broadcast(Lanes.get(w + 4L * i)).fma(Lanes.bf16(values + i * stride), a);
    }
    Lanes.store(a, out);
  }

  private static void one(long w, long values, long stride, int count, long out, boolean narrow) {
    float a = Lanes.get(out);
    for (int i = 0; i < count; i++) {
      long at = values + i * stride;
      float value = narrow ? Float.intBitsToFloat(Lanes.getShort(at) << 16) : Lanes.get(at);
      a = Math.fma(Lanes.get(w + 4L * i), value, a);
    }
    Lanes.set(out, a);
  }
}
