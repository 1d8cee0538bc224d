package dev.banyan.plan.order;

import dev.banyan.plan.graph.Block;

/**
 * LESCEA, the ordering half of LESCEA+LLFB that ROAM (arXiv 2310.19295) compares with. Its
 * definition was not to be had; this is a reconstruction: of the ready operators always the one
 * after which least memory is live, ties in program order. O(touches · log ready).
 */
public final class Lescea implements OrderMethod {
  @Override
  public String name() {
    return "LESCEA";
  }

  @Override
  public int[] order(Block block) {
    var front = new Front(block);
    var ready = new ReadyHeap(block.n);
    for (int u = 0; u < block.n; u++) {
      if (front.isReady(u)) {
        ready.put(u, front.net(u));
      }
    }
    int[] order = new int[block.n];
    for (int k = 0; k < block.n; k++) {
      int u = ready.first();
      ready.remove(u);
      order[k] = u;
      front.run(u);
      front.changed().forEach(each -> ready.put(each, front.net(each)));
    }
    return order;
  }
}
