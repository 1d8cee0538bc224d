package dev.banyan.plan.read.hlo;

import java.util.List;

/**
 * The shape of a value: an array, or a tuple of shapes.
 *
 * @param type XLA's name of the element type in lower case, {@code tuple} for tuples
 * @param dimensions elements per dimension
 * @param parts the shapes of a tuple
 * @param dynamic whether a dimension is only bounded
 */
record HloShape(String type, List<Long> dimensions, List<HloShape> parts, boolean dynamic) {
  HloShape {
    dimensions = List.copyOf(dimensions);
    parts = List.copyOf(parts);
  }

  boolean isTuple() {
    return type.equals("tuple");
  }

  /** How many arrays it holds. */
  int leaves() {
    return isTuple() ? parts.stream().mapToInt(HloShape::leaves).sum() : 1;
  }

  /** The arrays in order, tuples inside tuples too. */
  void eachLeaf(java.util.function.Consumer<HloShape> visit) {
    if (isTuple()) {
      parts.forEach(part -> part.eachLeaf(visit));
    } else {
      visit.accept(this);
    }
  }

  /** Bytes of an array; types of less than a byte take one, which is the most XLA gives them. */
  long bytes() {
    long bytes = HloType.bytes(type);
    for (long dimension : dimensions) {
      bytes = Math.multiplyExact(bytes, dimension);
    }
    return bytes;
  }
}
