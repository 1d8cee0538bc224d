package dev.banyan.train.replay;

import dev.banyan.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.DoubleSupplier;
import java.util.function.LongUnaryOperator;

/** Numbers of any element type written into memory. */
final class Numbers {
  private Numbers() {}

  static boolean isReal(DType dtype) {
    return switch (dtype) {
      case F64, F32, BF16, F16 -> true;
      default -> false;
    };
  }

  static void fill(MemorySegment memory, DType dtype, DoubleSupplier values) {
    long count = memory.byteSize() / dtype.bytes();
    for (long i = 0; i < count; i++) {
      float value = (float) values.getAsDouble();
      switch (dtype) {
        case F64 -> memory.setAtIndex(ValueLayout.JAVA_DOUBLE, i, value);
        case F32 -> memory.setAtIndex(ValueLayout.JAVA_FLOAT, i, value);
        case BF16 ->
            memory.setAtIndex(
                ValueLayout.JAVA_SHORT, i, (short) (Float.floatToRawIntBits(value) >>> 16));
        default -> memory.setAtIndex(ValueLayout.JAVA_SHORT, i, Float.floatToFloat16(value));
      }
    }
  }

  /** Whole numbers by their index. */
  static void fillWhole(MemorySegment memory, DType dtype, LongUnaryOperator values) {
    long count = memory.byteSize() / dtype.bytes();
    for (long i = 0; i < count; i++) {
      long value = values.applyAsLong(i);
      switch (dtype.bytes()) {
        case 8 -> memory.setAtIndex(ValueLayout.JAVA_LONG, i, value);
        case 4 -> memory.setAtIndex(ValueLayout.JAVA_INT, i, (int) value);
        case 2 -> memory.setAtIndex(ValueLayout.JAVA_SHORT, i, (short) value);
        default -> memory.setAtIndex(ValueLayout.JAVA_BYTE, i, (byte) value);
      }
    }
  }
}
