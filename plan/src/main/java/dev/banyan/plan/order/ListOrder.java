package dev.banyan.plan.order;

import dev.banyan.plan.graph.Block;
import java.util.Arrays;

/**
 * XLA's list scheduler ({@code xla/service/hlo_memory_scheduler.cc}, ListMemoryScheduler): of the
 * ready operators the one that frees most bytes beyond those it makes; ties go to the one that has
 * more operators waiting for it. O(touches · log ready).
 */
public final class ListOrder implements OrderMethod {
  @Override
  public String name() {
    return "list (XLA)";
  }

  @Override
  public int[] order(Block block) {
    // Numbers by waiting operators, so that the heap's ties fall as XLA's do.
    Integer[] byUsers = new Integer[block.n];
    Arrays.setAll(byUsers, i -> i);
    Arrays.sort(
        byUsers,
        (a, b) -> {
          int users = users(block, b) - users(block, a);
          return users != 0 ? users : Integer.compare(a, b);
        });
    int[] rank = new int[block.n];
    for (int i = 0; i < block.n; i++) {
      rank[byUsers[i]] = i;
    }
    var front = new Front(block);
    var ready = new ReadyHeap(block.n);
    for (int u = 0; u < block.n; u++) {
      if (front.isReady(u)) {
        ready.put(rank[u], front.net(u));
      }
    }
    int[] order = new int[block.n];
    for (int k = 0; k < block.n; k++) {
      int u = byUsers[ready.first()];
      ready.remove(rank[u]);
      order[k] = u;
      front.run(u);
      front.changed().forEach(each -> ready.put(rank[each], front.net(each)));
    }
    return order;
  }

  private static int users(Block block, int u) {
    return block.succStart[u + 1] - block.succStart[u];
  }
}
