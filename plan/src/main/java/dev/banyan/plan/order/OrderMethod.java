package dev.banyan.plan.order;

import dev.banyan.plan.graph.Block;

/** A way to order the operators of a block. The answer depends on the block alone. */
public interface OrderMethod {
  /** As tables show it. */
  String name();

  /** An order of 0 … n − 1 in which every operator comes after those it waits for. */
  int[] order(Block block);
}
