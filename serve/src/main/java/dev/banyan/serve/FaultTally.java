package dev.banyan.serve;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What many schedules came to.
 *
 * @param attempts moves that were begun
 * @param committed moves whose source let go
 * @param kept moves whose source went on after it had stopped the request
 * @param violating schedules in which something happened that never must
 * @param troubles how often each kind of trouble happened
 * @param violations schedule and invariant, the first hundred
 */
public record FaultTally(
    long schedules,
    long attempts,
    long committed,
    long kept,
    Map<String, Long> troubles,
    long violating,
    List<String> violations) {
  public FaultTally {
    troubles = Collections.unmodifiableMap(new TreeMap<>(troubles));
    violations = List.copyOf(violations);
  }

  /** Both together. */
  public FaultTally plus(FaultTally other) {
    Map<String, Long> both = new TreeMap<>(troubles);
    other.troubles.forEach((kind, times) -> both.merge(kind, times, Long::sum));
    List<String> all = new ArrayList<>(violations);
    all.addAll(other.violations);
    return new FaultTally(
        schedules + other.schedules,
        attempts + other.attempts,
        committed + other.committed,
        kept + other.kept,
        both,
        violating + other.violating,
        all.subList(0, Math.min(100, all.size())));
  }
}
