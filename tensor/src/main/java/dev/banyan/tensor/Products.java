package dev.banyan.tensor;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;

/**
 * Dot products of rows with the rows of a matrix, each in one fixed order whatever its company:
 * lane l adds x[i]·w[i] for i = l, l + lanes, … by fused multiply-add from the first to the last,
 * then lanes are added pairwise: l with l xor lanes/2, then xor lanes/4, … Tiles differ in how many
 * dot products they do side by side, never in the order within one. Elements narrower than f32 are
 * widened exactly, so equal weights give equal bits however they are stored.
 *
 * <p>Each tile is a method of its own that is called thousands of times: the compiler keeps the
 * sums of a loop in registers only in a method it has compiled whole, and only up to a size.
 */
final class Products {
  /** Outputs whose lanes are added up together. */
  static final int PANEL = Lanes.WIDTH;

  /** Rows from which a panel is widened once and used again. */
  private static final int WIDEN_FROM_ROWS = 17;

  private static final int TILE_ROWS = 8;
  private static final long VECTOR_BYTES = 4L * Lanes.WIDTH;
  private static final long ROW_BYTES = PANEL * VECTOR_BYTES;
  private static final long SUM_BYTES = TILE_ROWS * ROW_BYTES;

  private static final VectorShuffle<Float> SWAP_8 = swap(8);
  private static final VectorShuffle<Float> SWAP_4 = swap(4);
  private static final VectorShuffle<Float> SWAP_2 = swap(2);
  private static final VectorShuffle<Float> SWAP_1 = swap(1);
  private static final VectorMask<Float> HIGH_8 = high(8);
  private static final VectorMask<Float> HIGH_4 = high(4);
  private static final VectorMask<Float> HIGH_2 = high(2);
  private static final VectorMask<Float> HIGH_1 = high(1);

  private Products() {}

  private static VectorShuffle<Float> swap(int distance) {
    return VectorShuffle.fromOp(Lanes.SPECIES, lane -> (lane ^ distance) & (Lanes.WIDTH - 1));
  }

  private static VectorMask<Float> high(int distance) {
    boolean[] lanes = new boolean[Lanes.WIDTH];
    for (int lane = 0; lane < lanes.length; lane++) {
      lanes[lane] = (lane & distance) != 0;
    }
    return VectorMask.fromArray(Lanes.SPECIES, lanes, 0);
  }

  /**
   * Rows of numbers that dot products are taken with.
   *
   * @param address of the first; each is {@code inputs} elements of {@code dtype}
   * @param strideBytes from one to the next
   */
  record Weights(DType dtype, long address, long strideBytes, int count, int inputs, long scales) {
    static Weights of(Matrix matrix) {
      return new Weights(
          matrix.dtype(),
          matrix.row(0),
          (long) matrix.inputs() * matrix.dtype().bytes(),
          matrix.outputs(),
          matrix.inputs(),
          matrix.scales());
    }

    int panels() {
      return (count + PANEL - 1) / PANEL;
    }

    long row(int index) {
      return address + Math.min(index, count - 1) * strideBytes;
    }
  }

  /**
   * Where sums go: f32, one row of outputs per row of inputs.
   *
   * @param bias address of a value per output that is added to its sum; 0 without
   * @param adds whether what is there already is added to, instead of replaced
   */
  record Target(long address, long strideBytes, long bias, boolean adds) {}

  /** Scratch bytes that {@link #panel} needs. */
  static long scratchBytes(int inputs) {
    return SUM_BYTES + (PANEL + TILE_ROWS) * 4L * padded(inputs);
  }

  private static int padded(int inputs) {
    return (inputs + Lanes.WIDTH - 1) / Lanes.WIDTH * Lanes.WIDTH;
  }

