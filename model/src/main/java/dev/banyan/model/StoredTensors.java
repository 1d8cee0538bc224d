package dev.banyan.model;

import dev.banyan.tensor.DType;
import dev.banyan.tensor.Tensor;
import dev.banyan.weights.StoredTensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Tensors of a mapped file. */
final class StoredTensors {
  private StoredTensors() {}

  /** Lays a tensor over the file where libtorch has its type, and copies it to f32 where not. */
  static Tensor lay(StoredTensor stored) {
    DType dtype =
        switch (stored.type()) {
          case F64 -> DType.F64;
          case F32 -> DType.F32;
          case F16 -> DType.F16;
          case BF16 -> DType.BF16;
          default -> null;
        };
    long[] sizes = stored.spec().sizes();
    if (dtype != null && stored.isAligned()) {
      return Tensor.over(stored.data(), dtype, sizes);
    }
    Tensor copy = Tensor.empty(DType.F32, sizes);
    MemorySegment memory = copy.memory();
    for (long i = 0; i < stored.spec().elements(); i++) {
      memory.setAtIndex(ValueLayout.JAVA_FLOAT, i, stored.floatAt(i));
    }
    return copy;
  }
}
