package dev.banyan.plan.bound;

import java.util.Arrays;

/**
 * Maximum flow by Dinic's algorithm (1970) on a network in arrays: breadth-first levels from the
 * sink, then blocking flows along them with current arcs. Arc 2i + 1 is the reverse of arc 2i. The
 * object is filled, solved and reset many times without new memory.
 */
final class Flow {
  static final long INFINITE = Long.MAX_VALUE / 4;

  private int nodes;
  private int arcs;
  private int[] head = new int[1 << 10];
  private int[] next = new int[1 << 12];
  private int[] to = new int[1 << 12];
  private long[] left = new long[1 << 12];
  private int[] level = new int[0];
  private int[] current = new int[0];
  private int[] queue = new int[0];
  private int[] path = new int[0];
  private long work;

  /** Empties the network and gives it this many nodes. */
  void reset(int count) {
    nodes = count;
    arcs = 0;
    if (head.length < count) {
      head = new int[count + count / 2];
    }
    Arrays.fill(head, 0, count, -1);
  }

  int addNode() {
    if (nodes == head.length) {
      head = Arrays.copyOf(head, 2 * nodes);
    }
    head[nodes] = -1;
    return nodes++;
  }

  void arc(int a, int b, long capacity) {
    if (arcs + 2 > to.length) {
      to = Arrays.copyOf(to, 2 * to.length);
      next = Arrays.copyOf(next, 2 * next.length);
      left = Arrays.copyOf(left, 2 * left.length);
    }
    half(a, b, capacity);
    half(b, a, 0);
  }

  private void half(int a, int b, long capacity) {
    to[arcs] = b;
    left[arcs] = capacity;
    next[arcs] = head[a];
    head[a] = arcs++;
  }

  /** Arcs looked at since the beginning. */
  long work() {
    return work;
  }

  /** The largest flow from {@code source} to {@code sink}. */
  long solve(int source, int sink) {
    if (level.length < nodes) {
      level = new int[nodes + nodes / 2];
      current = new int[level.length];
      queue = new int[level.length];
      path = new int[level.length];
    }
    long total = 0;
    while (levels(source, sink)) {
      System.arraycopy(head, 0, current, 0, nodes);
      total += blocking(source, sink);
    }
    return total;
  }

  private boolean levels(int source, int sink) {
    Arrays.fill(level, 0, nodes, -1);
    int end = 0;
    queue[end++] = sink;
    level[sink] = 0;
    for (int at = 0; at < end; at++) {
      int node = queue[at];
      for (int a = head[node]; a >= 0; a = next[a]) {
        work++;
        // The reverse arc leads towards the sink.
        if (left[a ^ 1] > 0 && level[to[a]] < 0) {
          level[to[a]] = level[node] + 1;
          queue[end++] = to[a];
        }
      }
    }
    return level[source] >= 0;
  }

  private long blocking(int source, int sink) {
    long total = 0;
    int depth = 0;
    int node = source;
    while (true) {
      if (node == sink) {
        long push = INFINITE;
        for (int i = 0; i < depth; i++) {
          push = Math.min(push, left[path[i]]);
        }
        int back = depth;
        for (int i = depth - 1; i >= 0; i--) {
          left[path[i]] -= push;
          left[path[i] ^ 1] += push;
          back = left[path[i]] == 0 ? i : back;
        }
        total += push;
        depth = back;
        node = to[path[back] ^ 1];
        continue;
      }
      int a = current[node];
      while (a >= 0 && (left[a] == 0 || level[to[a]] != level[node] - 1)) {
        work++;
        a = next[a];
      }
      current[node] = a;
      if (a >= 0) {
        path[depth++] = a;
        node = to[a];
      } else if (depth == 0) {
        return total;
      } else {
        level[node] = Integer.MAX_VALUE;
        depth--;
        node = to[path[depth] ^ 1];
      }
    }
  }

  /** After solving: the nodes flow could still reach from {@code source}, the smallest cut. */
  void reachable(int source, boolean[] found) {
    Arrays.fill(found, 0, nodes, false);
    int end = 0;
    queue[end++] = source;
    found[source] = true;
    for (int at = 0; at < end; at++) {
      for (int a = head[queue[at]]; a >= 0; a = next[a]) {
        if (left[a] > 0 && !found[to[a]]) {
          found[to[a]] = true;
          queue[end++] = to[a];
        }
      }
    }
  }

  /** After solving: the nodes from which flow could still reach {@code sink}. */
  void reaching(int sink, boolean[] found) {
    Arrays.fill(found, 0, nodes, false);
    int end = 0;
    queue[end++] = sink;
    found[sink] = true;
    for (int at = 0; at < end; at++) {
      for (int a = head[queue[at]]; a >= 0; a = next[a]) {
        if (left[a ^ 1] > 0 && !found[to[a]]) {
          found[to[a]] = true;
          queue[end++] = to[a];
        }
      }
    }
  }

  int nodes() {
    return nodes;
  }
}
