package dev.banyan.weights;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;
import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The element types of safetensors that Banyan reads, named as the format names them and in the
 * library's own order: it lays tensors out by descending type, then by name. All values are little
 * endian. Widening to float is exact for every type of 16 bits or fewer; the 32- and 64-bit types
 * are rounded to the nearest float.
 */
public enum StoredType {
  BOOL(1),
  U8(1),
  I8(1),
  /** 1 sign, 5 exponent, 2 mantissa bits, with infinities (OCP 8-bit floating point, table 1). */
  F8_E5M2(1),
  /** 1 sign, 4 exponent, 3 mantissa bits; no infinities, NaN is S.1111.111 (same table). */
  F8_E4M3(1),
  I16(2),
  U16(2),
  F16(2),
  BF16(2),
  I32(4),
  U32(4),
  F32(4),
  F64(8),
  I64(8),
  U64(8);

  private static final ValueLayout.OfShort SHORT = JAVA_SHORT_UNALIGNED.withOrder(LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT = JAVA_INT_UNALIGNED.withOrder(LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG = JAVA_LONG_UNALIGNED.withOrder(LITTLE_ENDIAN);
  private static final ValueLayout.OfFloat FLOAT = JAVA_FLOAT_UNALIGNED.withOrder(LITTLE_ENDIAN);
  private static final ValueLayout.OfDouble DOUBLE = JAVA_DOUBLE_UNALIGNED.withOrder(LITTLE_ENDIAN);

  private final int bytes;

  StoredType(int bytes) {
    this.bytes = bytes;
  }

  /** Bytes of one element. */
  public int bytes() {
    return bytes;
  }

  /** The type a safetensors header calls {@code name}, if Banyan reads it. */
  public static Optional<StoredType> named(String name) {
    return Arrays.stream(values()).filter(type -> type.name().equals(name)).findFirst();
  }

  /** All names, for messages. */
  static String names() {
    return Arrays.stream(values()).map(Enum::name).collect(Collectors.joining(", "));
  }

  /** True for the types that hold fractions. */
  public boolean isFloating() {
    return switch (this) {
      case F64, F32, F16, BF16, F8_E4M3, F8_E5M2 -> true;
      case BOOL, U8, I8, I16, U16, I32, U32, I64, U64 -> false;
    };
  }

  /** Element {@code index} of {@code data} as a float. */
  public float floatAt(MemorySegment data, long index) {
    long at = index * bytes;
    return switch (this) {
      case F32 -> data.get(FLOAT, at);
      case BF16 -> Float.intBitsToFloat(data.get(SHORT, at) << 16);
      case F16 -> Float.float16ToFloat(data.get(SHORT, at));
      case F64 -> (float) data.get(DOUBLE, at);
      case F8_E4M3 -> e4m3(data.get(JAVA_BYTE, at));
      case F8_E5M2 -> Float.float16ToFloat((short) (data.get(JAVA_BYTE, at) << 8));
      case U64 -> unsignedToFloat(data.get(LONG, at));
      case BOOL, U8, I8, I16, U16, I32, U32, I64 -> (float) longAt(data, index);
    };
  }

  /**
   * Element {@code index} of {@code data} as a long; U64 keeps its bits.
   *
   * @throws IllegalStateException for a floating type
   */
  public long longAt(MemorySegment data, long index) {
    long at = index * bytes;
    return switch (this) {
      case BOOL -> data.get(JAVA_BYTE, at) == 0 ? 0 : 1;
      case U8 -> data.get(JAVA_BYTE, at) & 0xffL;
      case I8 -> data.get(JAVA_BYTE, at);
      case I16 -> data.get(SHORT, at);
      case U16 -> data.get(SHORT, at) & 0xffffL;
      case I32 -> data.get(INT, at);
      case U32 -> data.get(INT, at) & 0xffff_ffffL;
      case I64, U64 -> data.get(LONG, at);
      case F64, F32, F16, BF16, F8_E4M3, F8_E5M2 ->
          throw new IllegalStateException(this + " does not hold whole numbers");
    };
  }

  /**
   * Stores {@code value} as element {@code index}, rounded to nearest even.
   *
   * @throws IllegalStateException for a type other than F64, F32, F16, BF16
   */
  public void putFloat(MemorySegment data, long index, float value) {
    long at = index * bytes;
    switch (this) {
      case F32 -> data.set(FLOAT, at, value);
      case BF16 -> data.set(SHORT, at, toBfloat16(value));
      case F16 -> data.set(SHORT, at, Float.floatToFloat16(value));
      case F64 -> data.set(DOUBLE, at, value);
      default -> throw new IllegalStateException("floats are not written as " + this);
    }
  }

  /** The bfloat16 nearest to {@code value}, ties to even; NaN stays a quiet NaN. */
  public static short toBfloat16(float value) {
    int bits = Float.floatToRawIntBits(value);
    if (Float.isNaN(value)) {
      return (short) ((bits >>> 16) | 0x40);
    }
    return (short) ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16);
  }

  private static float e4m3(byte value) {
    int exponent = (value >>> 3) & 0xf;
    int mantissa = value & 7;
    float magnitude;
    if (exponent == 15 && mantissa == 7) {
      return Float.NaN;
    } else if (exponent == 0) {
      magnitude = mantissa * 0x1p-9f;
    } else {
      magnitude = (8 + mantissa) * Math.scalb(1f, exponent - 10);
    }
    return value < 0 ? -magnitude : magnitude;
  }

  private static float unsignedToFloat(long value) {
    // halving with the lost bit kept sticky rounds as the whole number would
    return value >= 0 ? (float) value : 2 * (float) ((value >>> 1) | (value & 1));
  }
}
