package dev.banyan.plan.order;

import dev.banyan.plan.graph.Block;
import dev.banyan.plan.graph.IntRow;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The best order of a block by searching its downsets: the memory that is live depends only on
 * which operators have run, so each set is looked at once, and the path of sets whose largest load
 * is smallest is the best order. Sets are taken by that largest load, then by how far they are;
 * what the eager rule forces is not branched on ({@link Eager}). Exact when it ends before its
 * limits.
 */
final class DownsetSearch {
  private final Block block;
  private final long[] key1;
  private final long[] key2;
  private final BooleanSupplier stop;
  private final long stateLimit;
  private long states;

  /** A set of operators that ran, as the operators that ran since another set. */
  @SuppressWarnings("ArrayRecordComponent") // handed on, never compared
  private record Node(
      @Nullable Node from, int[] ran, int count, long bottleneck, long load, Key key) {}

  /** Two 64-bit sums of random numbers, one per operator: equal sets have equal keys. */
  private record Key(long a, long b) {}

  DownsetSearch(Block block, long stateLimit, BooleanSupplier stop) {
    this.block = block;
    this.stateLimit = stateLimit;
    this.stop = stop;
    var random = new SplittableRandom(block.n);
    key1 = random.longs(block.n).toArray();
    key2 = random.longs(block.n).toArray();
  }

  /** States looked at so far. */
  long states() {
    return states;
  }

  /**
   * An order whose peak is below {@code below}, the smallest there is if the search was not cut
   * short; null when there is none or the limits came first.
   *
   * @param enough a peak that is as good as any lower one
   */
  int @Nullable [] search(long below, long enough) {
    var open =
        new PriorityQueue<Node>(
            Comparator.comparingLong(Node::bottleneck)
                .thenComparingInt(node -> -node.count())
                .thenComparingLong(Node::load));
    Set<Key> seen = new HashSet<>();
    open.add(new Node(null, new int[0], 0, enough, block.base, new Key(0, 0)));
    while (!open.isEmpty() && states < stateLimit && !stop.getAsBoolean()) {
      Node node = open.poll();
      if (!seen.add(node.key())) {
        continue;
      }
      states++;
      Front front = replayed(node);
      Node closed = close(node, front);
      if (closed.count() == block.n) {
        return order(closed);
      }
      if (closed.count() == node.count() || seen.add(closed.key())) {
        branch(closed, front, below, seen, open);
      }
    }
    return null;
  }

  private Front replayed(Node node) {
    var front = new Front(block);
    for (int u : order(node)) {
      front.run(u);
    }
    return front;
  }

  private int[] order(Node node) {
    List<Node> line = new ArrayList<>();
    for (Node at = node; at != null; at = at.from()) {
      line.add(at);
    }
    int[] order = new int[node.count()];
    int end = 0;
    for (int i = line.size() - 1; i >= 0; i--) {
      int[] ran = line.get(i).ran();
      System.arraycopy(ran, 0, order, end, ran.length);
      end += ran.length;
    }
    return order;
  }

  /** Runs what the eager rule forces. */
  private Node close(Node node, Front front) {
    var ran = new IntRow();
    var ready = new ReadyHeap(block.n);
    for (int u = 0; u < block.n; u++) {
      if (front.isReady(u)) {
        ready.put(u, front.net(u));
      }
    }
    long a = node.key().a();
    long b = node.key().b();
    while (!ready.isEmpty()) {
      int u = Eager.freeing(front, ready, node.bottleneck() - front.load());
      if (u < 0) {
        break;
      }
      ready.remove(u);
      front.run(u);
      front.changed().forEach(each -> ready.put(each, front.net(each)));
      ran.add(u);
      a += key1[u];
      b += key2[u];
    }
    if (ran.isEmpty()) {
      return node;
    }
    return new Node(
        node,
        ran.toArray(),
        node.count() + ran.size(),
        node.bottleneck(),
        front.load(),
        new Key(a, b));
  }

  private void branch(Node node, Front front, long below, Set<Key> seen, PriorityQueue<Node> open) {
    for (int u = 0; u < block.n; u++) {
      if (!front.isReady(u)) {
        continue;
      }
      long bottleneck = Math.max(node.bottleneck(), front.load() + front.adds(u));
      var key = new Key(node.key().a() + key1[u], node.key().b() + key2[u]);
      // A set reached under a smaller bottleneck was taken from the queue before.
      if (bottleneck < below && !seen.contains(key)) {
        int[] ran = {u};
        open.add(
            new Node(node, ran, node.count() + 1, bottleneck, front.load() + front.net(u), key));
      }
    }
    if (open.size() > 4 * stateLimit) {
      Node[] kept = open.toArray(Node[]::new);
      Arrays.sort(kept, open.comparator());
      open.clear();
      open.addAll(Arrays.asList(kept).subList(0, (int) stateLimit));
    }
  }
}
