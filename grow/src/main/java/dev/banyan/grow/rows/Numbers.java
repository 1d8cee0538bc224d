package dev.banyan.grow.rows;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;
import static java.nio.ByteOrder.LITTLE_ENDIAN;

import dev.banyan.weights.StoredType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Stored numbers as doubles, which hold every one of them, and back. */
public final class Numbers {
  private static final ValueLayout.OfShort SHORT = JAVA_SHORT_UNALIGNED.withOrder(LITTLE_ENDIAN);
  private static final ValueLayout.OfFloat FLOAT = JAVA_FLOAT_UNALIGNED.withOrder(LITTLE_ENDIAN);
  private static final ValueLayout.OfDouble DOUBLE = JAVA_DOUBLE_UNALIGNED.withOrder(LITTLE_ENDIAN);

  private Numbers() {}

  /** The number at byte {@code at}. */
  public static double get(StoredType type, MemorySegment data, long at) {
    return switch (type) {
      case BF16 -> Float.intBitsToFloat(data.get(SHORT, at) << 16);
      case F16 -> Float.float16ToFloat(data.get(SHORT, at));
      case F32 -> data.get(FLOAT, at);
      case F64 -> data.get(DOUBLE, at);
      default -> throw new IllegalStateException("weights are not stored as " + type);
    };
  }

  /** Stores a number at byte {@code at}, rounded to nearest even. */
  public static void put(StoredType type, MemorySegment data, long at, double value) {
    switch (type) {
      case BF16 -> data.set(SHORT, at, StoredType.toBfloat16((float) value));
      case F16 -> data.set(SHORT, at, Float.floatToFloat16((float) value));
      case F32 -> data.set(FLOAT, at, (float) value);
      case F64 -> data.set(DOUBLE, at, value);
      default -> throw new IllegalStateException("weights are not stored as " + type);
    }
  }

  /** {@code value} as it comes back from being stored. */
  public static double rounded(StoredType type, double value) {
    return switch (type) {
      case BF16 -> Float.intBitsToFloat(StoredType.toBfloat16((float) value) << 16);
      case F16 -> Float.float16ToFloat(Float.floatToFloat16((float) value));
      case F32 -> (float) value;
      case F64 -> value;
      default -> throw new IllegalStateException("weights are not stored as " + type);
    };
  }

  /** {@code count} numbers from byte {@code at} on. */
  public static void read(
      StoredType type, MemorySegment data, long at, double[] into, int to, int count) {
    switch (type) {
      case BF16 -> {
        for (int i = 0; i < count; i++) {
          into[to + i] = Float.intBitsToFloat(data.get(SHORT, at + 2L * i) << 16);
        }
      }
      case F32 -> {
        for (int i = 0; i < count; i++) {
          into[to + i] = data.get(FLOAT, at + 4L * i);
        }
      }
      case F64 -> {
        for (int i = 0; i < count; i++) {
          into[to + i] = data.get(DOUBLE, at + 8L * i);
        }
      }
      default -> {
        for (int i = 0; i < count; i++) {
          into[to + i] = get(type, data, at + (long) type.bytes() * i);
        }
      }
    }
  }

  /** {@code count} numbers times {@code factor}, from one place to another of the same type. */
  static void scale(
      StoredType type,
      MemorySegment from,
      long at,
      MemorySegment into,
      long to,
      int count,
      double factor) {
    int bytes = type.bytes();
    for (int i = 0; i < count; i++) {
      long shift = (long) bytes * i;
      put(type, into, to + shift, get(type, from, at + shift) * factor);
    }
  }

  /** What every bfloat16 is times {@code factor}, by its bits: a look-up is half of the work. */
  static short[] bfloat16Times(double factor) {
    short[] table = new short[1 << 16];
    for (int bits = 0; bits < table.length; bits++) {
      table[bits] = StoredType.toBfloat16((float) (Float.intBitsToFloat(bits << 16) * factor));
    }
    return table;
  }

  /** {@link #scale} of bfloat16 by a table. */
  static void scale(
      short[] table, MemorySegment from, long at, MemorySegment into, long to, int count) {
    for (int i = 0; i < count; i++) {
      into.set(SHORT, to + 2L * i, table[from.get(SHORT, at + 2L * i) & 0xffff]);
    }
  }

  /**
   * Parts of bfloat16 weights times {@code scale} that two copies share: of the weight in column
   * {@code from[i]} the first copy has {@code share[i]}, and {@code last[i]} says which copy is
   * meant.
   */
  static void halves(
      MemorySegment weights,
      long at,
      MemorySegment into,
      long to,
      ColumnProgram.Halves halves,
      double scale) {
    int[] from = halves.from();
    double[] share = halves.share();
    boolean[] last = halves.last();
    for (int i = 0; i < from.length; i++) {
      double all = Float.intBitsToFloat(weights.get(SHORT, at + 2L * from[i]) << 16) * scale;
      double first =
          share[i] >= 0.5 ? nearest(share[i] * all) : all - nearest((1 - share[i]) * all);
      float part = (float) (last[i] ? all - first : first);
      into.set(SHORT, to + 2L * i, (short) (rounded(part) >>> 16));
    }
  }

  private static double nearest(double value) {
    return Float.intBitsToFloat(rounded((float) value) & 0xffff0000);
  }

  /** Bits whose upper half is the nearest bfloat16, ties to even. */
  private static int rounded(float value) {
    int bits = Float.floatToRawIntBits(value);
    return bits + 0x7fff + ((bits >>> 16) & 1);
  }
}
