package dev.banyan.plan.order;

import dev.banyan.plan.graph.Block;

/**
 * Least peak memory first, of Inductor ({@code torch/_inductor/memory.py}, topological_sort_lpmf):
 * if some ready operator stays under the largest load so far, of those the one with the least
 * memory afterwards; otherwise the one with the least memory while it runs. Two heaps instead of a
 * scan of all ready operators.
 */
public final class Lpmf implements OrderMethod {
  @Override
  public String name() {
    return "LPMF";
  }

  @Override
  public int[] order(Block block) {
    return order(block, 0);
  }

  /** The same when a peak of {@code allowed} bytes costs nothing. */
  static int[] order(Block block, long allowed) {
    var front = new Front(block);
    var byNet = new ReadyHeap(block.n);
    var byAdds = new ReadyHeap(block.n);
    for (int u = 0; u < block.n; u++) {
      if (front.isReady(u)) {
        byNet.put(u, front.net(u));
        byAdds.put(u, front.adds(u));
      }
    }
    int[] order = new int[block.n];
    long peak = Math.max(allowed, front.load());
    for (int k = 0; k < block.n; k++) {
      int u = byAdds.first();
      if (front.load() + byAdds.firstKey() <= peak) {
        u = firstThatFits(front, byNet, peak - front.load());
      }
      peak = Math.max(peak, front.load() + front.adds(u));
      byNet.remove(u);
      byAdds.remove(u);
      order[k] = u;
      front.run(u);
      front
          .changed()
          .forEach(
              each -> {
                byNet.put(each, front.net(each));
                byAdds.put(each, front.adds(each));
              });
    }
    return order;
  }

  /** The least net among those that add at most {@code room}; there is one. */
  static int firstThatFits(Front front, ReadyHeap byNet, long room) {
    int[] passed = new int[8];
    int count = 0;
    while (front.adds(byNet.first()) > room) {
      if (count == passed.length) {
        passed = java.util.Arrays.copyOf(passed, 2 * count);
      }
      passed[count] = byNet.first();
      byNet.remove(passed[count++]);
    }
    int found = byNet.first();
    for (int i = 0; i < count; i++) {
      byNet.put(passed[i], front.net(passed[i]));
    }
    return found;
  }
}