  /**
   * The dot products of all rows with the weights of one panel.
   *
   * @param x f32 rows of {@code w.inputs()} elements
   * @param scratch {@link #scratchBytes} of memory
   */
  static void panel(Weights w, int panel, long x, long xStride, int rows, long scratch, Target to) {
    int first = panel * PANEL;
    int length = padded(w.inputs);
    boolean ragged = length != w.inputs;
    boolean narrow = w.dtype == DType.BF16;
    boolean widens = ragged || (narrow ? rows >= WIDEN_FROM_ROWS : w.dtype != DType.F32);
    long wide = scratch + SUM_BYTES;
    long paddedRows = wide + PANEL * 4L * length;
    int outputs = Math.min(PANEL, w.count - first);
    if (widens) {
      for (int i = 0; i < outputs; i++) {
        Widening.widen(w.dtype, w.row(first + i), wide + 4L * i * length, w.inputs);
      }
    }
    long weights = widens ? wide : w.row(first);
    long step = widens ? 4L * length : w.strideBytes;
    long last = weights + (outputs - 1) * step;
    int row = 0;
    while (row < rows) {
      int tile = tileRows(rows - row, narrow && !widens);
      long from = x + row * xStride;
      long stride = xStride;
      if (ragged) {
        for (int i = 0; i < tile; i++) {
          Widening.widen(DType.F32, from + i * xStride, paddedRows + 4L * i * length, w.inputs);
        }
        from = paddedRows;
        stride = 4L * length;
      }
      for (int output = 0; output < outputs; output += 4) {
        quad(
            narrow && !widens,
            tile,
            weights + output * step,
            step,
            last,
            from,
            stride,
            scratch + output * VECTOR_BYTES,
            length);
      }
      for (int i = 0; i < tile; i++) {
        long sums = scratch + i * ROW_BYTES;
        addLanes(sums);
        finish(sums, w, first, to, row + i);
      }
      row += tile;
    }
  }

  private static int tileRows(int rows, boolean narrow) {
    return rows >= 8 && narrow ? 8 : rows >= 4 ? 4 : rows >= 2 ? 2 : 1;
  }

  private static void finish(long sums, Weights w, int first, Target to, int row) {
    int outputs = Math.min(PANEL, w.count - first);
    long at = to.address + row * to.strideBytes + 4L * first;
    long scales = w.scales == 0 ? 0 : w.scales + 4L * first;
    long bias = to.bias == 0 ? 0 : to.bias + 4L * first;
    if (outputs < PANEL) {
      for (int i = 0; i < outputs; i++) {
        finishOne(sums, i, scales, bias, to.adds, at);
      }
      return;
    }
    if (scales != 0) {
      Lanes.store(Lanes.load(sums).mul(Lanes.load(scales)), sums);
    }
    if (bias != 0) {
      addTo(bias, sums);
    }
    if (to.adds) {
      addTo(sums, at);
    } else {
      Lanes.store(Lanes.load(sums), at);
    }
  }

  private static void addTo(long from, long to) {
    Lanes.store(Lanes.load(from).add(Lanes.load(to)), to);
  }

  /** The same for one lane. */
  private static void finishOne(long sums, int i, long scales, long bias, boolean adds, long at) {
    long lane = 4L * i;
    float sum = Lanes.get(sums + lane);
    if (scales != 0) {
      sum *= Lanes.get(scales + lane);
    }
    if (bias != 0) {
      sum += Lanes.get(bias + lane);
    }
    Lanes.set(at + lane, adds ? sum + Lanes.get(at + lane) : sum);
  }

  // ---- adding up lanes

  /** Adds up the lanes of PANEL vectors; lane i of the first is the sum of vector i then. */
  private static void addLanes(long vectors) {
    if (Lanes.WIDTH == 16) {
      for (int i = 0; i < 8; i++) {
        fold8(vectors + i * VECTOR_BYTES);
      }
    }
    if (Lanes.WIDTH >= 8) {
      for (int i = 0; i < 4; i++) {
        fold4(vectors + i * VECTOR_BYTES);
      }
    }
    for (int i = 0; i < 2; i++) {
      fold2(vectors + i * VECTOR_BYTES);
    }
    fold1(vectors);
  }

