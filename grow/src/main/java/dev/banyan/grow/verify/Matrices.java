package dev.banyan.grow.verify;

import dev.banyan.grow.rows.Numbers;
import dev.banyan.grow.rows.Rows;
import dev.banyan.weights.TensorSpec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.stream.IntStream;

/**
 * Products with stored matrices, some rows in memory at a time. Activations are [features, tokens]:
 * every sum runs over features in their order, for all tokens side by side, so a zero more or less
 * among them changes no bit.
 */
final class Matrices {
  private static final long BLOCK_BYTES = 4L << 20;

  private final Rows rows;
  private final Arena arena;

  Matrices(Rows rows, Arena arena) {
    this.rows = rows;
    this.arena = arena;
  }

  /** A vector whole. */
  double[] vector(String name) {
    return part(name, 0, Math.toIntExact(rows.spec(name).elements()));
  }

  private double[] part(String name, long first, int count) {
    TensorSpec spec = rows.spec(name);
    double[] values = new double[count];
    try (Arena own = Arena.ofConfined()) {
      MemorySegment block = own.allocate((long) count * spec.type().bytes(), 8);
      if (spec.shape().size() < 2) {
        rows.read(name, first, count, block);
      } else {
        rows.read(name, first / Rows.columns(spec), (int) (count / Rows.columns(spec)), block);
      }
      Numbers.read(spec.type(), block, 0, values, 0, count);
    }
    return values;
  }

  /** Rows [tokens] of an embedding matrix as [features, tokens]. */
  double[] embedded(String name, int[] ids) {
    int columns = Math.toIntExact(Rows.columns(rows.spec(name)));
    double[] x = new double[columns * ids.length];
    for (int t = 0; t < ids.length; t++) {
      double[] row = part(name, (long) ids[t] * columns, columns);
      for (int c = 0; c < columns; c++) {
        x[c * ids.length + t] = row[c];
      }
    }
    return x;
  }

  /**
   * W x, where W is rows {@code first} to {@code first + size} of the tensor.
   *
   * @param x [columns of the tensor, tokens]
   * @return [size, tokens]
   */
  double[] product(String name, long first, int size, double[] x, int tokens) {
    TensorSpec spec = rows.spec(name);
    int columns = Math.toIntExact(Rows.columns(spec));
    long rowBytes = (long) columns * spec.type().bytes();
    int block = Math.clamp(BLOCK_BYTES / Math.max(rowBytes, 1), 1, size);
    double[] y = new double[size * tokens];
    MemorySegment buffer = scratch(block * rowBytes);
    for (int from = 0; from < size; from += block) {
      int count = Math.min(block, size - from);
      int begin = from;
      rows.read(name, first + from, count, buffer);
      IntStream.range(0, count)
          .parallel()
          .forEach(
              r -> {
                double[] weights = new double[columns];
                Numbers.read(spec.type(), buffer, r * rowBytes, weights, 0, columns);
                row(weights, x, tokens, y, (begin + r) * tokens);
              });
    }
    return y;
  }

  private static void row(double[] weights, double[] x, int tokens, double[] y, int at) {
    double[] sum = new double[tokens];
    for (int c = 0; c < weights.length; c++) {
      double weight = weights[c];
      int from = c * tokens;
      for (int t = 0; t < tokens; t++) {
        sum[t] += weight * x[from + t];
      }
    }
    System.arraycopy(sum, 0, y, at, tokens);
  }

  private MemorySegment scratch = MemorySegment.NULL;

  private MemorySegment scratch(long bytes) {
    if (scratch.byteSize() < bytes) {
      scratch = arena.allocate(bytes, 8);
    }
    return scratch;
  }
}
