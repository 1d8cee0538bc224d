package dev.banyan.plan;

/**
 * A piece of memory that is needed for a while: a rectangle of known width (time) and height
 * (bytes) whose only freedom is its address.
 *
 * @param sizeBytes how many bytes; 0 takes no room
 * @param lowerStep first step at which it is live
 * @param upperStep first step at which it is live no more
 * @param alignmentBytes its address is a multiple of this
 */
public record Buffer(long sizeBytes, long lowerStep, long upperStep, long alignmentBytes) {
  /** Largest size, alignment and step there may be: sums of two never overflow. */
  public static final long LARGEST = Long.MAX_VALUE / 4;

  public Buffer {
    if (sizeBytes < 0 || sizeBytes > LARGEST) {
      throw new IllegalArgumentException("sizeBytes = " + sizeBytes + ", must be 0 to 2^61");
    }
    if (lowerStep >= upperStep || lowerStep < -LARGEST || upperStep > LARGEST) {
      throw new IllegalArgumentException(
          "steps [" + lowerStep + ", " + upperStep + "): lower must be below upper");
    }
    if (alignmentBytes < 1 || alignmentBytes > LARGEST) {
      throw new IllegalArgumentException("alignmentBytes = " + alignmentBytes + ", must be ≥ 1");
    }
  }

  /** A buffer that may lie at any address. */
  public static Buffer of(long sizeBytes, long lowerStep, long upperStep) {
    return new Buffer(sizeBytes, lowerStep, upperStep, 1);
  }

  /** Whether both are live at some step. */
  public boolean meets(Buffer other) {
    return lowerStep < other.upperStep && other.lowerStep < upperStep;
  }
}
