package dev.banyan.plan.order;

import dev.banyan.plan.graph.Block;
import dev.banyan.plan.graph.IntRow;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * ROAM's order (arXiv 2310.19295), as far as it can be told from the abstract and the captions; the
 * numbers are the steps of that reconstruction. (1) An operator comparable with all others is
 * insensitive; (2) insensitive operators cut the step into independent segments; (3) weight-update
 * branches, are taken out first, and each branch is run at the end of the first segment whose slack
 * below the peak it fits; (4, 5) segments of at most {@value #NODE_LIMIT} operators are solved
 * exactly by a search over downsets in place of the paper's integer program, larger ones by the
 * list rule. O(operators + edges) besides the solves.
 */
public final class Roam implements OrderMethod {
  private static final int NODE_LIMIT = 24;
  private static final long STATES = 2_000;

  @Override
  public String name() {
    return "ROAM (rec.)";
  }

  @Override
  public int[] order(Block block) {
    boolean[] update = updates(block);
    int[] main = mainOrder(block, update);
    long[] loads = block.inOrder(whole(block, main, update)).loads(place(block.n));
    long peak = 0;
    for (int k = 0; k < main.length; k++) {
      peak = Math.max(peak, loads[k]);
    }
    return delayed(block, main, update, peak);
  }

  /** (3) Operators all of whose descendants only make or write what outlives the step. */
  private static boolean[] updates(Block block) {
    boolean[] update = new boolean[block.n];
    for (int u = block.n - 1; u >= 0; u--) {
      boolean only = block.predStart[u] < block.predStart[u + 1];
      for (int t = block.touchStart[u]; t < block.touchStart[u + 1]; t++) {
        only &= !block.after[block.touch[t]];
      }
      for (int k = block.succStart[u]; k < block.succStart[u + 1]; k++) {
        only &= update[block.succ[k]];
      }
      update[u] = only;
    }
    return update;
  }

  /** (1, 2, 4, 5) The operators that are no updates, segment by segment. */
  private static int[] mainOrder(Block block, boolean[] update) {
    var main = new IntRow();
    var segment = new IntRow();
    int open = 0;
    int[] waiting = new int[block.n];
    for (int u = 0; u < block.n; u++) {
      if (update[u]) {
        continue;
      }
      segment.add(u);
      for (int k = block.predStart[u]; k < block.predStart[u + 1]; k++) {
        if (--waiting[block.pred[k]] == 0) {
          open--;
        }
      }
      for (int k = block.succStart[u]; k < block.succStart[u + 1]; k++) {
        waiting[u] += update[block.succ[k]] ? 0 : 1;
      }
      open += waiting[u] > 0 ? 1 : 0;
      // Only u has successors outside the prefix: all before are its ancestors, all after wait.
      if (open == 1 && waiting[u] > 0) {
        solve(block, segment, main);
        segment.clear();
      }
    }
    solve(block, segment, main);
    return main.toArray();
  }

  private static void solve(Block block, IntRow segment, IntRow into) {
    int[] part = segment.toArray();
    if (part.length < 3) {
      segment.forEach(into::add);
      return;
    }
    Block local = block.part(part);
    int[] order = new Lescea().order(local);
    if (part.length <= NODE_LIMIT) {
      int[] best = new DownsetSearch(local, STATES, () -> false).search(local.peak(order), 0);
      order = best == null ? order : best;
    }
    for (int u : order) {
      into.add(part[u]);
    }
  }

  /** (3) Runs each update as soon as it fits below {@code peak}, all that is left at the end. */
  private static int[] delayed(Block block, int[] main, boolean[] update, long peak) {
    var front = new Front(block);
    var order = new IntRow();
    List<Integer> ready = new ArrayList<>();
    boolean[] queued = new boolean[block.n];
    for (int k = 0; k <= main.length; k++) {
      if (k < main.length) {
        front.run(main[k]);
        order.add(main[k]);
      }
      collect(front, update, queued, ready);
      boolean moved = true;
      while (moved) {
        moved = false;
        for (int i = 0; i < ready.size(); i++) {
          int u = ready.get(i);
          boolean fits = front.load() + 3 * front.adds(u) <= peak || front.net(u) <= 0;
          if (fits || k == main.length) {
            ready.remove(/* index */ i--);
            front.run(u);
            order.add(u);
            collect(front, update, queued, ready);
            moved = true;
          }
        }
      }
    }
    return order.toArray();
  }

  private static void collect(
      Front front, boolean[] update, boolean[] queued, List<Integer> ready) {
    if (front.changed().isEmpty()) {
      return;
    }
    int[] changed = front.changed().toArray();
    for (int u : changed) {
      if (update[u] && !queued[u] && front.isReady(u)) {
        queued[u] = true;
        ready.add(u);
      }
    }
  }

  private static int[] whole(Block block, int[] main, boolean[] update) {
    int[] order = Arrays.copyOf(main, block.n);
    int end = main.length;
    for (int u = 0; u < block.n; u++) {
      if (update[u]) {
        order[end++] = u;
      }
    }
    return order;
  }

  private static int[] place(int n) {
    int[] place = new int[n];
    Arrays.setAll(place, i -> i);
    return place;
  }
}
