package dev.banyan.plan.check;

import dev.banyan.plan.Operator;
import dev.banyan.plan.StepGraph;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Recomputes a lower bound straight from the graph's records and with another algorithm than the
 * planner's: capacity-scaling augmenting paths (Gabow 1985) over all operators and storages, none
 * left out. Arc kinds: an operator in the cut needs what it waits for; a storage costs its bytes
 * when its maker is in the cut and one of its touchers is not.
 */
final class BoundProof {
  private static final long INFINITE = Long.MAX_VALUE / 4;

  private final StepGraph graph;
  private final List<Set<Integer>> waits;
  private final List<List<Integer>> touchers = new ArrayList<>();
  private final List<List<long[]>> arcs = new ArrayList<>();

  BoundProof(StepGraph graph) {
    this.graph = graph;
    this.waits = waits(graph);
    graph.storages().forEach(storage -> touchers.add(new ArrayList<>()));
    for (Operator each : graph.operators()) {
      Set<Integer> touched = new HashSet<>(each.reads());
      touched.addAll(each.writes());
      touched.forEach(s -> touchers.get(s).add(each.id()));
    }
  }

  /**
   * The bound that {@code v} and {@code later} prove: v runs before all of them, or one of them
   * before v; the least of the cuts of these cases. 0 without an operator.
   */
  long bytes(int v, List<Integer> later) {
    if (v < 0) {
      return 0;
    }
    long least = cut(v, later);
    for (int w : later) {
      least = Math.min(least, cut(w, List.of(v)));
    }
    return least;
  }

  /** Least bytes live while {@code v} runs, over all orders with {@code later} after v. */
  private long cut(int v, List<Integer> later) {
    int operators = waits.size();
    int source = operators + touchers.size();
    int sink = source + 1;
    arcs.clear();
    for (int i = 0; i <= sink; i++) {
      arcs.add(new ArrayList<>());
    }
    boolean[] forced = ancestors(v);
    boolean[] after = descendants(v);
    for (int w : later) {
      if (forced[w]) {
        // v waits for it: no order has it later, so this case never happens.
        return Long.MAX_VALUE;
      }
      boolean[] behind = descendants(w);
      for (int u = 0; u < operators; u++) {
        after[u] |= behind[u];
      }
    }
    for (int u = 0; u < operators; u++) {
      if (after[u]) {
        arc(u, sink, INFINITE);
      } else if (forced[u]) {
        arc(source, u, INFINITE);
      }
      for (int earlier : waits.get(u)) {
        arc(u, earlier, INFINITE);
      }
    }
    return storages(v, sink) + flow(source, sink);
  }

  /** One node per storage; what the operator touches is live in any case. */
  private long storages(int v, int sink) {
    Set<Integer> results = new HashSet<>(graph.resultStorages());
    long fixed = 0;
    for (int s = 0; s < touchers.size(); s++) {
      List<Integer> all = touchers.get(s);
      if (graph.storages().get(s).isPersistent() || all.isEmpty()) {
        continue;
      }
      if (all.contains(v)) {
        fixed += graph.alignedBytes(s);
        continue;
      }
      int node = waits.size() + s;
      arc(all.getFirst(), node, graph.alignedBytes(s));
      for (int toucher : all) {
        arc(node, toucher, INFINITE);
      }
      if (results.contains(s)) {
        arc(node, sink, INFINITE);
      }
    }
    return fixed;
  }

  private static List<Set<Integer>> waits(StepGraph graph) {
    List<Set<Integer>> waits = new ArrayList<>();
    int[] writer = new int[graph.storages().size()];
    Arrays.fill(writer, -1);
    List<Set<Integer>> readers = new ArrayList<>();
    graph.storages().forEach(storage -> readers.add(new HashSet<>()));
    for (Operator operator : graph.operators()) {
      Set<Integer> earlier = new HashSet<>();
      operator.reads().forEach(s -> earlier.add(writer[s]));
      for (int s : operator.writes()) {
        earlier.add(writer[s]);
        earlier.addAll(readers.get(s));
      }
      earlier.remove(-1);
      earlier.remove(operator.id());
      waits.add(earlier);
      operator.reads().forEach(s -> readers.get(s).add(operator.id()));
      for (int s : operator.writes()) {
        writer[s] = operator.id();
        readers.get(s).clear();
      }
    }
    return waits;
  }

  /** Operators only wait for earlier numbers, so one pass each way is enough. */
  private boolean[] ancestors(int of) {
    boolean[] found = new boolean[waits.size()];
    found[of] = true;
    for (int u = of; u >= 0; u--) {
      if (found[u]) {
        waits.get(u).forEach(earlier -> found[earlier] = true);
      }
    }
    found[of] = false;
    return found;
  }

  private boolean[] descendants(int of) {
    boolean[] found = new boolean[waits.size()];
    found[of] = true;
    for (int u = of + 1; u < found.length; u++) {
      for (int earlier : waits.get(u)) {
        found[u] |= found[earlier];
      }
    }
    return found;
  }

  /** An arc is {to, capacity left, position of its reverse}. */
  private void arc(int from, int to, long capacity) {
    arcs.get(from).add(new long[] {to, capacity, arcs.get(to).size()});
    arcs.get(to).add(new long[] {from, 0, arcs.get(from).size() - 1});
  }

  private long flow(int source, int sink) {
    long total = 0;
    int[] node = new int[arcs.size()];
    int[] through = new int[arcs.size()];
    for (long scale = 1L << 60; scale > 0; scale >>= 1) {
      while (path(source, sink, scale, node, through)) {
        long push = INFINITE;
        for (int at = sink; at != source; at = node[at]) {
          push = Math.min(push, arcs.get(node[at]).get(through[at])[1]);
        }
        for (int at = sink; at != source; at = node[at]) {
          long[] arc = arcs.get(node[at]).get(through[at]);
          arc[1] -= push;
          arcs.get(at).get((int) arc[2])[1] += push;
        }
        total += push;
      }
    }
    return total;
  }

  private boolean path(int source, int sink, long least, int[] node, int[] through) {
    Arrays.fill(node, -1);
    node[source] = source;
    Deque<Integer> open = new ArrayDeque<>(List.of(source));
    while (!open.isEmpty() && node[sink] < 0) {
      int here = open.poll();
      List<long[]> out = arcs.get(here);
      for (int i = 0; i < out.size(); i++) {
        int to = (int) out.get(i)[0];
        if (out.get(i)[1] >= least && node[to] < 0) {
          node[to] = here;
          through[to] = i;
          open.add(to);
        }
      }
    }
    return node[sink] >= 0;
  }
}
