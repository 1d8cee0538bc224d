package dev.banyan.plan.bound;

import dev.banyan.plan.graph.Block;
import java.util.Arrays;

/**
 * The least memory that can be live while one operator runs. Whatever the order, just before v runs
 * the operators that ran form a downset that holds v's ancestors and neither v nor its descendants;
 * the cheapest such downset is a minimum cut. One node per operator that is neither, one per
 * storage: the arc into a storage's node costs its bytes and is cut when it was made and somebody
 * still needs it. A maximum flow per operator; exact for that operator.
 */
public final class MinCut {
  private static final int ANCESTOR = -1;
  private static final int DESCENDANT = -2;
  private static final int[] NONE = {};
  private static final int SOURCE = 0;
  private static final int SINK = 1;

  private final Block block;
  private final Flow flow = new Flow();
  private final int[] place;
  private final int[] stack;
  private boolean[] side = new boolean[0];
  private int last = -1;

  public MinCut(Block block) {
    this.block = block;
    this.place = new int[block.n];
    this.stack = new int[block.n];
  }

  /** Work done so far, in arcs looked at; the same on every machine. */
  public long work() {
    return flow.work();
  }

  /** The least bytes live while {@code v} runs, over all orders. */
  public long bytes(int v) {
    return bytes(v, NONE);
  }

  /** The same over those orders in which all of {@code later} run after {@code v}. */
  public long bytes(int v, int[] later) {
    last = v;
    int free = places(v, later);
    flow.reset(2 + free);
    long fixed = block.base;
    for (int u = 0; u < block.n; u++) {
      for (int p = block.predStart[u]; place[u] > 0 && p < block.predStart[u + 1]; p++) {
        if (place[block.pred[p]] > 0) {
          flow.arc(place[u], place[block.pred[p]], Flow.INFINITE);
        }
      }
    }
    for (int s = 0; s < block.m; s++) {
      fixed += storage(s, v);
    }
    return fixed + flow.solve(SOURCE, SINK);
  }

  /**
   * The downset of the last {@link #bytes}: the operators that run before it.
   *
   * @param smallest the smallest cheapest downset, otherwise the largest
   */
  public boolean[] downset(boolean smallest) {
    if (side.length < flow.nodes()) {
      side = new boolean[flow.nodes()];
    }
    if (smallest) {
      flow.reachable(SOURCE, side);
    } else {
      flow.reaching(SINK, side);
    }
    boolean[] in = new boolean[block.n];
    for (int u = 0; u < block.n; u++) {
      in[u] = place[u] == ANCESTOR || (place[u] > 0 && side[place[u]] == smallest);
    }
    in[last] = false;
    return in;
  }

  /** Whether {@code u} may run before or after the operator of the last {@link #bytes}. */
  public boolean isFree(int u) {
    return place[u] > 0;
  }

  /** Gives ancestors, descendants and v their marks and the others nodes; how many others. */
  private int places(int v, int[] later) {
    Arrays.fill(place, 0);
    mark(v, block.predStart, block.pred, ANCESTOR);
    mark(v, block.succStart, block.succ, DESCENDANT);
    for (int w : later) {
      if (place[w] == ANCESTOR) {
        throw new IllegalArgumentException(v + " waits for " + w + ", so that cannot run later");
      }
      if (place[w] == 0) {
        mark(w, block.succStart, block.succ, DESCENDANT);
      }
    }
    int next = 2;
    for (int u = 0; u < block.n; u++) {
      if (place[u] == 0) {
        place[u] = next++;
      }
    }
    // v itself runs after the downset.
    place[v] = DESCENDANT;
    return next - 2;
  }

  private void mark(int v, int[] start, int[] values, int with) {
    int depth = 0;
    stack[depth++] = v;
    place[v] = with;
    while (depth > 0) {
      int u = stack[--depth];
      for (int k = start[u]; k < start[u + 1]; k++) {
        if (place[values[k]] != with) {
          place[values[k]] = with;
          stack[depth++] = values[k];
        }
      }
    }
  }

  /** Adds a storage to the network; returns its bytes when it is live in any case. */
  private long storage(int s, int v) {
    int start = block.toucherStart[s];
    int end = block.toucherStart[s + 1];
    // In mirrored time the first toucher makes a storage live, whichever that is; forwards it is
    // the creator, which all others wait for.
    boolean touched = false;
    boolean made = block.before[s];
    boolean needed = block.after[s];
    boolean undecided = false;
    for (int t = start; t < end; t++) {
      int u = block.toucher[t];
      touched |= u == v;
      made |= place[u] == ANCESTOR;
      needed |= place[u] == DESCENDANT;
      undecided |= place[u] > 0;
    }
    if (touched || (made && needed)) {
      return block.size[s];
    }
    if (!undecided) {
      return 0;
    }
    int from = SOURCE;
    int into = SINK;
    if (!made) {
      from = flow.addNode();
      for (int t = start; t < end; t++) {
        if (place[block.toucher[t]] > 0) {
          flow.arc(place[block.toucher[t]], from, Flow.INFINITE);
        }
      }
    }
    if (!needed) {
      into = flow.addNode();
      for (int t = start; t < end; t++) {
        if (place[block.toucher[t]] > 0) {
          flow.arc(into, place[block.toucher[t]], Flow.INFINITE);
        }
      }
    }
    flow.arc(from, into, block.size[s]);
    return 0;
  }
}
