package dev.banyan.weights;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Objects;

/**
 * One tensor of a mapped file: its values are read from the file when they are touched and are
 * never copied. Valid until the file it came from is closed; after that every read throws
 * IllegalStateException.
 *
 * @param spec name, type and shape
 * @param data exactly the tensor's bytes, read-only, little endian, row-major
 * @param file the file's name, for messages
 * @param offset where the tensor's first byte is in that file
 */
public record StoredTensor(TensorSpec spec, MemorySegment data, String file, long offset) {
  public StoredTensor {
    if (data.byteSize() != spec.bytes()) {
      throw new IllegalArgumentException(
          spec.name() + ": " + data.byteSize() + " bytes for a tensor of " + spec.bytes());
    }
  }

  public String name() {
    return spec.name();
  }

  public StoredType type() {
    return spec.type();
  }

  public List<Long> shape() {
    return spec.shape();
  }

  /** True when the first value lies at an address its type can be read from directly. */
  public boolean isAligned() {
    return data.address() % spec.type().bytes() == 0;
  }

  /** Value {@code index} in row-major order, as a float. */
  public float floatAt(long index) {
    return spec.type().floatAt(data, index);
  }

  /** Value {@code index} in row-major order, as a long; whole-number types only. */
  public long longAt(long index) {
    return spec.type().longAt(data, index);
  }

  /** Values {@code from} to {@code from + count} as floats, into {@code to} from {@code at} on. */
  public void readFloats(long from, float[] to, int at, int count) {
    Objects.checkFromIndexSize(from, count, spec.elements());
    Objects.checkFromIndexSize(at, count, to.length);
    for (int i = 0; i < count; i++) {
      to[at + i] = spec.type().floatAt(data, from + i);
    }
  }

  /**
   * All values as floats.
   *
   * @throws IllegalStateException when there are more than an array holds
   */
  public float[] toFloats() {
    long elements = spec.elements();
    if (elements > Integer.MAX_VALUE - 8) {
      throw new IllegalStateException(
          spec.name() + " has " + elements + " values; read it in blocks");
    }
    float[] values = new float[(int) elements];
    readFloats(0, values, 0, values.length);
    return values;
  }
}
