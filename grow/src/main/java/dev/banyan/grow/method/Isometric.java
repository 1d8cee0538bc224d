package dev.banyan.grow.method;

import dev.banyan.core.Seed;
import dev.banyan.grow.Axis;
import dev.banyan.grow.Exactness;
import dev.banyan.grow.Fill;

/**
 * Ours: coordinates are repeated as in {@link FpiDuplicate}, but the c copies of one are written
 * times a = sqrt(T / (S c)) and read times (S / T) a. Their squares sum to T / S for every
 * coordinate, so the mean square, and with it every norm, stays for any T ≥ S; gains and epsilon
 * are as they were.
 */
public final class Isometric implements WidthMethod {
  @Override
  public Axis axis(int from, int to, Shares shares, double freshDeviation, Seed seed) {
    int[] index = FpiDuplicate.repeated(from, to);
    int[] copies = new int[from];
    for (int place : index) {
      copies[place]++;
    }
    double[] produce = new double[to];
    double[] consume = new double[to];
    for (int j = 0; j < to; j++) {
      produce[j] = Math.sqrt((double) to / ((double) from * copies[index[j]]));
      consume[j] = produce[j] * from / to;
    }
    return new Axis(
        from,
        index,
        new boolean[to],
        produce,
        consume,
        FpiDuplicate.tiedGains(from, index, produce),
        false,
        Fill.ZERO,
        Fill.ZERO);
  }

  @Override
  public double meanSquare(int from, int to) {
    return 1;
  }

  @Override
  public Exactness exactness(int from, int to) {
    return Exactness.EXACT;
  }

  @Override
  public boolean rounds(int from, int to) {
    return to % from != 0 || Integer.bitCount(to / from) != 1;
  }

  @Override
  public String why(int from, int to) {
    return "copies are scaled so that the mean square stays";
  }
}
