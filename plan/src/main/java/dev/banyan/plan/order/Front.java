package dev.banyan.plan.order;

import dev.banyan.plan.graph.Block;
import dev.banyan.plan.graph.IntRow;

/**
 * How far a block has run: which operators are ready, what is live, and for every operator what
 * running it next would add and free. All of it is kept up to date in time proportional to the
 * touches of what runs, so a whole order costs O(touches) besides the choice of the next operator.
 */
final class Front {
  private final Block block;
  private final int[] waits;
  private final boolean[] live;
  private final boolean[] done;

  /** Touchers that have not run, one more when the storage outlives the block. */
  private final int[] remaining;

  /** The sum of the numbers of the touchers that have not run: the last one's when one remains. */
  private final long[] remainingSum;

  private final long[] adds;
  private final long[] frees;
  private long load;
  private final IntRow changed = new IntRow();

  Front(Block block) {
    this.block = block;
    waits = new int[block.n];
    done = new boolean[block.n];
    adds = new long[block.n];
    frees = new long[block.n];
    live = block.before.clone();
    remaining = new int[block.m];
    remainingSum = new long[block.m];
    load = block.base;
    for (int u = 0; u < block.n; u++) {
      waits[u] = block.predStart[u + 1] - block.predStart[u];
    }
    for (int s = 0; s < block.m; s++) {
      load += live[s] ? block.size[s] : 0;
      for (int t = block.toucherStart[s]; t < block.toucherStart[s + 1]; t++) {
        remaining[s]++;
        remainingSum[s] += block.toucher[t];
        adds[block.toucher[t]] += live[s] ? 0 : block.size[s];
      }
      if (block.after[s]) {
        remaining[s]++;
      } else if (remaining[s] == 1) {
        frees[(int) remainingSum[s]] += block.size[s];
      }
    }
  }

  /** Bytes live between the last operator that ran and the next. */
  long load() {
    return load;
  }

  boolean isReady(int u) {
    return waits[u] == 0 && !done[u];
  }

  boolean isDone(int u) {
    return done[u];
  }

  /** Bytes that become live when {@code u} runs. */
  long adds(int u) {
    return adds[u];
  }

  /** Bytes that die when {@code u} has run. */
  long frees(int u) {
    return frees[u];
  }

  /** What {@code u} changes the load by. */
  long net(int u) {
    return adds[u] - frees[u];
  }

  /** Operators whose {@link #adds}, {@link #frees} or readiness the last run changed. */
  IntRow changed() {
    return changed;
  }

  /** Runs {@code u}. */
  void run(int u) {
    if (!isReady(u)) {
      throw new IllegalStateException("operator " + u + " is not ready");
    }
    changed.clear();
    done[u] = true;
    load += adds[u] - frees[u];
    for (int t = block.touchStart[u]; t < block.touchStart[u + 1]; t++) {
      touch(block.touch[t], u);
    }
    for (int k = block.succStart[u]; k < block.succStart[u + 1]; k++) {
      if (--waits[block.succ[k]] == 0) {
        changed.add(block.succ[k]);
      }
    }
  }

  private void touch(int s, int u) {
    if (!live[s]) {
      live[s] = true;
      for (int t = block.toucherStart[s]; t < block.toucherStart[s + 1]; t++) {
        int other = block.toucher[t];
        if (other != u && !done[other]) {
          adds[other] -= block.size[s];
          noteIfReady(other);
        }
      }
    }
    remaining[s]--;
    remainingSum[s] -= u;
    if (remaining[s] == 1 && !block.after[s]) {
      int other = (int) remainingSum[s];
      frees[other] += block.size[s];
      noteIfReady(other);
    }
  }

  private void noteIfReady(int u) {
    if (waits[u] == 0) {
      changed.add(u);
    }
  }
}
