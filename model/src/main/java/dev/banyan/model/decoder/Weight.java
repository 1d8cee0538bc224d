package dev.banyan.model.decoder;

import dev.banyan.tensor.Matrix;
import dev.banyan.tensor.Tensor;

/** A matrix [outputs, inputs] in the two forms it is multiplied with, each made when asked for. */
public interface Weight {
  /** For libtorch, in the type it multiplies in. */
  Tensor tensor();

  /** For vector kernels. */
  Matrix matrix();

  /** Whether it is multiplied with in f32 whatever the model's precision. */
  boolean isExact();

  /** Rows [from, from + count) of slice {@code index} of a stack of matrices. */
  Weight part(int index, int from, int count);
}
