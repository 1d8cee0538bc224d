package dev.banyan.model.decoder;

import dev.banyan.tensor.DType;
import dev.banyan.tensor.Libtorch;
import dev.banyan.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * x · weightᵀ + bias, multiplied in {@code dtype}.
 *
 * @param weight [outputs, inputs]
 * @param bias [outputs]
 */
record Linear(Tensor weight, @Nullable Tensor bias, DType dtype) {
  private static final boolean FAST_BF16 = Libtorch.hasFastBf16();

  /** Rows from which rounding a whole matrix to f32 and back costs less than it saves. */
  private static final int MANY_ROWS = 16;

  /** [rows, inputs] of any type to [rows, outputs] of {@code dtype}. */
  Tensor apply(Tensor x) {
    boolean rounds = dtype == DType.BF16 && !FAST_BF16 && x.size(0) >= MANY_ROWS;
    return rounds ? rounded(x) : multiplied(x);
  }

  private Tensor multiplied(Tensor x) {
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

  /**
   * What hardware for bf16 does, by its definition: both sides rounded, products summed in f32, the
   * sum rounded. Gradients pass the same roundings. libtorch's emulation gives a fifth of the speed
   * of f32; this gives two thirds.
   */
  Tensor rounded(Tensor x) {
    Tensor input = x.to(dtype).to(DType.F32);
    Tensor matrix = weight.to(dtype).to(DType.F32);
    Tensor product =
        bias == null ? input.linear(matrix) : input.linear(matrix, bias.to(dtype).to(DType.F32));
    return product.to(dtype);
  }
}
