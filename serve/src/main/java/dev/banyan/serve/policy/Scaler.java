package dev.banyan.serve.policy;

/**
 * Keeps the fleet's average freeness in a range, as Llumnix does (OSDI 2024, section 4.4.3): below
 * it instances are added, above it, computed as if one were gone, one is drained.
 *
 * @param low freeness in blocks per request below which instances are added
 * @param width the range is {@code [low, low + width]}
 * @param everySeconds between two looks
 * @param afterSeconds before the first
 * @param fewest instances
 * @param most instances
 */
public record Scaler(
    double low, double width, double everySeconds, double afterSeconds, int fewest, int most) {

  public Scaler {
    if (!(low > 0 && width >= 0 && everySeconds > 0) || fewest < 1 || most < fewest) {
      throw new IllegalArgumentException(
          "a scaler over [%s, +%s] with %d to %d instances".formatted(low, width, fewest, most));
    }
  }

  /** Freeness in [low, low + 50], looked at every ten seconds after 100, 1 to 16 instances. */
  public static Scaler llumnix(double low) {
    return new Scaler(low, 50, 10, 100, 1, 16);
  }

  /** The same with another width. */
  Scaler withWidth(double other) {
    return new Scaler(low, other, everySeconds, afterSeconds, fewest, most);
  }

  /** What to do now. */
  public sealed interface Decision {
    /** Nothing. */
    record Keep() implements Decision {}

    /** Start {@code instances} more; a draining one counts as the first of them. */
    record Add(int instances) implements Decision {}

    /** Let one go. */
    record Drain(int instance) implements Decision {}
  }

  /**
   * One step for this fleet.
   *
   * @param starting instances on their way up, not in the fleet yet
   */
  public Decision decide(Fleet fleet, int starting) {
    double available = 0;
    double requests = 0;
    int open = 0;
    int blocks = 1;
    boolean draining = false;
    InstanceLoad idlest = null;
    for (InstanceLoad each : fleet.instances()) {
      requests += each.batch().requests() + each.queue().requests();
      if (each.state().draining()) {
        draining = true;
        // Its requests will need room elsewhere.
        available -= each.memory().totalBlocks() - each.memory().freeBlocks();
        continue;
      }
      open++;
      blocks = each.memory().totalBlocks();
      available += each.memory().available() - each.queue().blocks();
      if (idlest == null || each.batch().requests() <= idlest.batch().requests()) {
        idlest = each;
      }
    }
    available += (double) starting * blocks;
    open += starting;
    requests = Math.max(1, requests);
    if (available / requests < low) {
      int missing = (int) Math.ceil((low * requests - available) / blocks);
      int add = Math.min(missing, most - open);
      return add > 0 ? new Decision.Add(add) : new Decision.Keep();
    }
    boolean spare = open > fewest && starting == 0 && !draining;
    if (idlest != null && spare && (available - blocks) / requests > low + width) {
      return new Decision.Drain(idlest.id());
    }
    return new Decision.Keep();
  }
}
