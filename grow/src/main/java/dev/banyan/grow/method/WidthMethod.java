package dev.banyan.grow.method;

import dev.banyan.core.Seed;
import dev.banyan.grow.Axis;
import dev.banyan.grow.Exactness;
import dev.banyan.grow.Width;

/** A way to make the residual stream wider. */
public interface WidthMethod {
  /** How the stream of {@code from} becomes one of {@code to}. */
  Axis axis(int from, int to, Shares shares, double freshDeviation, Seed seed);

  /**
   * What the mean square of the stream is multiplied by: norms make up for it with gains times its
   * root and epsilon times itself.
   */
  double meanSquare(int from, int to);

  /** What it does to the function. */
  Exactness exactness(int from, int to);

  /** Whether weights are multiplied by what 16 bits cannot hold. */
  boolean rounds(int from, int to);

  /** In a few words. */
  String why(int from, int to);

  /** The method of a flag. */
  static WidthMethod of(Width width) {
    return switch (width) {
      case DUPLICATE -> new FpiDuplicate();
      case ISOMETRIC -> new Isometric();
      case DYADIC -> new Dyadic();
      case ZERO_EXTEND -> new ZeroExtend();
      case AKI -> new Aki();
    };
  }
}
