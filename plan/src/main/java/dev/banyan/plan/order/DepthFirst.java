package dev.banyan.plan.order;

import dev.banyan.plan.graph.Block;
import java.util.Arrays;

/**
 * Depth first from the operators nobody waits for, in program order; of what an operator waits for,
 * what makes most bytes comes first. The DFS scheduler of XLA ({@code hlo_memory_scheduler}) and of
 * Inductor in its plain form. O(edges · log of the largest in-degree).
 */
public final class DepthFirst implements OrderMethod {
  @Override
  public String name() {
    return "DFS";
  }

  @Override
  public int[] order(Block block) {
    long[] made = new long[block.n];
    for (int s = 0; s < block.m; s++) {
      if (!block.before[s] && block.toucherStart[s] < block.toucherStart[s + 1]) {
        made[block.toucher[block.toucherStart[s]]] += block.size[s];
      }
    }
    int[] order = new int[block.n];
    int end = 0;
    boolean[] seen = new boolean[block.n];
    int[] stack = new int[block.n + block.pred.length];
    for (int root = 0; root < block.n; root++) {
      if (block.succStart[root] < block.succStart[root + 1]) {
        continue;
      }
      int depth = 0;
      stack[depth++] = root;
      while (depth > 0) {
        int top = stack[depth - 1];
        if (top < 0) {
          depth--;
          order[end++] = ~top;
        } else if (seen[top]) {
          depth--;
        } else {
          seen[top] = true;
          // The complement stands for: all it waits for has run.
          stack[depth - 1] = ~top;
          depth = push(block, made, top, seen, stack, depth);
        }
      }
    }
    return order;
  }

  private static int push(
      Block block, long[] made, int of, boolean[] seen, int[] stack, int depth) {
    int from = block.predStart[of];
    Integer[] waits = new Integer[block.predStart[of + 1] - from];
    Arrays.setAll(waits, i -> block.pred[from + i]);
    // The last pushed runs first.
    Arrays.sort(
        waits,
        (a, b) -> made[a] != made[b] ? Long.compare(made[a], made[b]) : Integer.compare(b, a));
    int at = depth;
    for (int u : waits) {
      if (!seen[u]) {
        stack[at++] = u;
      }
    }
    return at;
  }
}
