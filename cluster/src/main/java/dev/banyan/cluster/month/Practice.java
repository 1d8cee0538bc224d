package dev.banyan.cluster.month;

import dev.banyan.cluster.DetectorTimes;
import dev.banyan.cluster.DetectorTimes.Spread;
import dev.banyan.cluster.Downtime.Operation;
import dev.banyan.cluster.Downtime.Share;
import java.util.random.RandomGenerator;

/** What a failure costs, from the fault to the next step of training. Times in seconds. */
public interface Practice {
  /** Failures for each second of training. */
  double failureRate();

  /** False alarms that take a healthy node out, for each second of training. */
  double falseIsolationRate();

  double checkpointSeconds();

  double restartSeconds(RandomGenerator random);

  /** One round of finding out what a failure was. */
  Round round(Kind kind, RandomGenerator random);

  /** Taking a healthy node out: the time it takes. */
  double swapSeconds();

  /** Nodes waiting; negative where they are not counted. */
  int spares();

  double repairSeconds();

  /**
   * Finding out.
   *
   * @param isolates whether a node was taken out
   * @param right whether that ends it; else the job fails again after its restart
   */
  record Round(double detectionSeconds, double diagnosisSeconds, boolean isolates, boolean right) {}

  /**
   * Constants out of a published column: every failure costs its part of the column.
   *
   * @param failures in the month
   */
  static Practice published(Share percent, double failures) {
    double per = Machine.MONTH_SECONDS / 100 / failures;
    double up = Machine.MONTH_SECONDS * (1 - percent.total() / 100);
    return new Practice() {
      @Override
      public double failureRate() {
        return failures / up;
      }

      @Override
      public double falseIsolationRate() {
        return 0;
      }

      @Override
      public double checkpointSeconds() {
        return 2 * per * percent.postCheckpoint(); // a failure comes half way, on average
      }

      @Override
      public double restartSeconds(RandomGenerator random) {
        return per * percent.reinitialisation();
      }

      @Override
      public Round round(Kind kind, RandomGenerator random) {
        double people = -Math.log(1 - random.nextDouble()) * per * percent.diagnosisIsolation();
        return new Round(per * percent.detection(), people, false, true);
      }

      @Override
      public double swapSeconds() {
        return 0;
      }

      @Override
      public int spares() {
        return -1;
      }

      @Override
      public double repairSeconds() {
        return 0;
      }
    };
  }

  /** Our detector, in an operation. */
  static Practice measured(DetectorTimes times, Operation operation) {
    double up = Machine.MONTH_SECONDS * 0.99;
    return new Practice() {
      @Override
      public double failureRate() {
        return operation.failuresPerMonth() / up;
      }

      @Override
      public double falseIsolationRate() {
        return times.falseIsolationsPerMonth() / Machine.MONTH_SECONDS;
      }

      @Override
      public double checkpointSeconds() {
        return operation.checkpointSeconds();
      }

      @Override
      public double restartSeconds(RandomGenerator random) {
        return operation.restartSeconds();
      }

      @Override
      public Round round(Kind kind, RandomGenerator random) {
        double detection = draw(kind.killsProcess ? times.processLoss() : times.hang(), random);
        double cause = draw(times.cause(), random);
        if (random.nextDouble() >= kind.confined) {
          double people = -Math.log(1 - random.nextDouble()) * operation.unconfinedSeconds();
          return new Round(detection, cause + people, false, true);
        }
        boolean right = random.nextDouble() < times.culpritExact();
        return new Round(detection, cause + operation.isolateSeconds(), true, right);
      }

      @Override
      public double swapSeconds() {
        return operation.isolateSeconds();
      }

      @Override
      public int spares() {
        return operation.spares();
      }

      @Override
      public double repairSeconds() {
        return operation.repairHours() * 3600;
      }
    };
  }

  /** Log-normal with the given median and 95 % point. */
  private static double draw(Spread spread, RandomGenerator random) {
    double sigma = Math.log(spread.p95Seconds() / spread.p50Seconds()) / 1.6448536269514722;
    return spread.p50Seconds() * Math.exp(sigma * random.nextGaussian());
  }
}
