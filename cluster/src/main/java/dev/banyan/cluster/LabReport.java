package dev.banyan.cluster;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;

/**
 * What a lab found.
 *
 * @param runs every run, by number
 * @param skipped faults this machine cannot make, with the reason
 * @param seconds the lab took
 */
public record LabReport(List<LabRun> runs, Map<Fault, String> skipped, double seconds) {
  public LabReport {
    runs = List.copyOf(runs);
    skipped = Map.copyOf(skipped);
  }

  /**
   * Runs counted together.
   *
   * @param runs that were made
   * @param syndromes right
   * @param exact culprits
   * @param inSet culprits inside a stated set of at most three
   * @param detectP50 seconds from fault to verdict; NaN without one
   * @param detectP95 seconds
   * @param causeP95 seconds from the first verdict to the scored one
   */
  public record Tally(
      int runs,
      int syndromes,
      int exact,
      int inSet,
      double detectP50,
      double detectP95,
      double causeP95) {
    /** Culprits named or inside the set. */
    public int culprits() {
      return exact + inSet;
    }
  }

  /** Counts the runs of which something holds. */
  public Tally tally(Predicate<LabRun> which) {
    List<LabRun> chosen = runs.stream().filter(LabRun::made).filter(which).toList();
    double[] detect = sorted(chosen.stream().map(LabRun::detectSeconds).toList());
    double[] cause = sorted(chosen.stream().map(LabRun::causeSeconds).toList());
    return new Tally(
        chosen.size(),
        (int) chosen.stream().filter(LabRun::syndromeRight).count(),
        (int) chosen.stream().filter(LabRun::exact).count(),
        (int) chosen.stream().filter(run -> run.inSet() && !run.exact()).count(),
        quantile(detect, 0.5),
        quantile(detect, 0.95),
        quantile(cause, 0.95));
  }

  /** A tally for every program and fault that was run, by {@code program fault}. */
  public SortedMap<String, Tally> table() {
    SortedMap<String, Tally> table = new TreeMap<>();
    for (LabRun run : runs) {
      table.computeIfAbsent(
          run.program() + " " + run.fault().word(),
          key ->
              tally(
                  other -> other.program().equals(run.program()) && other.fault() == run.fault()));
    }
    return table;
  }

  /** Runs in which syndrome or culprit is wrong. */
  public List<LabRun> misses() {
    return runs.stream().filter(LabRun::made).filter(run -> !run.right()).toList();
  }

  /** Runs that could not be made. */
  public List<LabRun> troubled() {
    return runs.stream().filter(run -> !run.made()).toList();
  }

  private static double[] sorted(List<Double> values) {
    double[] sorted =
        new ArrayList<>(values)
            .stream().filter(Objects::nonNull).mapToDouble(Double::doubleValue).toArray();
    Arrays.sort(sorted);
    return sorted;
  }

  private static double quantile(double[] sorted, double share) {
    return sorted.length == 0
        ? Double.NaN
        : sorted[
            (int) Math.min(sorted.length - 1L, Math.round(Math.ceil(share * sorted.length)) - 1)];
  }
}
