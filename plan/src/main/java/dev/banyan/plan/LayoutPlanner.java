package dev.banyan.plan;

import dev.banyan.core.Seed;
import dev.banyan.plan.layout.LongLivedFirst;
import dev.banyan.plan.layout.MiniMalloc;
import dev.banyan.plan.layout.Portfolio;
import dev.banyan.plan.layout.SizeFirst;
import dev.banyan.plan.layout.TfLiteArena;
import java.util.List;

/**
 * Places buffers with known lifetimes in the smallest arena that can be found, and says how small
 * any could be.
 *
 * <pre>{@code
 * Layout layout = LayoutPlanner.lay(buffers, new Seed(1), Budget.nodes(1_000_000));
 * }</pre>
 */
public final class LayoutPlanner {
  private LayoutPlanner() {}

  /** The smallest arena the budget finds; ends early when it is proven that none is smaller. */
  public static Layout lay(Buffers buffers, Seed seed, Budget budget) {
    return new Portfolio(seed).lay(buffers, 0, budget);
  }

  /**
   * An arena of at most {@code capacityBytes} if the budget finds one, else the smallest it met.
   * When {@link Layout#boundBytes()} is above the capacity, it is proven that there is none.
   */
  public static Layout fit(Buffers buffers, long capacityBytes, Seed seed, Budget budget) {
    return new Portfolio(seed).lay(buffers, capacityBytes, budget);
  }

  /** Every method, the published ones first, ours last. */
  public static List<LayoutMethod> methods(Seed seed) {
    return List.of(
        new SizeFirst(false),
        new SizeFirst(true),
        new TfLiteArena(),
        new LongLivedFirst(),
        new MiniMalloc(),
        new Portfolio(seed));
  }
}
