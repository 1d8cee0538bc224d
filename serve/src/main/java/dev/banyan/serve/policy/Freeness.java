package dev.banyan.serve.policy;

import java.util.Comparator;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * How many iterations an instance can go on before its memory is full, in blocks per request
 * (Llumnix, OSDI 2024, section 4.4: F = (M − ΣV) / B). Negative means overload.
 */
final class Freeness {
  private Freeness() {}

  /** What dispatch looks at in the artifact: all that waits is charged and counted. */
  static double forDispatch(InstanceLoad load) {
    int requests = load.batch().requests() + load.queue().requests();
    double available = load.memory().available() - load.queue().blocks();
    return requests == 0 ? Double.POSITIVE_INFINITY : available / requests;
  }

  /** What pairing looks at in the artifact: what waits is charged, and counted as one request. */
  static double forMigration(InstanceLoad load, boolean reserveForHigh) {
    if (load.state().draining()) {
      return -1000;
    }
    double available = load.memory().available() - load.queue().blocks();
    if (reserveForHigh && load.batch().byClass().high() + load.queue().byClass().high() > 0) {
      available -= load.memory().totalBlocks() - 100;
    }
    int requests = load.batch().requests() + (load.queue().requests() > 0 ? 1 : 0);
    return requests == 0 ? Double.POSITIVE_INFINITY : available / requests;
  }

  /** The instance with the highest value; of equals the lowest id. */
  static int highest(List<InstanceLoad> instances, ToDoubleFunction<InstanceLoad> value) {
    int best = instances.getFirst().id();
    double bestValue = Double.NEGATIVE_INFINITY;
    for (InstanceLoad each : instances) {
      double here = value.applyAsDouble(each);
      if (here > bestValue) {
        bestValue = here;
        best = each.id();
      }
    }
    return best;
  }

  /** Ascending by value, then id. */
  static Comparator<InstanceLoad> ascending(ToDoubleFunction<InstanceLoad> value) {
    return Comparator.comparingDouble(value).thenComparingInt(InstanceLoad::id);
  }
}
