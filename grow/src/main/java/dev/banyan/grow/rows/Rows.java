package dev.banyan.grow.rows;

import dev.banyan.weights.TensorSpec;
import java.lang.foreign.MemorySegment;

/**
 * The tensors of a model, some rows at a time: leading dimensions are rows, the last one is
 * columns, a vector has one column. One thread at a time.
 */
public interface Rows {
  /** Name, type and shape. */
  TensorSpec spec(String name);

  /** Writes {@code count} rows from {@code first} on into {@code into}, as they are stored. */
  void read(String name, long first, int count, MemorySegment into);

  /** Values of one row. */
  static long columns(TensorSpec spec) {
    return spec.shape().size() < 2 ? 1 : spec.shape().getLast();
  }

  /** Rows of the tensor. */
  static long rows(TensorSpec spec) {
    return columns(spec) == 0 ? 0 : spec.elements() / columns(spec);
  }
}
