package dev.banyan.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A weight [outputs, inputs] as {@link VectorKernels} read it: where it lies, F32, BF16 or F16, or
 * rounded to 8 bits with one scale per output. It holds the memory it lies in, not a copy.
 */
public final class Matrix implements AutoCloseable {
  private final Tensor values;
  private final @Nullable Tensor scales;
  private final DType dtype;
  private final long address;
  private final int outputs;
  private final int inputs;

  private Matrix(Tensor values, @Nullable Tensor scales) {
    this.values = values;
    this.scales = scales;
    this.dtype = values.dtype();
    this.address = values.raw().data_ptr().address();
    this.outputs = Math.toIntExact(values.size(0));
    this.inputs = Math.toIntExact(values.size(1));
  }

  /**
   * Over a contiguous weight, which must outlive this.
   *
   * @throws IllegalArgumentException for another type than F32, BF16 and F16
   */
  public static Matrix of(Tensor weight) {
    if (weight.dtype() != DType.F32
        && weight.dtype() != DType.BF16
        && weight.dtype() != DType.F16) {
      throw new IllegalArgumentException("no kernel multiplies with " + weight);
    }
    if (weight.dim() != 2 || !weight.raw().is_contiguous()) {
      throw new IllegalArgumentException(weight + " is not a contiguous matrix");
    }
    return new Matrix(weight, null);
  }

  /**
   * The weight rounded to 8 bits: of each output w ≈ scale · q with q in [-127, 127] and scale =
   * max |w| / 127. A quarter of the bytes of F32, half of those of BF16.
   */
  public static Matrix rounded(Tensor weight) {
    int outputs = Math.toIntExact(weight.size(0));
    int inputs = Math.toIntExact(weight.size(1));
    try (Scope scope = Scope.open()) {
      Tensor values = Scope.keep(Tensor.empty(DType.I8, outputs, inputs));
      Tensor scales = Scope.keep(Tensor.empty(DType.F32, outputs));
      MemorySegment to = values.memory();
      MemorySegment scale = scales.memory();
      for (int output = 0; output < outputs; output++) {
        try (Scope row = Scope.open()) {
          float[] w = weight.select(0, output).toFloats();
          float largest = 0;
          for (float value : w) {
            largest = Math.max(largest, Math.abs(value));
          }
          float unit = largest == 0 ? 1 : largest / 127;
          scale.setAtIndex(ValueLayout.JAVA_FLOAT, output, unit);
          for (int i = 0; i < inputs; i++) {
            to.set(
                ValueLayout.JAVA_BYTE, (long) output * inputs + i, (byte) Math.round(w[i] / unit));
          }
        }
      }
      return new Matrix(values, scales);
    }
  }

  /** F32, BF16, F16, or I8 when rounded. */
  public DType dtype() {
    return dtype;
  }

  public int outputs() {
    return outputs;
  }

  public int inputs() {
    return inputs;
  }

  /** Bytes that are read when it is multiplied with. */
  public long bytes() {
    return (long) outputs * inputs * dtype.bytes() + (scales == null ? 0 : 4L * outputs);
  }

  /** What is multiplied with, as F32 [outputs, inputs]; a new tensor in the caller's scope. */
  public Tensor toF32() {
    Tensor wide = values.to(DType.F32);
    return Optional.ofNullable(scales).map(s -> wide.mul(s.unsqueeze(1))).orElse(wide);
  }

  long row(int output) {
    return address + (long) output * inputs * dtype.bytes();
  }

  /** Where the scales are; 0 without. */
  long scales() {
    return scales == null ? 0 : scales.raw().data_ptr().address();
  }

  /** Frees what {@link #rounded} made; a matrix over a weight owns nothing. */
  @Override
  public void close() {
    if (scales != null) {
      scales.close();
      values.close();
    }
  }
}
