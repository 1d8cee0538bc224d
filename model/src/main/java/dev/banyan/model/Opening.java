package dev.banyan.model;

/**
 * How a folder is opened for use.
 *
 * @param precision what matrices are multiplied in where libtorch multiplies; vector kernels take
 *     inputs as f32 and weights as stored, f32 weights rounded for {@link Precision#BF16}
 * @param int8 weights are rounded to 8 bits with one scale per output, which vector kernels alone
 *     compute with
 */
public record Opening(Mode mode, Precision precision, RotaryFrequencies frequencies, boolean int8) {
  /** {@link Mode#FAST}, in f32, exact frequencies. */
  public static Opening fast() {
    return new Opening(Mode.FAST, Precision.F32, RotaryFrequencies.EXACT, false);
  }

  /** {@link Mode#EXACT}, in f32, exact frequencies. */
  public static Opening exact() {
    return new Opening(Mode.EXACT, Precision.F32, RotaryFrequencies.EXACT, false);
  }

  public Opening with(Precision other) {
    return new Opening(mode, other, frequencies, int8);
  }

  public Opening with(RotaryFrequencies other) {
    return new Opening(mode, precision, other, int8);
  }

  /** With weights rounded to 8 bits. */
  public Opening rounded() {
    return new Opening(mode, precision, frequencies, true);
  }
}
