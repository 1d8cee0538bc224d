package dev.banyan.plan.order;

import dev.banyan.plan.graph.Block;

/**
 * First ready, first run (Kahn 1962): the breadth-first candidate of Inductor's reordering ({@code
 * torch/_inductor/memory.py}) in its plain form. O(operators + edges).
 */
public final class BreadthFirst implements OrderMethod {
  @Override
  public String name() {
    return "BFS";
  }

  @Override
  public int[] order(Block block) {
    int[] waits = new int[block.n];
    int[] order = new int[block.n];
    int end = 0;
    for (int u = 0; u < block.n; u++) {
      waits[u] = block.predStart[u + 1] - block.predStart[u];
      if (waits[u] == 0) {
        order[end++] = u;
      }
    }
    for (int at = 0; at < end; at++) {
      int u = order[at];
      for (int k = block.succStart[u]; k < block.succStart[u + 1]; k++) {
        if (--waits[block.succ[k]] == 0) {
          order[end++] = block.succ[k];
        }
      }
    }
    return order;
  }
}
