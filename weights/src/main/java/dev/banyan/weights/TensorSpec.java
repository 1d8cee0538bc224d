package dev.banyan.weights;

import java.util.List;

/**
 * What a tensor is called and how it is laid out, without its values: row-major, sizes outermost
 * first; an empty shape is a scalar.
 */
public record TensorSpec(String name, StoredType type, List<Long> shape) {
  public TensorSpec {
    shape = List.copyOf(shape);
    for (long size : shape) {
      if (size < 0) {
        throw new IllegalArgumentException(name + ": shape " + shape + " has a negative size");
      }
    }
    bytes(type, shape);
  }

  /** A tensor of these sizes. */
  public static TensorSpec of(String name, StoredType type, long... shape) {
    return new TensorSpec(name, type, java.util.Arrays.stream(shape).boxed().toList());
  }

  /** How many values it has. */
  public long elements() {
    return bytes() / type.bytes();
  }

  /** How many bytes its values take. */
  public long bytes() {
    return bytes(type, shape);
  }

  /** The sizes as an array, outermost first. */
  public long[] sizes() {
    return shape.stream().mapToLong(Long::longValue).toArray();
  }

  /** The same tensor stored as {@code other}. */
  public TensorSpec as(StoredType other) {
    return new TensorSpec(name, other, shape);
  }

  /**
   * Bytes of a tensor with this type and shape.
   *
   * @throws ArithmeticException when they do not fit a long, whatever the order of the sizes
   */
  static long bytes(StoredType type, List<Long> shape) {
    long bytes = type.bytes();
    boolean empty = shape.contains(0L);
    for (long size : shape) {
      bytes = Math.multiplyExact(bytes, empty ? Math.max(size, 1) : size);
    }
    return empty ? 0 : bytes;
  }
}
