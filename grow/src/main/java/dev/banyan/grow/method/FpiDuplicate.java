package dev.banyan.grow.method;

import dev.banyan.core.Seed;
import dev.banyan.grow.Axis;
import dev.banyan.grow.Exactness;
import dev.banyan.grow.Fill;
import java.util.Arrays;

/**
 * Function-preserving initialisation of bert2BERT (Chen et al., arXiv 2110.07143, section 3.2,
 * after Net2Net, arXiv 1511.05641): coordinate j of the wide stream is coordinate j mod S, and
 * readers divide by the number of copies. The mean square stays only when every coordinate has as
 * many copies as any other, that is when the new width is a multiple of the old one.
 */
public final class FpiDuplicate implements WidthMethod {
  @Override
  public Axis axis(int from, int to, Shares shares, double freshDeviation, Seed seed) {
    int[] index = repeated(from, to);
    double[] ones = new double[to];
    Arrays.fill(ones, 1);
    return new Axis(
        from,
        index,
        new boolean[to],
        ones,
        shares.along(index, from, seed.stream("residual")),
        tiedGains(from, index, ones),
        true,
        Fill.ZERO,
        Fill.ZERO);
  }

  /** Places 0, 1, …, S-1, 0, 1, … */
  static int[] repeated(int from, int to) {
    int[] index = new int[to];
    Arrays.setAll(index, j -> j % from);
    return index;
  }

  /** Tied embeddings read with what they write: the sum of its squares is divided out. */
  static double[] tiedGains(int from, int[] index, double[] produce) {
    double[] squares = new double[from];
    for (int j = 0; j < index.length; j++) {
      if (index[j] >= 0) {
        squares[index[j]] += produce[j] * produce[j];
      }
    }
    double[] gains = new double[index.length];
    Arrays.setAll(gains, j -> index[j] < 0 ? 1 : 1 / squares[index[j]]);
    return gains;
  }

  @Override
  public double meanSquare(int from, int to) {
    return 1;
  }

  @Override
  public Exactness exactness(int from, int to) {
    return to % from == 0 ? Exactness.EXACT : Exactness.INEXACT;
  }

  @Override
  public boolean rounds(int from, int to) {
    return false;
  }

  @Override
  public String why(int from, int to) {
    return to % from == 0
        ? "every coordinate has " + to / from + " copies"
        : to + " is no multiple of " + from + ": the norms see another mean square";
  }
}
