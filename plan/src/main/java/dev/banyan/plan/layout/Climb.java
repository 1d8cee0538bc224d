package dev.banyan.plan.layout;

import dev.banyan.core.Seed;
import dev.banyan.plan.Budget;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/**
 * Climbs in the space of placement orders: first fit in an order, then whoever ends high moves
 * towards the front, and the new order is kept when it is no higher. The idea is squeaky wheel
 * optimisation (Joslin, Clements, JAIR 10, 1999); TVM's USMP hill climb and Imanishi and Xu (ISMM
 * 2024) also search over orders. What stands before the first buffer that moved is not placed
 * again, and a pass that already ends too high is given up.
 */
final class Climb {
  private static final int PATIENCE = 60;
  private static final List<Rank.Key[]> KEYS =
      List.of(
          new Rank.Key[] {Rank.Key.TOTAL, Rank.Key.SIZE},
          new Rank.Key[] {Rank.Key.SIZE, Rank.Key.WIDTH},
          new Rank.Key[] {Rank.Key.AREA},
          new Rank.Key[] {Rank.Key.TOTAL, Rank.Key.WIDTH});

  private final Timeline timeline;
  private final int[] positions;
  private final RandomGenerator random;
  private final Shelf shelf;
  private int[] order = new int[0];
  private int[] byOffset = new int[0];
  private final int[] rank;
  private long[] offsets = new long[0];
  private long height = Long.MAX_VALUE;
  private long[] bestOffsets = new long[0];
  private long bestHeight = Long.MAX_VALUE;
  private int stale;
  private int starts;

  Climb(Timeline timeline, int[] positions, Seed seed) {
    this.timeline = timeline;
    this.positions = positions;
    this.random = seed.stream("climb");
    shelf = new Shelf(timeline);
    rank = new int[timeline.count()];
  }

  /** Where the highest buffer ends in the best layout so far. */
  long height() {
    return bestHeight;
  }

  /** Offsets of the best layout so far, by position in the timeline. */
  long[] offsets() {
    return bestOffsets;
  }

  /** Makes passes until about {@code nodes} buffers were placed or the height is low enough. */
  void climb(long nodes, long enough, Budget budget) {
    long end = budget.spentNodes() + nodes;
    while (!budget.over() && budget.spentNodes() < end && bestHeight > enough) {
      boolean start = order.length == 0 || stale >= PATIENCE;
      int[] next = start ? start() : squeaked(enough);
      if (pass(next, start ? Long.MAX_VALUE : height, budget)) {
        keep(next);
      } else {
        stale++;
      }
    }
  }

  private int[] start() {
    Rank.Key[] keys = KEYS.get(starts % KEYS.size());
    double noise = starts < KEYS.size() ? 0 : 0.2;
    starts++;
    stale = 0;
    boolean[] mine = new boolean[timeline.count()];
    Arrays.stream(positions).forEach(i -> mine[i] = true);
    int[] all = Rank.order(timeline, noise, random, keys);
    order = new int[0];
    return Arrays.stream(all).filter(i -> mine[i]).toArray();
  }

  /**
   * The order with those that end above some line moved forward to a random place, and every other
   * time those that meet the highest one shaken.
   */
  private int[] squeaked(long enough) {
    long line = enough + (long) ((height - enough) * Math.sqrt(random.nextDouble()));
    int highest = highest();
    boolean shakes = random.nextBoolean();
    double noise = random.nextDouble();
    double[] key = new double[order.length];
    for (int i = 0; i < order.length; i++) {
      int each = order[i];
      key[i] = i;
      if (offsets[each] + timeline.ownSize[each] > line) {
        key[i] = i * random.nextDouble() - 0.5;
      } else if (shakes && meets(each, highest)) {
        key[i] = i * (1 + noise * (random.nextDouble() - 0.5));
      }
    }
    int[] sorted =
        IntStream.range(0, order.length)
            .boxed()
            .sorted(Comparator.comparingDouble(i -> key[i]))
            .mapToInt(i -> order[i])
            .toArray();
    return sorted;
  }

  private int highest() {
    int highest = order[0];
    for (int each : order) {
      if (offsets[each] + timeline.ownSize[each] > offsets[highest] + timeline.ownSize[highest]) {
        highest = each;
      }
    }
    return highest;
  }

  private boolean meets(int a, int b) {
    return timeline.first[a] <= timeline.last[b] && timeline.first[b] <= timeline.last[a];
  }

  /** Whether first fit in this order stays at or below {@code most}. */
  private boolean pass(int[] next, long most, Budget budget) {
    int kept = order.length == 0 ? 0 : Math.max(0, Arrays.mismatch(order, next));
    shelf.restore(byOffset, offsets, rank, kept);
    for (int i = kept; i < next.length; i++) {
      if (shelf.place(next[i], Shelf.Fit.FIRST) > most || (!budget.spend() && bestHeight < most)) {
        return false;
      }
    }
    return true;
  }

  private void keep(int[] next) {
    stale = shelf.height() < height ? 0 : stale + 1;
    order = next;
    height = shelf.height();
    offsets = shelf.offsets();
    for (int i = 0; i < order.length; i++) {
      rank[order[i]] = i;
    }
    byOffset =
        IntStream.of(order)
            .boxed()
            .sorted(Comparator.comparingLong(i -> offsets[i]))
            .mapToInt(i -> i)
            .toArray();
    if (height < bestHeight) {
      bestHeight = height;
      bestOffsets = offsets;
    }
  }
}
