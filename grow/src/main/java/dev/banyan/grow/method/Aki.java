package dev.banyan.grow.method;

import dev.banyan.core.Seed;
import dev.banyan.grow.Axis;
import dev.banyan.grow.Exactness;

/**
 * Advanced knowledge initialisation of bert2BERT (arXiv 2110.07143, section 3.3), the width part of
 * AKI-Pro (EfficientScale, arXiv 2408.06567): inputs grow as in {@link FpiDuplicate}; of the
 * outputs the first S come from the layer itself, the rest from the next layer at the same places.
 * The last layer is its own next. Another function from the start, by design.
 */
public final class Aki implements WidthMethod {
  @Override
  public Axis axis(int from, int to, Shares shares, double freshDeviation, Seed seed) {
    return laterFromNext(new FpiDuplicate().axis(from, to, Shares.EVEN, freshDeviation, seed));
  }

  /** The same axis with all but the first copy of each place written by the next layer. */
  public static Axis laterFromNext(Axis axis) {
    boolean[] next = new boolean[axis.size()];
    boolean[] seen = new boolean[axis.sourceSize()];
    for (int j = 0; j < next.length; j++) {
      int place = axis.index()[j];
      if (place >= 0) {
        next[j] = seen[place];
        seen[place] = true;
      }
    }
    return new Axis(
        axis.sourceSize(),
        axis.index(),
        next,
        axis.produce(),
        axis.consume(),
        axis.gains(),
        axis.split(),
        axis.freshWriters(),
        axis.freshReaders());
  }

  @Override
  public double meanSquare(int from, int to) {
    return 1;
  }

  @Override
  public Exactness exactness(int from, int to) {
    return from == to ? Exactness.BITWISE : Exactness.INEXACT;
  }

  @Override
  public boolean rounds(int from, int to) {
    return false;
  }

  @Override
  public String why(int from, int to) {
    return "new outputs come from the next layer";
  }
}
