package dev.banyan.grow.method;

import dev.banyan.core.Seed;
import dev.banyan.grow.Axis;
import dev.banyan.grow.Exactness;
import dev.banyan.grow.Fill;
import java.util.Arrays;

/**
 * New coordinates carry zero, so what reads them may be anything and is drawn anew (as MSG does
 * with its masks at zero, arXiv 2305.02869). The mean square is diluted to S / T of what it was:
 * gains times sqrt(S / T) and epsilon times S / T undo that exactly.
 */
public final class ZeroExtend implements WidthMethod {
  @Override
  public Axis axis(int from, int to, Shares shares, double freshDeviation, Seed seed) {
    int[] index = new int[to];
    Arrays.setAll(index, j -> j < from ? j : -1);
    double[] ones = new double[to];
    Arrays.fill(ones, 1);
    return new Axis(
        from,
        index,
        new boolean[to],
        ones,
        ones,
        ones,
        false,
        Fill.ZERO,
        Fill.normal(freshDeviation));
  }

  @Override
  public double meanSquare(int from, int to) {
    return (double) from / to;
  }

  @Override
  public Exactness exactness(int from, int to) {
    return Exactness.EXACT;
  }

  @Override
  public boolean rounds(int from, int to) {
    return true;
  }

  @Override
  public String why(int from, int to) {
    return "new coordinates are zero, gains and epsilon make up for the mean square";
  }
}
