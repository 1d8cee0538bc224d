package dev.banyan.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * f32 vectors at native addresses, for the fused operations. Sums over lanes are added in one fixed
 * order, so that interpreted and compiled code give the same bits ({@code reduceLanes} promises no
 * order).
 *
 * <p>Addresses are not checked here: every caller takes them from a {@link Rows}, which has.
 */
final class Lanes {
  static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  static final int WIDTH = SPECIES.length();

  private static final VectorSpecies<Integer> INTS = SPECIES.withLanes(int.class);
  private static final VectorSpecies<Short> SHORTS = narrower(short.class, 2);
  private static final VectorSpecies<Byte> BYTES = narrower(byte.class, 4);

  private static final MemorySegment MEMORY =
      MemorySegment.NULL.reinterpret(Long.MAX_VALUE); // all addresses; see above
  private static final ByteOrder ORDER = ByteOrder.nativeOrder();

  private Lanes() {}

  /** As many lanes of a type that is {@code times} narrower. */
  private static <E> VectorSpecies<E> narrower(Class<E> type, int times) {
    return VectorSpecies.of(
        type, VectorShape.forBitSize(Math.max(64, SPECIES.vectorBitSize() / times)));
  }

  static FloatVector load(long address) {
    return FloatVector.fromMemorySegment(SPECIES, MEMORY, address, ORDER);
  }

  /** Lanes beyond the mask are 0. */
  static FloatVector load(long address, VectorMask<Float> mask) {
    return FloatVector.fromMemorySegment(SPECIES, MEMORY, address, ORDER, mask);
  }

  static void store(FloatVector values, long address) {
    values.intoMemorySegment(MEMORY, address, ORDER);
  }

  static void store(FloatVector values, long address, VectorMask<Float> mask) {
    values.intoMemorySegment(MEMORY, address, ORDER, mask);
  }

