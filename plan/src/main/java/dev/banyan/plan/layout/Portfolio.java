package dev.banyan.plan.layout;

import dev.banyan.core.Seed;
import dev.banyan.plan.Budget;
import dev.banyan.plan.Buffers;
import dev.banyan.plan.Layout;
import dev.banyan.plan.LayoutMethod;
import java.util.ArrayList;
import java.util.List;

/**
 * Ours: greedy passes in a few orders, then for each part of time that is above the bound exact
 * search ({@link Restarts}) and {@link Climb} in turns, until the arena is as small as any can be
 * or the budget is spent. Never larger than any greedy method beside it in this package.
 */
public record Portfolio(Seed seed) implements LayoutMethod {
  private static final List<Rank.Key[]> KEYS =
      List.of(
          new Rank.Key[] {Rank.Key.SIZE, Rank.Key.WIDTH},
          new Rank.Key[] {Rank.Key.TOTAL, Rank.Key.SIZE},
          new Rank.Key[] {Rank.Key.EARLY, Rank.Key.WIDTH},
          new Rank.Key[] {Rank.Key.AREA},
          new Rank.Key[] {Rank.Key.STEPS, Rank.Key.SIZE},
          new Rank.Key[] {Rank.Key.WHOLE_RUN, Rank.Key.SIZE, Rank.Key.EARLY});

  @Override
  public String name() {
    return "Banyan";
  }

  @Override
  public String source() {
    return "this project";
  }

  @Override
  public Layout lay(Buffers buffers, long enoughBytes, Budget budget) {
    Timeline timeline = new Timeline(buffers);
    long bound = timeline.boundBytes();
    List<PartPlan> plans = plans(timeline);
    greedy(timeline, plans, Math.max(enoughBytes, bound), budget);
    long enough = Math.max(enoughBytes, bound);
    boolean between = enoughBytes < bound;
    while (!budget.over() && height(plans) > enough) {
      for (PartPlan plan : plans) {
        if (plan.height() > enough && !budget.over()) {
          plan.improve(enough, between, budget);
          bound = Math.max(bound, plan.bound());
          enough = Math.max(enough, bound);
        }
      }
      // a capacity that is proven too small: the smallest arena is still worth having
      between |= bound > enoughBytes;
    }
    long[] offsets = new long[timeline.count()];
    plans.forEach(plan -> plan.copyOffsets(offsets));
    return new Layout(buffers, timeline.offsets(offsets), bound, name(), budget);
  }

  private List<PartPlan> plans(Timeline timeline) {
    long[] load = timeline.load;
    long padding = timeline.largestPadding();
    List<PartPlan> plans = new ArrayList<>();
    for (int[] positions : timeline.parts()) {
      long most = 0;
      for (int i : positions) {
        // the fullest section of a part is one where something is born
        most = Math.max(most, load[timeline.first[i]]);
      }
      plans.add(
          new PartPlan(timeline, positions, Math.max(0, most - padding), seed.of(plans.size())));
    }
    return plans;
  }

  private static void greedy(Timeline timeline, List<PartPlan> plans, long enough, Budget budget) {
    Shelf shelf = new Shelf(timeline);
    for (Rank.Key[] keys : KEYS) {
      int[] order = Rank.order(timeline, keys);
      for (Shelf.Fit fit : Shelf.Fit.values()) {
        if (height(plans) <= enough || (height(plans) < Long.MAX_VALUE && budget.over())) {
          return;
        }
        shelf.clear();
        for (int each : order) {
          budget.spend();
          shelf.place(each, fit);
        }
        long[] offsets = shelf.offsets();
        plans.forEach(plan -> plan.offer(offsets));
      }
    }
  }

  private static long height(List<PartPlan> plans) {
    return plans.stream().mapToLong(PartPlan::height).max().orElse(0);
  }
}
