package dev.banyan.cluster.simulate;

import dev.banyan.cluster.fabric.Links;
import dev.banyan.cluster.fabric.Paths;
import dev.banyan.cluster.fabric.Traffic;
import java.util.Arrays;
import java.util.PriorityQueue;

/**
 * Max-min fair rates by progressive filling (Bertsekas and Gallager, §6.5): the rates of all flows
 * rise together, each in proportion to the bytes it has to move, until a link is full; its flows
 * stop there and the others rise on. A job moves at the pace of its slowest flow. O(flows × links
 * of a flow × log links).
 */
public final class Rates {
  private Rates() {}

  private record Full(double level, int link) {}

  /**
   * @param active whether a job sends
   * @param capGbps what a job's NICs can take at most
   * @return Gb/s of every job's NICs; 0 for jobs that do not send
   */
  public static double[] of(
      Traffic traffic, Links links, Paths paths, boolean[] active, double capGbps) {
    int flows = traffic.queuePairs();
    int[] start = new int[links.count + 1];
    int[] at = new int[4];
    for (int q = 0; q < flows; q++) {
      if (moves(traffic, paths, active, q)) {
        int n = linksOf(traffic, links, paths, q, at);
        for (int i = 0; i < n; i++) {
          start[at[i] + 1]++;
        }
      }
    }
    for (int e = 0; e < links.count; e++) {
      start[e + 1] += start[e];
    }
    int[] on = new int[start[links.count]];
    int[] next = Arrays.copyOf(start, links.count);
    double[] rising = new double[links.count];
    for (int q = 0; q < flows; q++) {
      if (moves(traffic, paths, active, q)) {
        int n = linksOf(traffic, links, paths, q, at);
        for (int i = 0; i < n; i++) {
          on[next[at[i]]++] = q;
          rising[at[i]] += share(traffic, paths, q);
        }
      }
    }
    return fill(traffic, links, paths, active, capGbps, start, on, rising);
  }

  @SuppressWarnings("TooManyParameters")
  private static double[] fill(
      Traffic traffic,
      Links links,
      Paths paths,
      boolean[] active,
      double capGbps,
      int[] start,
      int[] on,
      double[] rising) {
    double[] stopped = new double[links.count];
    int[] left = new int[links.count];
    boolean[] done = new boolean[traffic.queuePairs()];
    double[] job = new double[traffic.jobs];
    for (int j = 0; j < job.length; j++) {
      job[j] = active[j] ? capGbps : 0;
    }
    var queue = new PriorityQueue<Full>((a, b) -> Double.compare(a.level, b.level));
    for (int e = 0; e < links.count; e++) {
      left[e] = start[e + 1] - start[e];
      if (left[e] > 0) {
        queue.add(new Full(links.gbps[e] / rising[e], e));
      }
    }
    int[] at = new int[4];
    while (!queue.isEmpty()) {
      Full full = queue.poll();
      int e = full.link;
      if (left[e] == 0) {
        continue;
      }
      double level = Math.max(0, (links.gbps[e] - stopped[e]) / rising[e]);
      // Levels only rise while others stop, so a stale entry goes back with its true level.
      if (level > full.level * (1 + 1e-12)) {
        queue.add(new Full(level, e));
        continue;
      }
      if (level >= capGbps) {
        break;
      }
      for (int i = start[e]; i < start[e + 1]; i++) {
        int q = on[i];
        if (done[q]) {
          continue;
        }
        done[q] = true;
        int j = traffic.job[traffic.connectionOf(q)];
        job[j] = Math.min(job[j], level);
        double share = share(traffic, paths, q);
        int n = linksOf(traffic, links, paths, q, at);
        for (int l = 0; l < n; l++) {
          rising[at[l]] -= share;
          stopped[at[l]] += share * level;
          left[at[l]]--;
        }
      }
    }
    return job;
  }

  private static boolean moves(Traffic traffic, Paths paths, boolean[] active, int q) {
    return paths.weight[q] > 0 && active[traffic.job[traffic.connectionOf(q)]];
  }

  private static double share(Traffic traffic, Paths paths, int q) {
    return traffic.demand[traffic.connectionOf(q)] * paths.weight[q];
  }

  private static int linksOf(Traffic traffic, Links links, Paths paths, int q, int[] into) {
    int k = traffic.connectionOf(q);
    into[0] = links.sending(traffic.source[k], traffic.planeOf(q));
    into[1] = links.receiving(traffic.destination[k], paths.receivePlane[q]);
    if (paths.up[q] < 0) {
      return 2;
    }
    into[2] = paths.up[q];
    into[3] = paths.down[q];
    return 4;
  }
}
