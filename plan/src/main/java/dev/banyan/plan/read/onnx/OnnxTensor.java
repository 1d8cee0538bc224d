package dev.banyan.plan.read.onnx;

import dev.banyan.plan.read.wire.Wire;
import org.jspecify.annotations.Nullable;

/**
 * A constant tensor: its shape, and its values when they are few whole numbers, as shape
 * calculations have them.
 *
 * @param type ONNX's number of the element type
 * @param values the values, or null when they are no whole numbers or too many
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record OnnxTensor(String name, int type, long[] shape, long @Nullable [] values) {
  private static final int MOST_VALUES = 4096;

  static OnnxTensor read(Wire wire) {
    String name = "";
    long[] shape = {};
    int type = 0;
    long[] values = {};
    byte @Nullable [] raw = null;
    while (wire.next()) {
      switch (wire.field()) {
        case 1 -> shape = wire.numbers(shape);
        case 2 -> type = wire.index();
        case 5, 7, 11 ->
            values = wire.isLength() && wire.length() > 1 << 16 ? values : wire.numbers(values);
        case 8 -> name = wire.text();
        case 9 -> raw = wire.length() <= 8 * MOST_VALUES ? wire.bytes() : null;
        default -> {}
      }
    }
    long count = 1;
    for (long each : shape) {
      if (each < 0 || (each > 0 && count > Long.MAX_VALUE / 64 / each)) {
        throw wire.bad("tensor '" + name + "' has a dimension of " + each);
      }
      count *= each;
    }
    return new OnnxTensor(name, type, shape, whole(type, count, values, raw));
  }

  private static long @Nullable [] whole(
      int type, long count, long[] values, byte @Nullable [] raw) {
    boolean integer = type == 6 || type == 7 || type == 9;
    if (!integer || count > MOST_VALUES) {
      return null;
    }
    if (raw == null || raw.length == 0) {
      return values.length == count ? values : null;
    }
    int width = (int) OnnxType.bytes(type);
    if (raw.length != count * width) {
      return null;
    }
    long[] read = new long[(int) count];
    for (int i = 0; i < read.length; i++) {
      long value = 0;
      for (int b = width - 1; b >= 0; b--) {
        value = (value << 8) | (raw[i * width + b] & 0xffL);
      }
      read[i] = width == 4 ? (int) value : value;
    }
    return read;
  }
}