  private static void fold8(long at) {
    FloatVector a = Lanes.load(at);
    FloatVector b = Lanes.load(at + 8 * VECTOR_BYTES);
    Lanes.store(a.blend(b, HIGH_8).add(b.blend(a, HIGH_8).rearrange(SWAP_8)), at);
  }

  private static void fold4(long at) {
    FloatVector a = Lanes.load(at);
    FloatVector b = Lanes.load(at + 4 * VECTOR_BYTES);
    Lanes.store(a.blend(b, HIGH_4).add(b.blend(a, HIGH_4).rearrange(SWAP_4)), at);
  }

  private static void fold2(long at) {
    FloatVector a = Lanes.load(at);
    FloatVector b = Lanes.load(at + 2 * VECTOR_BYTES);
    Lanes.store(a.blend(b, HIGH_2).add(b.blend(a, HIGH_2).rearrange(SWAP_2)), at);
  }

  private static void fold1(long at) {
    FloatVector a = Lanes.load(at);
    FloatVector b = Lanes.load(at + VECTOR_BYTES);
    Lanes.store(a.blend(b, HIGH_1).add(b.blend(a, HIGH_1).rearrange(SWAP_1)), at);
  }

  // ---- tiles of some outputs and some rows

  /** Four outputs from {@code w} on, {@code step} bytes apart, none beyond {@code last}. */
  private static void quad(
      boolean narrow,
      int rows,
      long w,
      long step,
      long last,
      long x,
      long stride,
      long sums,
      int length) {
    long w1 = Math.min(w + step, last);
    long w2 = Math.min(w + 2 * step, last);
    long w3 = Math.min(w + 3 * step, last);
    switch (rows) {
      case 1 -> {
        if (narrow) {
          narrow4x1(w, w1, w2, w3, x, sums, length);
        } else {
          wide4x1(w, w1, w2, w3, x, sums, length);
        }
      }
      case 2 -> {
        if (narrow) {
          narrow4x2(w, w1, w2, w3, x, stride, sums, length);
        } else {
          wide4x2(w, w1, w2, w3, x, stride, sums, length);
        }
      }
      case 4 -> {
        if (narrow) {
          narrow2x4(w, w1, x, stride, sums, length);
          narrow2x4(w2, w3, x, stride, sums + 2 * VECTOR_BYTES, length);
        } else {
          wide2x4(w, w1, x, stride, sums, length);
          wide2x4(w2, w3, x, stride, sums + 2 * VECTOR_BYTES, length);
        }
      }
      default -> {
        narrow1x8(w, x, stride, sums, length);
        narrow1x8(w1, x, stride, sums + VECTOR_BYTES, length);
        narrow1x8(w2, x, stride, sums + 2 * VECTOR_BYTES, length);
        narrow1x8(w3, x, stride, sums + 3 * VECTOR_BYTES, length);
      }
    }
  }

  private static void wide4x1(long w0, long w1, long w2, long w3, long x, long sums, int length) {
    FloatVector a0 = FloatVector.zero(Lanes.SPECIES);
    FloatVector b0 = FloatVector.zero(Lanes.SPECIES);
    FloatVector c0 = FloatVector.zero(Lanes.SPECIES);
    FloatVector d0 = FloatVector.zero(Lanes.SPECIES);
    for (int i = 0; i < length; i += Lanes.WIDTH) {
      long at = x + 4L * i;
      FloatVector v0 = Lanes.load(at);
      FloatVector w = Lanes.load(w0 + 4L * i);
      a0 = w.fma(v0, a0);
      w = Lanes.load(w1 + 4L * i);
      b0 = w.fma(v0, b0);
      w = Lanes.load(w2 + 4L * i);
      c0 = w.fma(v0, c0);
      w = Lanes.load(w3 + 4L * i);
      d0 = w.fma(v0, d0);
    }
    Lanes.store(a0, sums);
    Lanes.store(b0, sums + 1 * VECTOR_BYTES);
    Lanes.store(c0, sums + 2 * VECTOR_BYTES);
    Lanes.store(d0, sums + 3 * VECTOR_BYTES);
  }

