package dev.banyan.cluster.lab;

import dev.banyan.cluster.Fault;
import dev.banyan.core.Seed;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * What is done to a run, and when.
 *
 * @param fault what
 * @param rank the culprit; −1 where there is none
 * @param other the rank at the other end of a link, or the second culprit; −1 where there is none
 * @param healthyMillis after the first collectives until it is done
 */
public record Planted(Fault fault, int rank, int other, int healthyMillis) {
  private static final int HEALTHY_MILLIS = 4000;
  private static final int SPREAD_MILLIS = 4000;

  /** Draws culprit and moment. */
  public static Planted draw(Fault fault, int ranks, Seed seed) {
    RandomGenerator random = seed.stream("planted");
    int rank = random.nextInt(ranks);
    int other = (rank + 1 + random.nextInt(ranks - 1)) % ranks;
    int healthy = HEALTHY_MILLIS + random.nextInt(SPREAD_MILLIS);
    boolean pair = fault == Fault.LINK_SLOW || fault == Fault.BLACKHOLE || fault.twofold();
    return new Planted(fault, fault.silent() ? -1 : rank, pair ? other : -1, healthy);
  }

  /** As drawn, but on a link that a ring has. */
  public Planted onRing(int ranks) {
    boolean link = fault == Fault.LINK_SLOW || fault == Fault.BLACKHOLE;
    return link ? new Planted(fault, rank, (rank + 1) % ranks, healthyMillis) : this;
  }

  /** The ranks at fault. */
  public List<Integer> culprits() {
    return switch (fault) {
      case NONE, NOISY_NEIGHBOUR -> List.of();
      case TWO_STOPPED, TWO_SLOW -> List.of(rank, other);
      default -> List.of(rank);
    };
  }

  @Override
  public String toString() {
    return switch (fault) {
      case NONE, NOISY_NEIGHBOUR -> fault.word();
      case LINK_SLOW, BLACKHOLE -> "%s %d->%d".formatted(fault.word(), rank, other);
      case TWO_STOPPED, TWO_SLOW -> "%s %d and %d".formatted(fault.word(), rank, other);
      default -> fault.word() + " " + rank;
    };
  }
}
