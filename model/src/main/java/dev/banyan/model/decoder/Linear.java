package dev.banyan.model.decoder;

import dev.banyan.tensor.DType;
import dev.banyan.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * x · weightᵀ + bias, multiplied in {@code dtype}.
 *
 * @param weight [outputs, inputs]
 * @param bias [outputs]
 */
record Linear(Tensor weight, @Nullable Tensor bias, DType dtype) {
  /** [rows, inputs] of any type to [rows, outputs] of {@code dtype}. */
  Tensor apply(Tensor x) {
    Tensor input = x.to(dtype);
    Tensor matrix = weight.to(dtype);
    if (bias != null) {
      return input.linear(matrix, bias.to(dtype));
    }
    // one row as a matrix takes libtorch's slow path: 8 times the time of matrix times vector
    if (dtype == DType.F32 && input.size(0) == 1 && !matrix.requiresGrad()) {
      return matrix.matmul(input.reshape(input.size(1))).reshape(1, matrix.size(0));
    }
    return input.linear(matrix);
  }
}
