package dev.banyan.plan;

import java.util.ArrayList;
import java.util.List;

/**
 * All downsets of a small graph, from its records alone: dependences by comparing every pair of
 * operators, loads by asking every storage. Shares nothing with the planner.
 */
final class AllOrders {
  private final StepGraph graph;
  private final int n;
  private final int[] waits;

  AllOrders(StepGraph graph) {
    this.graph = graph;
    this.n = graph.operators().size();
    this.waits = new int[n];
    for (int later = 0; later < n; later++) {
      for (int earlier = 0; earlier < later; earlier++) {
        if (conflict(graph.operators().get(earlier), graph.operators().get(later))) {
          waits[later] |= 1 << earlier;
        }
      }
    }
  }

  private static boolean conflict(Operator a, Operator b) {
    return a.writes().stream().anyMatch(s -> b.reads().contains(s) || b.writes().contains(s))
        || a.reads().stream().anyMatch(s -> b.writes().contains(s));
  }

  /** Bytes live while {@code v} runs right after the operators of {@code done}. */
  private long load(int done, int v) {
    long load = 0;
    for (Storage storage : graph.storages()) {
      if (storage.isPersistent()) {
        continue;
      }
      boolean begun = false;
      boolean needed = graph.resultStorages().contains(storage.id());
      for (Operator operator : graph.operators()) {
        if (operator.reads().contains(storage.id()) || operator.writes().contains(storage.id())) {
          boolean ran = (done >> operator.id() & 1) != 0;
          begun |= ran || operator.id() == v;
          needed |= !ran;
        }
      }
      load += begun && needed ? (storage.bytes() + 511) / 512 * 512 : 0;
    }
    return load;
  }

  /** The smallest peak of all orders. */
  long bestPeak() {
    long[] best = new long[1 << n];
    java.util.Arrays.fill(best, Long.MAX_VALUE);
    best[0] = 0;
    for (int done = 0; done < 1 << n; done++) {
      for (int v = 0; v < n && best[done] < Long.MAX_VALUE; v++) {
        if ((done >> v & 1) == 0 && (waits[v] & ~done) == 0) {
          int next = done | 1 << v;
          best[next] = Math.min(best[next], Math.max(best[done], load(done, v)));
        }
      }
    }
    return best[(1 << n) - 1];
  }

  /** For each operator the least bytes live while it runs, over all downsets it may follow. */
  List<Long> leastLoads() {
    List<Long> least = new ArrayList<>();
    for (int v = 0; v < n; v++) {
      long smallest = Long.MAX_VALUE;
      for (int done = 0; done < 1 << n; done++) {
        if ((done >> v & 1) == 0 && (waits[v] & ~done) == 0 && isDownset(done)) {
          smallest = Math.min(smallest, load(done, v));
        }
      }
      least.add(smallest);
    }
    return least;
  }

  private boolean isDownset(int done) {
    for (int u = 0; u < n; u++) {
      if ((done >> u & 1) != 0 && (waits[u] & ~done) != 0) {
        return false;
      }
    }
    return true;
  }

  /** Whether an order keeps all dependences and runs everything once. */
  boolean allows(int[] order) {
    int done = 0;
    for (int v : order) {
      if ((done >> v & 1) != 0 || (waits[v] & ~done) != 0) {
        return false;
      }
      done |= 1 << v;
    }
    return done == (1 << n) - 1;
  }

  /** The peak of an order. */
  long peak(int[] order) {
    int done = 0;
    long peak = 0;
    for (int v : order) {
      peak = Math.max(peak, load(done, v));
      done |= 1 << v;
    }
    return peak;
  }
}
