package dev.banyan.plan;

import dev.banyan.core.Seed;
import java.util.function.LongSupplier;

/**
 * How hard to look.
 *
 * @param seconds time that may be spent; much less is used when a plan is proven best before
 * @param seed where randomness comes from
 * @param nanoTime the clock that counts the seconds
 */
public record PlanOptions(double seconds, Seed seed, LongSupplier nanoTime) {
  public PlanOptions {
    if (!(seconds > 0)) {
      throw new IllegalArgumentException("seconds is " + seconds + ", must be positive");
    }
  }

  /** Ten seconds, seed 1. */
  public static PlanOptions standard() {
    return new PlanOptions(10, new Seed(1), System::nanoTime);
  }

  public PlanOptions withSeconds(double more) {
    return new PlanOptions(more, seed, nanoTime);
  }

  public PlanOptions withSeed(Seed other) {
    return new PlanOptions(seconds, other, nanoTime);
  }
}
