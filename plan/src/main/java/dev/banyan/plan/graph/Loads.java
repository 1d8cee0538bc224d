package dev.banyan.plan.graph;

import java.util.Arrays;

/** The memory an order needs, step by step. */
public final class Loads {
  private Loads() {}

  /** Step of each operator. */
  public static int[] steps(int[] order) {
    int[] step = new int[order.length];
    for (int k = 0; k < order.length; k++) {
      step[order[k]] = k;
    }
    return step;
  }

  /** First and last step of each storage, both included; first steps, then last ones. */
  public static int[][] lifetimes(Dag dag, int[] order) {
    int[] step = steps(order);
    int[] first = new int[dag.m];
    int[] last = new int[dag.m];
    for (int s = 0; s < dag.m; s++) {
      first[s] = step[dag.creator[s]];
      last[s] = dag.kept[s] ? order.length - 1 : first[s];
      for (int u = dag.userStart[s]; u < dag.userStart[s + 1]; u++) {
        last[s] = Math.max(last[s], step[dag.user[u]]);
      }
    }
    return new int[][] {first, last};
  }

  /** Bytes live while each step runs. */
  public static long[] of(Dag dag, int[] order) {
    int[][] life = lifetimes(dag, order);
    long[] load = new long[order.length + 1];
    for (int s = 0; s < dag.m; s++) {
      load[life[0][s]] += dag.size[s];
      load[life[1][s] + 1] -= dag.size[s];
    }
    long sum = 0;
    for (int k = 0; k < order.length; k++) {
      sum += load[k];
      load[k] = sum;
    }
    return Arrays.copyOf(load, order.length);
  }

  /** The largest load. */
  public static long peak(Dag dag, int[] order) {
    long peak = 0;
    for (long load : of(dag, order)) {
      peak = Math.max(peak, load);
    }
    return peak;
  }
}
