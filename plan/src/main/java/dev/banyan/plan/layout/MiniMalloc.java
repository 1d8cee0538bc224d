package dev.banyan.plan.layout;

import dev.banyan.plan.Budget;
import dev.banyan.plan.Buffers;
import dev.banyan.plan.Layout;
import dev.banyan.plan.LayoutMethod;
import java.util.List;

/**
 * MiniMalloc as described by M. D. Moffitt, ASPLOS 2023 vol. 4, doi 10.1145/3623278.3624752, and
 * its author's slides: canonical order over (lowest offset, rank), section inference, dominance,
 * pre-emption and decomposition, three ranks raced with doubling node limits. Written from the
 * description on top of {@link SectionSearch} without what that adds (release times, remembered
 * failures, restarts). Without a packing in the budget the answer is size-first best fit.
 */
public record MiniMalloc() implements LayoutMethod {
  private static final long FIRST_LIMIT = 1_000;

  @Override
  public String name() {
    return "MiniMalloc";
  }

  @Override
  public String source() {
    return "Moffitt, ASPLOS 2023";
  }

  @Override
  public Layout lay(Buffers buffers, long enoughBytes, Budget budget) {
    Timeline timeline = new Timeline(buffers);
    Layout greedy = new SizeFirst(true).lay(buffers, enoughBytes, budget);
    long capacity = Math.max(enoughBytes, timeline.boundBytes());
    if (greedy.arenaBytes() <= capacity) {
      return new Layout(buffers, greedy.offsets(), timeline.boundBytes(), name(), budget);
    }
    long[] offsets = new long[timeline.count()];
    for (int[] positions : timeline.parts()) {
      if (!Part.fits(timeline, positions)
          || !pack(timeline, positions, capacity, offsets, budget)) {
        return new Layout(buffers, greedy.offsets(), timeline.boundBytes(), name(), budget);
      }
    }
    return new Layout(buffers, timeline.offsets(offsets), timeline.boundBytes(), name(), budget);
  }

  private static boolean pack(
      Timeline timeline, int[] positions, long capacity, long[] offsets, Budget budget) {
    Part part = new Part(timeline, positions);
    var search = new SectionSearch(part, capacity, timeline.unit, false, false);
    List<int[]> orders =
        List.of(
            part.order(Rank.order(timeline, Rank.Key.WIDTH, Rank.Key.AREA, Rank.Key.TOTAL)),
            part.order(Rank.order(timeline, Rank.Key.TOTAL, Rank.Key.AREA, Rank.Key.WIDTH)),
            part.order(Rank.order(timeline, Rank.Key.TOTAL, Rank.Key.WIDTH, Rank.Key.AREA)));
    for (long limit = FIRST_LIMIT; !budget.over(); limit *= 2) {
      for (int[] order : orders) {
        SectionSearch.Ending ending = search.run(order, SectionSearch.Place.LOWEST, limit, budget);
        if (ending != SectionSearch.Ending.STOPPED) {
          part.copyOffsets(search.offsets(), offsets);
          return ending == SectionSearch.Ending.PACKED;
        }
      }
    }
    return false;
  }
}
