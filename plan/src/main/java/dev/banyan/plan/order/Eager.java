package dev.banyan.plan.order;

import dev.banyan.plan.graph.Block;

/**
 * Keeps the given order and moves forward what frees: a ready operator that frees at least what it
 * adds, and fits under the target peak, runs at once. Safe: if some order stays under the target,
 * one that runs such an operator now does too (move it forward in that order; what it releases only
 * grows with the steps it passes, so no load rises). Other operators come in the order given.
 */
public final class Eager implements OrderMethod {
  @Override
  public String name() {
    return "eager";
  }

  @Override
  public int[] order(Block block) {
    return order(block, block.peak(new ProgramOrder().order(block)));
  }

  /** The same for a target peak in bytes. */
  static int[] order(Block block, long target) {
    var front = new Front(block);
    var byNet = new ReadyHeap(block.n);
    var byPlace = new ReadyHeap(block.n);
    for (int u = 0; u < block.n; u++) {
      if (front.isReady(u)) {
        byNet.put(u, front.net(u));
        byPlace.put(u, u);
      }
    }
    int[] order = new int[block.n];
    for (int k = 0; k < block.n; k++) {
      int u = byPlace.first();
      long room = target - front.load();
      int freeing = freeing(front, byNet, room);
      u = freeing >= 0 ? freeing : u;
      byNet.remove(u);
      byPlace.remove(u);
      order[k] = u;
      front.run(u);
      front
          .changed()
          .forEach(
              each -> {
                byNet.put(each, front.net(each));
                byPlace.put(each, each);
              });
    }
    return order;
  }

  /** A ready operator that frees at least what it adds and adds at most {@code room}, or −1. */
  static int freeing(Front front, ReadyHeap byNet, long room) {
    if (byNet.firstKey() > 0) {
      return -1;
    }
    if (front.adds(byNet.first()) <= room) {
      return byNet.first();
    }
    int best = -1;
    for (int i = 0; i < byNet.size(); i++) {
      int u = byNet.at(i);
      if (front.net(u) <= 0
          && front.adds(u) <= room
          && (best < 0
              || front.net(u) < front.net(best)
              || (front.net(u) == front.net(best) && u < best))) {
        best = u;
      }
    }
    return best;
  }
}
