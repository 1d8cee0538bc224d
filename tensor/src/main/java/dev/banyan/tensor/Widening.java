package dev.banyan.tensor;

/** Rows of narrow elements to f32, exactly, filled up with zeros to whole vectors. */
final class Widening {
  private Widening() {}

  /**
   * @param to room for {@code count} floats, rounded up to whole vectors
   */
  static void widen(DType dtype, long from, long to, int count) {
    int whole = Lanes.whole(count);
    switch (dtype) {
      case F32 -> f32(from, to, whole);
      case BF16 -> bf16(from, to, whole);
      case F16 -> f16(from, to, whole);
      case I8 -> i8(from, to, whole);
      default -> throw new IllegalArgumentException("no kernel reads " + dtype);
    }
    if (whole < count) {
      for (int i = whole; i < whole + Lanes.WIDTH; i++) {
        Lanes.set(to + 4L * i, i < count ? one(dtype, from, i) : 0);
      }
    }
  }

  private static float one(DType dtype, long from, int index) {
    return switch (dtype) {
      case F32 -> Lanes.get(from + 4L * index);
      case BF16 -> Float.intBitsToFloat(Lanes.getShort(from + 2L * index) << 16);
      case F16 -> Float.float16ToFloat(Lanes.getShort(from + 2L * index));
      default -> Lanes.getByte(from + index);
    };
  }

  private static void f32(long from, long to, int count) {
    for (int i = 0; i < count; i += Lanes.WIDTH) {
      Lanes.store(Lanes.load(from + 4L * i), to + 4L * i);
    }
  }

  private static void bf16(long from, long to, int count) {
    for (int i = 0; i < count; i += Lanes.WIDTH) {
      Lanes.store(Lanes.bf16(from + 2L * i), to + 4L * i);
    }
  }

  private static void f16(long from, long to, int count) {
    for (int i = 0; i < count; i += Lanes.WIDTH) {
      Lanes.store(Lanes.f16(from + 2L * i), to + 4L * i);
    }
  }

  private static void i8(long from, long to, int count) {
    for (int i = 0; i < count; i += Lanes.WIDTH) {
      Lanes.store(Lanes.i8(from + i), to + 4L * i);
    }
  }
}
