package dev.banyan.cluster;

import dev.banyan.cluster.month.Machine;
import dev.banyan.cluster.month.Practice;
import dev.banyan.core.Seed;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * How much of a month a job of 2,400 GPUs loses to failures, by component: as C4 publishes it for
 * June and December 2023, and with our detector in December's place. Failures come at random; the
 * constants of June and December are worked out from the published table, so that June falls out is
 * a check of the simulation and no prediction.
 */
public final class Downtime {
  private Downtime() {}

  /**
   * Shares of the month, in percent, means over the seeds.
   *
   * @param postCheckpoint work since the last checkpoint, done again
   * @param detection until an alarm
   * @param diagnosisIsolation until the culprit is out and a spare in; waiting for spares and
   *     isolations of the wrong node with it
   * @param reinitialisation until training runs again
   * @param low95 95 % of the simulated months have a total between this
   * @param high95 and this
   */
  public record Share(
      double postCheckpoint,
      double detection,
      double diagnosisIsolation,
      double reinitialisation,
      double total,
      double low95,
      double high95) {}

  /**
   * How ours is run, beside what the detector does.
   *
   * @param failuresPerMonth before anything is lost; December's 43
   * @param checkpointSeconds between checkpoints; December's
   * @param restartSeconds until training runs again; December's
   * @param isolateSeconds to drain a node and bring in a spare
   * @param unconfinedSeconds of people's work on a failure no single node is to blame for, mean
   * @param spares nodes waiting
   * @param repairHours until an isolated node is a spare again
   */
  public record Operation(
      double failuresPerMonth,
      double checkpointSeconds,
      double restartSeconds,
      double isolateSeconds,
      double unconfinedSeconds,
      int spares,
      double repairHours) {
    /** December's failures, checkpoints and restarts; a minute to swap, half an hour for people. */
    public static Operation standard() {
      return new Operation(43, 277, 90, 60, 1800, 8, 24);
    }
  }

  /** The three columns, and what the two published ones are in the paper. */
  public record Table(
      Share june, Share december, Share ours, Share publishedJune, Share publishedDecember) {}

  /** The published table, percent of the month. */
  public static final Share JUNE = new Share(7.53, 3.41, 19.65, 0.60, 31.19, 31.19, 31.19);

  /** The published table after C4. */
  public static final Share DECEMBER = new Share(0.23, 0.05, 0.73, 0.15, 1.16, 1.16, 1.16);

  /**
   * Simulates months of 720 hours.
   *
   * @param months for each column, each with a stream of its own
   */
  public static Table simulate(DetectorTimes times, Operation operation, int months, Seed seed) {
    Practice june = Practice.published(JUNE, 49.1);
    Practice december = Practice.published(DECEMBER, 43);
    return new Table(
        shares("june", june, months, seed),
        shares("december", december, months, seed),
        shares("ours", Practice.measured(times, operation), months, seed),
        JUNE,
        DECEMBER);
  }

  private static Share shares(String name, Practice practice, int months, Seed seed) {
    List<Machine.Lost> all = new ArrayList<>();
    for (int month = 0; month < months; month++) {
      all.add(Machine.month(practice, seed.stream("month", name, month)));
    }
    double[] totals = all.stream().mapToDouble(lost -> percent(lost.total())).sorted().toArray();
    return new Share(
        mean(all, Machine.Lost::postCheckpoint),
        mean(all, Machine.Lost::detection),
        mean(all, Machine.Lost::diagnosisIsolation),
        mean(all, Machine.Lost::reinitialisation),
        Arrays.stream(totals).average().orElse(0),
        totals[(int) (0.025 * (totals.length - 1))],
        totals[(int) Math.ceil(0.975 * (totals.length - 1))]);
  }

  private static double mean(List<Machine.Lost> all, ToDoubleFunction<Machine.Lost> part) {
    return percent(all.stream().mapToDouble(part).average().orElse(0));
  }

  private static double percent(double seconds) {
    return 100 * seconds / Machine.MONTH_SECONDS;
  }
}