  /** bf16 elements, which are the upper halves of f32. */
  static FloatVector bf16(long address) {
    return ((IntVector)
            ShortVector.fromMemorySegment(SHORTS, MEMORY, address, ORDER)
                .convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0))
        .lanewise(VectorOperators.LSHL, 16)
        .reinterpretAsFloats();
  }

  /** f16 elements, finite ones exactly: exponent and fraction moved into place, then rebiased. */
  static FloatVector f16(long address) {
    IntVector bits =
        (IntVector)
            ShortVector.fromMemorySegment(SHORTS, MEMORY, address, ORDER)
                .convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0);
    FloatVector magnitude =
        bits.and(0x7fff).lanewise(VectorOperators.LSHL, 13).reinterpretAsFloats().mul(0x1p112f);
    IntVector sign = bits.and(0x8000).lanewise(VectorOperators.LSHL, 16);
    return magnitude.reinterpretAsInts().or(sign).reinterpretAsFloats();
  }

  /** Signed bytes. */
  static FloatVector i8(long address) {
    return (FloatVector)
        ByteVector.fromMemorySegment(BYTES, MEMORY, address, ORDER)
            .convertShape(VectorOperators.B2F, SPECIES, 0);
  }

  /** All whole vectors of [from, to) or-ed together, four side by side. */
  static int or(long from, long to) {
    long step = 4L * WIDTH;
    IntVector a = IntVector.zero(INTS);
    IntVector b = a;
    IntVector c = a;
    IntVector d = a;
    long at = from;
    for (; at + 4 * step <= to; at += 4 * step) {
      a = a.or(IntVector.fromMemorySegment(INTS, MEMORY, at, ORDER));
      b = b.or(IntVector.fromMemorySegment(INTS, MEMORY, at + step, ORDER));
      c = c.or(IntVector.fromMemorySegment(INTS, MEMORY, at + 2 * step, ORDER));
      d = d.or(IntVector.fromMemorySegment(INTS, MEMORY, at + 3 * step, ORDER));
    }
    return a.or(b).or(c.or(d)).reduceLanes(VectorOperators.OR);
  }

  static short getShort(long address) {
    return MEMORY.get(ValueLayout.JAVA_SHORT_UNALIGNED, address);
  }

  static void setShort(long address, short value) {
    MEMORY.set(ValueLayout.JAVA_SHORT_UNALIGNED, address, value);
  }

  static byte getByte(long address) {
    return MEMORY.get(ValueLayout.JAVA_BYTE, address);
  }

  static float get(long address) {
    return MEMORY.get(ValueLayout.JAVA_FLOAT_UNALIGNED, address);
  }

  static void set(long address, float value) {
    MEMORY.set(ValueLayout.JAVA_FLOAT_UNALIGNED, address, value);
  }

  static long getLong(long address) {
    return MEMORY.get(ValueLayout.JAVA_LONG_UNALIGNED, address);
  }

  /** The largest multiple of the lanes that is not above {@code count}. */
  static int whole(int count) {
    return SPECIES.loopBound(count);
  }

  /** Lanes [0, count - whole(count)). */
  static VectorMask<Float> rest(int count) {
    return SPECIES.indexInRange(SPECIES.loopBound(count), count);
  }

  /**
   * The sum of all lanes, from the first to the last.
   *
   * @param scratch at least {@link #WIDTH} long
   */
  static double sum(FloatVector values, float[] scratch) {
    values.intoArray(scratch, 0);
    double sum = 0;
    for (int i = 0; i < WIDTH; i++) {
      sum += scratch[i];
    }
    return sum;
  }

  /**
   * The greater of each lane; a NaN in the second is passed over, which is half the work of max.
   */
  static FloatVector greater(FloatVector a, FloatVector b) {
    return a.blend(b, b.compare(VectorOperators.GT, a));
  }

  /** The greatest lane. */
  static float greatest(FloatVector values, float[] scratch) {
    values.intoArray(scratch, 0);
    float greatest = scratch[0];
    for (int i = 1; i < WIDTH; i++) {
      greatest = Math.max(greatest, scratch[i]);
    }
    return greatest;
  }

  private static final float LOG2_E = (float) (1 / 0.6931471805599453);
  // ln 2 in two parts, the first short enough for exact products with small integers
  private static final float LN2_HIGH = 355f / 512;
  private static final float LN2_LOW = (float) (0.6931471805599453 - 355.0 / 512);
  // adding this rounds to an integer that then stands in the low bits
  private static final float ROUND = 12582912f;

  /**
   * e to each lane within 2 units in the last place; arguments are held to [-87, 88], NaN stays.
   * Range reduction x = k ln 2 + r with |r| ≤ ln 2 / 2, then the Taylor polynomial of degree 7.
   */
  static FloatVector exp(FloatVector x) {
    FloatVector held = x.max(-87f).min(88f);
    FloatVector shifted = held.fma(broadcast(LOG2_E), broadcast(ROUND));
    FloatVector k = shifted.sub(ROUND);
    FloatVector r = k.fma(broadcast(-LN2_HIGH), held);
    r = k.fma(broadcast(-LN2_LOW), r);
    FloatVector p = broadcast(1f / 5040);
    p = p.fma(r, broadcast(1f / 720));
    p = p.fma(r, broadcast(1f / 120));
    p = p.fma(r, broadcast(1f / 24));
    p = p.fma(r, broadcast(1f / 6));
    p = p.fma(r, broadcast(0.5f));
    p = p.fma(r, broadcast(1f));
    p = p.fma(r, broadcast(1f));
    IntVector exponent =
        shifted.viewAsIntegralLanes().reinterpretAsInts().lanewise(VectorOperators.LSHL, 23);
    return p.reinterpretAsInts().add(exponent).reinterpretAsFloats();
  }

  static FloatVector broadcast(float value) {
    return FloatVector.broadcast(SPECIES, value);
  }
}
