package dev.banyan.grow.method;

import dev.banyan.core.Seed;
import dev.banyan.grow.Axis;
import dev.banyan.grow.Fill;
import dev.banyan.grow.Units;
import java.util.Arrays;

/**
 * A wider feed-forward layer. Duplicated: gate and up of a unit are repeated together, down's
 * columns share (Net2WiderNet, arXiv 1511.05641, section 2.3; SiLU is not homogeneous, so gates are
 * never scaled). Zero: new units have fresh gate and up and down zero, and add exact zeros.
 */
public final class UnitGrowth {
  private UnitGrowth() {}

  /** The axis of units. */
  public static Axis axis(
      Units units, int from, int to, Shares shares, double deviation, Seed seed) {
    int[] index = new int[to];
    boolean zero = units == Units.ZERO;
    Arrays.setAll(index, j -> j < from ? j : zero ? -1 : j % from);
    double[] ones = new double[to];
    Arrays.fill(ones, 1);
    return new Axis(
        from,
        index,
        new boolean[to],
        ones,
        shares.along(index, from, seed.stream("ffn")),
        ones,
        true,
        Fill.normal(deviation),
        Fill.ZERO);
  }
}
