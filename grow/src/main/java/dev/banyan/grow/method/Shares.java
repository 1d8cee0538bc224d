package dev.banyan.grow.method;

import java.util.Arrays;
import java.util.random.RandomGenerator;

/**
 * How copies of one place share what is read from it. Equal shares give copies equal gradients, and
 * they never part; unequal ones break the symmetry while the sum stays (LEMON, arXiv 2310.07999,
 * section 4).
 */
public enum Shares {
  EVEN,
  UNEVEN;

  /** Positive numbers that sum to one. */
  public double[] of(int copies, RandomGenerator random) {
    double[] shares = new double[copies];
    double sum = 0;
    for (int i = 0; i < copies; i++) {
      shares[i] = this == EVEN ? 1 : 0.6 + 0.8 * random.nextDouble();
      sum += shares[i];
    }
    for (int i = 0; i < copies; i++) {
      shares[i] /= sum;
    }
    return shares;
  }

  /**
   * The shares of all places of an axis.
   *
   * @param index source place of each target place; -1 gets share 1
   */
  public double[] along(int[] index, int sourceSize, RandomGenerator random) {
    int[] copies = new int[sourceSize];
    for (int place : index) {
      if (place >= 0) {
        copies[place]++;
      }
    }
    double[][] shares = new double[sourceSize][];
    for (int place = 0; place < sourceSize; place++) {
      shares[place] = of(copies[place], random);
    }
    double[] along = new double[index.length];
    Arrays.fill(along, 1);
    int[] used = new int[sourceSize];
    for (int j = 0; j < index.length; j++) {
      int place = index[j];
      if (place >= 0) {
        along[j] = shares[place][used[place]++];
      }
    }
    return along;
  }
}
