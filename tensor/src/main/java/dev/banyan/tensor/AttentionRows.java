package dev.banyan.tensor;

import org.jspecify.annotations.Nullable;

/** One layer's queries, keys, values and outputs by row, while attention runs. */
final class AttentionRows {
  private final Attending.Heads heads;
  private final VectorKernels.Turning turning;
  private final long q;
  private final long k;
  private final long v;
  private final long out;
  private final long cosines;
  private final long sines;
  private final long queryNorm;
  private final long keyNorm;

  AttentionRows(
      Attending.Heads heads,
      Tensor q,
      Tensor k,
      Tensor v,
      Tensor out,
      VectorKernels.Turning turning) {
    this.heads = heads;
    this.turning = turning;
    this.q = address(q);
    this.k = address(k);
    this.v = address(v);
    this.out = address(out);
    this.cosines = address(turning.cosines());
    this.sines = address(turning.sines());
    this.queryNorm = address(turning.queryNorm());
    this.keyNorm = address(turning.keyNorm());
  }

  private static long address(@Nullable Tensor tensor) {
    return tensor == null ? 0 : tensor.raw().data_ptr().address();
  }

  /** Everything of one key-value head and its query heads, for the tokens of one span. */
  void attend(VectorKernels.Span span, KvPages pages, int head, long scratch, float[] lanes) {
    int headDim = heads.headDim();
    int group = heads.group();
    long keyStride = 4L * heads.keyValues() * headDim;
    long queryStride = 4L * heads.queries() * headDim;
    for (int i = 0; i < span.length(); i++) {
      int row = span.start() + i;
      long key = k + row * keyStride + 4L * head * headDim;
      turn(key, keyNorm, row, lanes);
      if (span.pages().isPresent()) {
        put(key, pages.key(head, span.past() + i), pages.dtype());
        put(
            v + row * keyStride + 4L * head * headDim,
            pages.value(head, span.past() + i),
            pages.dtype());
      }
    }
    for (int i = 0; i < span.length(); i++) {
      int row = span.start() + i;
      long at = row * queryStride + 4L * head * group * headDim;
      for (int query = 0; query < group; query++) {
        turn(q + at + 4L * query * headDim, queryNorm, row, lanes);
      }
      Attending.token(heads, head, span.past() + i, pages, q + at, out + at, scratch, lanes);
    }
  }

  private void turn(long head, long norm, int row, float[] lanes) {
    int headDim = heads.headDim();
    if (norm != 0) {
      float unused = RmsNorm.row(head, norm, head, headDim, turning.normEps(), lanes);
    }
    long angle = 2L * headDim * row;
    Rope.turn(head, cosines + angle, sines + angle, head, headDim / 2, 1);
  }

  private void put(long from, long to, DType dtype) {
    for (int i = 0; i < heads.headDim(); i++) {
      float value = Lanes.get(from + 4L * i);
      if (dtype == DType.F32) {
        Lanes.set(to + 4L * i, value);
      } else {
        Lanes.setShort(to + 2L * i, bf16(value));
      }
    }
  }

  /** To the nearest, ties to even. */
  private static short bf16(float value) {
    int bits = Float.floatToRawIntBits(value);
    return (short) ((bits + 0x7fff + (bits >>> 16 & 1)) >>> 16);
  }
}
