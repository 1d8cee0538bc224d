package dev.banyan.plan.layout;

import dev.banyan.core.Seed;
import dev.banyan.plan.Budget;
import dev.banyan.plan.layout.SectionSearch.Ending;
import dev.banyan.plan.layout.SectionSearch.Place;
import java.util.List;

/**
 * {@link SectionSearch} with short runs in many orders. The time depth-first search needs is
 * heavy-tailed: a lucky order packs in a few hundred nodes what an unlucky one does not in millions
 * (Gomes, Selman, Kautz, AAAI 1998). What failed is remembered across runs, and runs grow longer,
 * so in the end a part without a packing is proven to have none.
 */
final class Restarts {
  private static final long FIRST_LIMIT = 2_000;
  private static final double GROWTH = 1.03;

  /** An order and where the next buffer is looked for. */
  private record Style(Place place, List<Rank.Key> keys) {}

  private static final Rank.Key W = Rank.Key.WIDTH;
  private static final Rank.Key A = Rank.Key.AREA;
  private static final Rank.Key T = Rank.Key.TOTAL;
  private static final Rank.Key S = Rank.Key.SIZE;

  /** MiniMalloc's three ranks, without noise. */
  private static final List<Style> FIRST =
      List.of(
          new Style(Place.LOWEST, List.of(W, A, T)),
          new Style(Place.LOWEST_LEFT, List.of(W, A, T)),
          new Style(Place.LOWEST, List.of(T, A, W)),
          new Style(Place.LOWEST_LEFT, List.of(T, A, W)),
          new Style(Place.LOWEST, List.of(T, W, A)),
          new Style(Place.LOWEST_LEFT, List.of(T, W, A)));

  /** Those that packed most often within 1,500 nodes on MiniMalloc's A, E and I. */
  private static final List<Style> LATER =
      List.of(
          new Style(Place.LOWEST_LEFT, List.of(T, W, A)),
          new Style(Place.LOWEST_LEFT, List.of(T, S)),
          new Style(Place.LOWEST_LEFT, List.of(T, A, W)),
          new Style(Place.LOWEST, List.of(T, W, A)));

  private final Timeline timeline;
  private final Part part;
  private final SectionSearch search;
  private final Seed seed;
  private final long capacity;
  private int round;

  /**
   * Nothing is tried yet.
   *
   * @param round the first round's number; 0 is the one without noise
   */
  Restarts(Timeline timeline, Part part, long capacity, Seed seed, int round) {
    this.timeline = timeline;
    this.part = part;
    this.seed = seed;
    this.capacity = capacity;
    this.round = round;
    search = new SectionSearch(part, capacity, timeline.unit, true, true);
  }

  long capacity() {
    return capacity;
  }

  /** Runs every style once with this round's noise, until one run ends by itself. */
  Ending round(Budget budget) {
    long shortest = Math.max(FIRST_LIMIT, 4L * part.count);
    long limit = round == 0 ? shortest : (long) (shortest / 2.0 * StrictMath.pow(GROWTH, round));
    double noise = round == 0 ? 0 : 1 + round % 2;
    List<Style> styles = round == 0 ? FIRST : LATER;
    for (int i = 0; i < styles.size(); i++) {
      Style style = styles.get(i);
      Rank.Key[] keys = style.keys().toArray(Rank.Key[]::new);
      int[] order = Rank.order(timeline, noise, seed.stream("restart", round, i), keys);
      Ending ending = search.run(part.order(order), style.place(), limit, budget);
      if (ending != Ending.STOPPED || budget.over()) {
        return ending;
      }
    }
    round++;
    return Ending.STOPPED;
  }

  /** After {@link Ending#PACKED}. */
  long[] offsets() {
    return search.offsets();
  }
}
