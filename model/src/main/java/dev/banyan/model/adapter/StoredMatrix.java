package dev.banyan.model.adapter;

import dev.banyan.tensor.Tensor;

/**
 * A matrix of an adapter's file.
 *
 * @param values row by row
 */
@SuppressWarnings("ArrayRecordComponent") // read, never compared
public record StoredMatrix(float[] values, int rows, int columns) {
  /** F32 [rows, columns] in the caller's scope. */
  public Tensor tensor() {
    return Tensor.of(values, rows, columns);
  }

  /** Its shape as messages show it. */
  public String shape() {
    return "[" + rows + ", " + columns + "]";
  }
}
