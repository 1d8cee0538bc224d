package dev.banyan.plan.layout;

import dev.banyan.core.Seed;
import dev.banyan.plan.Budget;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The best known layout of buffers that no others meet, and what is tried to lower it. */
final class PartPlan {
  /** Above this exact search comes after climbing, since one dive costs as much as many passes. */
  private static final int SMALL = 1_000;

  private static final int MOST_SEARCHED = 6_000;

  private final Timeline timeline;
  private final int[] positions;
  private final Seed seed;
  private final @Nullable Part part;
  private final Climb climb;
  private long[] offsets = new long[0];
  private long height = Long.MAX_VALUE;
  private long bound;
  private @Nullable Restarts atBound;
  private long failedAt;
  private int round;

  PartPlan(Timeline timeline, int[] positions, long bound, Seed seed) {
    this.timeline = timeline;
    this.positions = positions;
    this.bound = bound;
    this.failedAt = bound;
    this.seed = seed;
    boolean searched = positions.length <= MOST_SEARCHED && Part.fits(timeline, positions);
    part = searched ? new Part(timeline, positions) : null;
    climb = new Climb(timeline, positions, seed);
  }

  /** Where its highest buffer ends. */
  long height() {
    return height;
  }

  /** Bytes it needs in any layout, proven. */
  long bound() {
    return bound;
  }

  /** Takes over a layout of the whole timeline where it is lower here. */
  void offer(long[] offered) {
    long top = 0;
    for (int i : positions) {
      top = Math.max(top, offered[i] + timeline.ownSize[i]);
    }
    if (top < height) {
      height = top;
      offsets = Arrays.stream(positions).mapToLong(i -> offered[i]).toArray();
    }
  }

  /** Writes its offsets to where they belong in the whole timeline. */
  void copyOffsets(long[] all) {
    for (int i = 0; i < positions.length; i++) {
      all[positions[i]] = offsets[i];
    }
  }

  /**
   * Tries for a while to get down to {@code enough}.
   *
   * @param between whether heights between that and the present one are worth having
   */
  void improve(long enough, boolean between, Budget budget) {
    long goal = Math.max(enough, bound);
    long before = budget.spentNodes();
    if (part != null && positions.length <= SMALL) {
      search(part, goal, between, budget);
    }
    long share = Math.max(budget.spentNodes() - before, 100L * positions.length);
    if (height > goal && !budget.over() && (between || positions.length > SMALL)) {
      climb.climb(share, goal, budget);
      if (climb.height() < height) {
        offer(climb.offsets());
      }
    }
    if (part != null && positions.length > SMALL && height > goal && !budget.over()) {
      search(part, goal, between, budget);
    }
    round++;
  }

  /** One round at the goal, and one somewhere between it and the present height. */
  private void search(Part part, long goal, boolean between, Budget budget) {
    Restarts lowest = atBound;
    if (lowest == null || lowest.capacity() != goal) {
      lowest = new Restarts(timeline, part, goal, seed, 0);
      atBound = lowest;
    }
    // the goal may be out of reach: what lies between gets three rounds of four
    if (!between || round % 4 == 0) {
      run(part, lowest, budget);
    }
    if (!between || height <= goal || budget.over()) {
      return;
    }
    failedAt = Math.max(failedAt, Math.max(goal, bound));
    if (height - failedAt <= Math.max(timeline.grain, bound / 1000)) {
      failedAt = Math.max(goal, bound);
    }
    long middle = failedAt + (height - failedAt) / 2;
    middle -= middle % timeline.grain;
    if (middle > Math.max(goal, bound) && middle < height) {
      long was = height;
      run(part, new Restarts(timeline, part, middle, seed.of("between"), round), budget);
      failedAt = height < was ? failedAt : middle;
    }
  }

  private void run(Part part, Restarts restarts, Budget budget) {
    switch (restarts.round(budget)) {
      case PACKED -> {
        long[] found = restarts.offsets();
        height = part.height(found);
        offsets = found;
      }
      case IMPOSSIBLE -> bound = nextArena(restarts.capacity());
      case STOPPED -> {}
    }
  }

  /** The smallest arena there could be above one that is impossible. */
  private long nextArena(long impossible) {
    return Math.max(bound, (impossible / timeline.grain + 1) * timeline.grain);
  }
}
