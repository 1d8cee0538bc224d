package dev.banyan.tensor;

import org.bytedeco.pytorch.global.torch.ScalarType;

/** The element type of a {@link Tensor}. */
public enum DType {
  F64(8, ScalarType.Double),
  F32(4, ScalarType.Float),
  BF16(2, ScalarType.BFloat16),
  F16(2, ScalarType.Half),
  I64(8, ScalarType.Long),
  I32(4, ScalarType.Int),
  I16(2, ScalarType.Short),
  I8(1, ScalarType.Char),
  U8(1, ScalarType.Byte),
  BOOL(1, ScalarType.Bool);

  private final int bytes;
  private final ScalarType scalarType;

  DType(int bytes, ScalarType scalarType) {
    this.bytes = bytes;
    this.scalarType = scalarType;
  }

  /** Bytes of one element. */
  public int bytes() {
    return bytes;
  }

  ScalarType scalarType() {
    return scalarType;
  }

  static DType of(ScalarType type) {
    for (DType dtype : values()) {
      if (dtype.scalarType.value == type.value) {
        return dtype;
      }
    }
    throw new IllegalArgumentException("no Banyan element type for libtorch's " + type);
  }
}