  private static void wide4x2(
      long w0, long w1, long w2, long w3, long x, long stride, long sums, int length) {
    FloatVector a0 = FloatVector.zero(Lanes.SPECIES);
    FloatVector a1 = FloatVector.zero(Lanes.SPECIES);
    FloatVector b0 = FloatVector.zero(Lanes.SPECIES);
    FloatVector b1 = FloatVector.zero(Lanes.SPECIES);
    FloatVector c0 = FloatVector.zero(Lanes.SPECIES);
    FloatVector c1 = FloatVector.zero(Lanes.SPECIES);
    FloatVector d0 = FloatVector.zero(Lanes.SPECIES);
    FloatVector d1 = FloatVector.zero(Lanes.SPECIES);
    for (int i = 0; i < length; i += Lanes.WIDTH) {
      long at = x + 4L * i;
      FloatVector v0 = Lanes.load(at);
      FloatVector v1 = Lanes.load(at + stride);
      FloatVector w = Lanes.load(w0 + 4L * i);
      a0 = w.fma(v0, a0);
      a1 = w.fma(v1, a1);
      w = Lanes.load(w1 + 4L * i);
      b0 = w.fma(v0, b0);
      b1 = w.fma(v1, b1);
      w = Lanes.load(w2 + 4L * i);
      c0 = w.fma(v0, c0);
      c1 = w.fma(v1, c1);
      w = Lanes.load(w3 + 4L * i);
      d0 = w.fma(v0, d0);
      d1 = w.fma(v1, d1);
    }
    Lanes.store(a0, sums);
    Lanes.store(b0, sums + 1 * VECTOR_BYTES);
    Lanes.store(c0, sums + 2 * VECTOR_BYTES);
    Lanes.store(d0, sums + 3 * VECTOR_BYTES);
    Lanes.store(a1, sums + 1 * ROW_BYTES);
    Lanes.store(b1, sums + 1 * ROW_BYTES + 1 * VECTOR_BYTES);
    Lanes.store(c1, sums + 1 * ROW_BYTES + 2 * VECTOR_BYTES);
    Lanes.store(d1, sums + 1 * ROW_BYTES + 3 * VECTOR_BYTES);
  }

  private static void wide2x4(long w0, long w1, long x, long stride, long sums, int length) {
    FloatVector a0 = FloatVector.zero(Lanes.SPECIES);
    FloatVector a1 = FloatVector.zero(Lanes.SPECIES);
    FloatVector a2 = FloatVector.zero(Lanes.SPECIES);
    FloatVector a3 = FloatVector.zero(Lanes.SPECIES);
    FloatVector b0 = FloatVector.zero(Lanes.SPECIES);
    FloatVector b1 = FloatVector.zero(Lanes.SPECIES);
    FloatVector b2 = FloatVector.zero(Lanes.SPECIES);
    FloatVector b3 = FloatVector.zero(Lanes.SPECIES);
    for (int i = 0; i < length; i += Lanes.WIDTH) {
      long at = x + 4L * i;
      FloatVector v0 = Lanes.load(at);
      FloatVector v1 = Lanes.load(at + stride);
      FloatVector v2 = Lanes.load(at + 2 * stride);
      FloatVector v3 = Lanes.load(at + 3 * stride);
      FloatVector w = Lanes.load(w0 + 4L * i);
      a0 = w.fma(v0, a0);
      a1 = w.fma(v1, a1);
      a2 = w.fma(v2, a2);
      a3 = w.fma(v3, a3);
      w = Lanes.load(w1 + 4L * i);
      b0 = w.fma(v0, b0);
      b1 = w.fma(v1, b1);
      b2 = w.fma(v2, b2);
      b3 = w.fma(v3, b3);
    }
    Lanes.store(a0, sums);
    Lanes.store(b0, sums + 1 * VECTOR_BYTES);
    Lanes.store(a1, sums + 1 * ROW_BYTES);
    Lanes.store(b1, sums + 1 * ROW_BYTES + 1 * VECTOR_BYTES);
    Lanes.store(a2, sums + 2 * ROW_BYTES);
    Lanes.store(b2, sums + 2 * ROW_BYTES + 1 * VECTOR_BYTES);
    Lanes.store(a3, sums + 3 * ROW_BYTES);
    Lanes.store(b3, sums + 3 * ROW_BYTES + 1 * VECTOR_BYTES);
  }

