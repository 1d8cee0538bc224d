package dev.banyan.grow.method;

import dev.banyan.core.Seed;
import dev.banyan.grow.Axis;
import dev.banyan.grow.Exactness;
import dev.banyan.grow.Fill;
import java.util.ArrayList;
import java.util.List;

/**
 * Ours, for weights of 16 bits: {@link Isometric} with powers of two only. One copy becomes four of
 * half its size, whose squares sum to the square of the one; so every coordinate keeps its square
 * whatever the number of its copies, and no matrix is multiplied by what bfloat16 cannot hold. Each
 * such step adds three coordinates; what does not divide by three carries zero. The mean square is
 * S / T of what it was, for which gains and epsilon make up as in {@link ZeroExtend}.
 */
public final class Dyadic implements WidthMethod {
  @Override
  public Axis axis(int from, int to, Shares shares, double freshDeviation, Seed seed) {
    int splits = (to - from) / 3;
    List<Integer> index = new ArrayList<>();
    List<Double> produce = new ArrayList<>();
    for (int i = 0; i < from; i++) {
      index.add(i);
      produce.add(1.0);
    }
    // the oldest copy is the largest, so a pass over all of them never skips a larger one
    for (int split = 0; split < splits; split++) {
      double half = produce.get(split) / 2;
      produce.set(split, half);
      for (int copy = 0; copy < 3; copy++) {
        index.add(index.get(split));
        produce.add(half);
      }
    }
    while (index.size() < to) {
      index.add(-1);
      produce.add(1.0);
    }
    int[] places = index.stream().mapToInt(Integer::intValue).toArray();
    double[] sizes = produce.stream().mapToDouble(Double::doubleValue).toArray();
    double[] consume = shares.along(places, from, seed.stream("residual"));
    for (int j = 0; j < to; j++) {
      consume[j] /= sizes[j];
    }
    return new Axis(
        from,
        places,
        new boolean[to],
        sizes,
        consume,
        FpiDuplicate.tiedGains(from, places, sizes),
        true,
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
    return "four copies of half the size for one, gains and epsilon make up for the mean square";
  }
}
