package dev.banyan.grow;

import java.util.Arrays;

/**
 * How one dimension grows: target place {@code j} is a copy of source place {@code index[j]}, or
 * new where that is -1. What writes to the axis is multiplied by {@code produce[j]}, what reads
 * from it by {@code consume[j]}; the function stays when, over the copies j of each source place,
 * the products {@code produce[j] * consume[j]} sum to one.
 *
 * @param index source place of each target place, -1 for none
 * @param next whether what writes to j comes from the next layer (AKI)
 * @param split whether {@code consume} are shares: the copies' weights then sum exactly to the
 *     source's in the stored type, whatever the shares
 * @param gains what a norm's gain is multiplied by where the axis is the residual stream of tied
 *     embeddings and the norm the last one
 * @param freshWriters values of what writes to a new place
 * @param freshReaders values of what reads from it
 */
@SuppressWarnings("ArrayRecordComponent") // thousands of places; compared by the test of JSON only
public record Axis(
    int sourceSize,
    int[] index,
    boolean[] next,
    double[] produce,
    double[] consume,
    double[] gains,
    boolean split,
    Fill freshWriters,
    Fill freshReaders) {

  public Axis {
    int size = index.length;
    if (next.length != size
        || produce.length != size
        || consume.length != size
        || gains.length != size) {
      throw new IllegalArgumentException("an axis whose arrays differ in length");
    }
    for (int place : index) {
      if (place < -1 || place >= sourceSize) {
        throw new IllegalArgumentException("place " + place + " of an axis of " + sourceSize);
      }
    }
  }

  /** An axis that stays as it is. */
  public static Axis same(int size) {
    int[] index = new int[size];
    Arrays.setAll(index, j -> j);
    return of(size, index);
  }

  /** Places moved or repeated without any factor. */
  public static Axis of(int sourceSize, int[] index) {
    double[] ones = new double[index.length];
    Arrays.fill(ones, 1);
    return new Axis(
        sourceSize,
        index,
        new boolean[index.length],
        ones,
        ones,
        ones,
        false,
        Fill.ZERO,
        Fill.ZERO);
  }

  /** Places of the target. */
  public int size() {
    return index.length;
  }

  /** Copies of each source place. */
  public int[] copies() {
    int[] copies = new int[sourceSize];
    for (int place : index) {
      if (place >= 0) {
        copies[place]++;
      }
    }
    return copies;
  }

  /** True when target and source are the same, place by place and without factors. */
  public boolean isSame() {
    if (size() != sourceSize) {
      return false;
    }
    for (int j = 0; j < size(); j++) {
      if (index[j] != j || produce[j] != 1 || consume[j] != 1 || next[j] || gains[j] != 1) {
        return false;
      }
    }
    return true;
  }
}
