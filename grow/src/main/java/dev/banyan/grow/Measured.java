package dev.banyan.grow;

/**
 * How far a target's function is from its source's, by a forward pass in doubles.
 *
 * @param maxRelativeError largest difference of two logits of a token over that token's largest
 *     logit
 * @param bitwise whether all logits are equal bit for bit
 */
public record Measured(double maxRelativeError, boolean bitwise) {
  /** Below it two functions are the same: what doubles leave after thousands of sums. */
  public static final double EXACT = 1e-12;

  public boolean exact() {
    return maxRelativeError <= EXACT;
  }

  /** What was found, in the words of what was promised. */
  public Exactness exactness() {
    return bitwise ? Exactness.BITWISE : exact() ? Exactness.EXACT : Exactness.INEXACT;
  }
}
