package dev.banyan.serve.protocol;

import dev.banyan.core.Seed;
import dev.banyan.serve.FaultTally;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** Randomised schedules of the migration protocol, each a function of seed and number. */
public final class FaultSchedules {
  private FaultSchedules() {}

  /**
   * Runs schedules {@code first} to {@code first + count - 1}.
   *
   * @param careless plants a fault: a source without an answer to its commit resumes unasked
   */
  public static FaultTally run(long first, long count, boolean careless, Seed seed) {
    long attempts = 0;
    long committed = 0;
    long kept = 0;
    long violating = 0;
    Map<String, Long> troubles = new TreeMap<>();
    List<String> violations = new ArrayList<>();
    for (long i = first; i < first + count; i++) {
      Witness witness = new FaultWorld(seed.of("faults", i), careless).run();
      attempts += witness.attempts();
      committed += witness.committed();
      kept += witness.kept();
      witness
          .troubles()
          .forEach(
              (kind, times) ->
                  troubles.merge(
                      kind.name().toLowerCase(Locale.ROOT).replace('_', ' '),
                      (long) times,
                      Long::sum));
      violating += witness.violations().isEmpty() ? 0 : 1;
      for (String each : witness.violations()) {
        if (violations.size() < 100) {
          violations.add("schedule " + i + ": " + each);
        }
      }
    }
    return new FaultTally(count, attempts, committed, kept, troubles, violating, violations);
  }
}