  private static void narrow4x1(long w0, long w1, long w2, long w3, long x, long sums, int length) {
    FloatVector a0 = FloatVector.zero(Lanes.SPECIES);
    FloatVector b0 = FloatVector.zero(Lanes.SPECIES);
    FloatVector c0 = FloatVector.zero(Lanes.SPECIES);
    FloatVector d0 = FloatVector.zero(Lanes.SPECIES);
    for (int i = 0; i < length; i += Lanes.WIDTH) {
      long at = x + 4L * i;
      FloatVector v0 = Lanes.load(at);
      FloatVector w = Lanes.bf16(w0 + 2L * i);
      a0 = w.fma(v0, a0);
      w = Lanes.bf16(w1 + 2L * i);
      b0 = w.fma(v0, b0);
      w = Lanes.bf16(w2 + 2L * i);
      c0 = w.fma(v0, c0);
      w = Lanes.bf16(w3 + 2L * i);
      d0 = w.fma(v0, d0);
    }
    Lanes.store(a0, sums);
    Lanes.store(b0, sums + 1 * VECTOR_BYTES);
    Lanes.store(c0, sums + 2 * VECTOR_BYTES);
    Lanes.store(d0, sums + 3 * VECTOR_BYTES);
  }

  private static void narrow4x2(
      long w0, long w1, long w2, long w3, long x, long stride, long sums, int length) {
    FloatVector a0 = FloatVector.zero(Lanes.SPECIES);
    FloatVector a1 = FloatVector.zero(Lanes.SPECIES);
    FloatVector b0 = FloatVector.zero(Lanes.SPECIES);
    FloatVector b1 = FloatVector.zero(Lanes.SPECIES);
    FloatVector c0 = FloatVector.zero(Lanes.SPECIES);
    FloatVector c1 = FloatVector.zero(Lanes.SPECIES);
    FloatVector d0 = FloatVector.zero(Lanes.SPECIES);
    FloatVector d1 = FloatVector.zero(Lanes.SPECIES);
    for (int i = 0; i < length; i += Lanes.WIDTH) {
      long at = x + 4L * i;
      FloatVector v0 = Lanes.load(at);
      FloatVector v1 = Lanes.load(at + stride);
      FloatVector w = Lanes.bf16(w0 + 2L * i);
      a0 = w.fma(v0, a0);
      a1 = w.fma(v1, a1);
      w = Lanes.bf16(w1 + 2L * i);
      b0 = w.fma(v0, b0);
      b1 = w.fma(v1, b1);
      w = Lanes.bf16(w2 + 2L * i);
      c0 = w.fma(v0, c0);
      c1 = w.fma(v1, c1);
      w = Lanes.bf16(w3 + 2L * i);
      d0 = w.fma(v0, d0);
      d1 = w.fma(v1, d1);
    }
    Lanes.store(a0, sums);
    Lanes.store(b0, sums + 1 * VECTOR_BYTES);
    Lanes.store(c0, sums + 2 * VECTOR_BYTES);
    Lanes.store(d0, sums + 3 * VECTOR_BYTES);
    Lanes.store(a1, sums + 1 * ROW_BYTES);
    Lanes.store(b1, sums + 1 * ROW_BYTES + 1 * VECTOR_BYTES);
    Lanes.store(c1, sums + 1 * ROW_BYTES + 2 * VECTOR_BYTES);
    Lanes.store(d1, sums + 1 * ROW_BYTES + 3 * VECTOR_BYTES);
  }

