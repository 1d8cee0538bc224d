package dev.banyan.plan.caching;

import dev.banyan.plan.graph.Dag;
import dev.banyan.plan.graph.IntRow;
import dev.banyan.plan.graph.Loads;

/** What the caching allocator would reserve for an order: the first step, from nothing. */
public final class Replay {
  private Replay() {}

  /**
   * Bytes reserved when each operator takes what it makes and what nobody needs any more is given
   * back right after its last user.
   */
  public static long reservedBytes(Dag dag, int[] order) {
    int[][] life = Loads.lifetimes(dag, order);
    IntRow[] dying = new IntRow[dag.n + 1];
    IntRow[] born = new IntRow[dag.n + 1];
    for (int s = 0; s < dag.m; s++) {
      int first = life[0][s];
      int last = life[1][s];
      born[first] = born[first] == null ? new IntRow() : born[first];
      born[first].add(s);
      dying[last] = dying[last] == null ? new IntRow() : dying[last];
      dying[last].add(s);
    }
    var allocator = new CachingAllocator();
    int[] ticket = new int[dag.m];
    for (int k = 0; k < dag.n; k++) {
      if (born[k] != null) {
        born[k].forEach(s -> ticket[s] = allocator.take(dag.size[s]));
      }
      if (dying[k] != null) {
        dying[k].forEach(s -> allocator.release(ticket[s]));
      }
    }
    return allocator.reservedBytes();
  }
}
