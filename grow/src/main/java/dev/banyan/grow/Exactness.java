package dev.banyan.grow;

/** What a step does to the function the model computes. */
public enum Exactness {
  /** Equal bit for bit when sums are taken in a fixed order: what is added are exact zeros. */
  BITWISE,
  /** Equal in real arithmetic; what differs is rounding. */
  EXACT,
  /** Another function. */
  INEXACT;

  /** The weaker of two: what both together are. */
  public Exactness and(Exactness other) {
    return compareTo(other) >= 0 ? this : other;
  }

  /** The word printed for it. */
  public String word() {
    return switch (this) {
      case BITWISE -> "bit for bit";
      case EXACT -> "exact";
      case INEXACT -> "inexact";
    };
  }
}