  private static void narrow2x4(long w0, long w1, long x, long stride, long sums, int length) {
    FloatVector a0 = FloatVector.zero(Lanes.SPECIES);
    FloatVector a1 = FloatVector.zero(Lanes.SPECIES);
    FloatVector a2 = FloatVector.zero(Lanes.SPECIES);
    FloatVector a3 = FloatVector.zero(Lanes.SPECIES);
    FloatVector b0 = FloatVector.zero(Lanes.SPECIES);
    FloatVector b1 = FloatVector.zero(Lanes.SPECIES);
    FloatVector b2 = FloatVector.zero(Lanes.SPECIES);
    FloatVector b3 = FloatVector.zero(Lanes.SPECIES);
    for (int i = 0; i < length; i += Lanes.WIDTH) {
      long at = x + 4L * i;
      FloatVector v0 = Lanes.load(at);
      FloatVector v1 = Lanes.load(at + stride);
      FloatVector v2 = Lanes.load(at + 2 * stride);
      FloatVector v3 = Lanes.load(at + 3 * stride);
      FloatVector w = Lanes.bf16(w0 + 2L * i);
      a0 = w.fma(v0, a0);
      a1 = w.fma(v1, a1);
      a2 = w.fma(v2, a2);
      a3 = w.fma(v3, a3);
      w = Lanes.bf16(w1 + 2L * i);
      b0 = w.fma(v0, b0);
      b1 = w.fma(v1, b1);
      b2 = w.fma(v2, b2);
      b3 = w.fma(v3, b3);
    }
    Lanes.store(a0, sums);
    Lanes.store(b0, sums + 1 * VECTOR_BYTES);
    Lanes.store(a1, sums + 1 * ROW_BYTES);
    Lanes.store(b1, sums + 1 * ROW_BYTES + 1 * VECTOR_BYTES);
    Lanes.store(a2, sums + 2 * ROW_BYTES);
    Lanes.store(b2, sums + 2 * ROW_BYTES + 1 * VECTOR_BYTES);
    Lanes.store(a3, sums + 3 * ROW_BYTES);
    Lanes.store(b3, sums + 3 * ROW_BYTES + 1 * VECTOR_BYTES);
  }

  private static void narrow1x8(long w0, long x, long stride, long sums, int length) {
    FloatVector a0 = FloatVector.zero(Lanes.SPECIES);
    FloatVector a1 = FloatVector.zero(Lanes.SPECIES);
    FloatVector a2 = FloatVector.zero(Lanes.SPECIES);
    FloatVector a3 = FloatVector.zero(Lanes.SPECIES);
    FloatVector a4 = FloatVector.zero(Lanes.SPECIES);
    FloatVector a5 = FloatVector.zero(Lanes.SPECIES);
    FloatVector a6 = FloatVector.zero(Lanes.SPECIES);
    FloatVector a7 = FloatVector.zero(Lanes.SPECIES);
    for (int i = 0; i < length; i += Lanes.WIDTH) {
      long at = x + 4L * i;
      FloatVector w = Lanes.bf16(w0 + 2L * i);
      a0 = w.fma(Lanes.load(at), a0);
      a1 = w.fma(Lanes.load(at + stride), a1);
      a2 = w.fma(Lanes.load(at + 2 * stride), a2);
      a3 = w.fma(Lanes.load(at + 3 * stride), a3);
      a4 = w.fma(Lanes.load(at + 4 * stride), a4);
      a5 = w.fma(Lanes.load(at + 5 * stride), a5);
      a6 = w.fma(Lanes.load(at + 6 * stride), a6);
      a7 = w.fma(Lanes.load(at + 7 * stride), a7);
    }
    Lanes.store(a0, sums);
    Lanes.store(a1, sums + 1 * ROW_BYTES);
    Lanes.store(a2, sums + 2 * ROW_BYTES);
    Lanes.store(a3, sums + 3 * ROW_BYTES);
    Lanes.store(a4, sums + 4 * ROW_BYTES);
    Lanes.store(a5, sums + 5 * ROW_BYTES);
    Lanes.store(a6, sums + 6 * ROW_BYTES);
    Lanes.store(a7, sums + 7 * ROW_BYTES);
  }
}
