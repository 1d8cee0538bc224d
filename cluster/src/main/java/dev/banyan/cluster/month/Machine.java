package dev.banyan.cluster.month;

import java.util.PriorityQueue;
import java.util.random.RandomGenerator;

/**
 * One month of a job that trains, fails, is brought back and trains on. Failures come as a Poisson
 * process while it trains.
 */
public final class Machine {
  public static final double MONTH_SECONDS = 720 * 3600.0;

  private final Practice practice;
  private final RandomGenerator random;
  private final PriorityQueue<Double> inRepair = new PriorityQueue<>();
  private double now;
  private double lost;
  private double detection;
  private double diagnosis;
  private double restart;

  private Machine(Practice practice, RandomGenerator random) {
    this.practice = practice;
    this.random = random;
  }

  /** Seconds lost, by component. */
  public record Lost(
      double postCheckpoint, double detection, double diagnosisIsolation, double reinitialisation) {
    public double total() {
      return postCheckpoint + detection + diagnosisIsolation + reinitialisation;
    }
  }

  public static Lost month(Practice practice, RandomGenerator random) {
    var machine = new Machine(practice, random);
    double failures = practice.failureRate();
    double rate = failures + practice.falseIsolationRate();
    while (true) {
      machine.now += -Math.log(1 - random.nextDouble()) / rate;
      if (machine.now >= MONTH_SECONDS) {
        return new Lost(machine.lost, machine.detection, machine.diagnosis, machine.restart);
      }
      if (random.nextDouble() * rate < failures) {
        machine.fail();
      } else {
        machine.isolateForNothing();
      }
    }
  }

  private void fail() {
    Kind kind = Kind.at(random.nextDouble());
    while (true) {
      Practice.Round round = practice.round(kind, random);
      spendLost(random.nextDouble() * practice.checkpointSeconds());
      detection += round.detectionSeconds();
      diagnosis += round.diagnosisSeconds();
      now += round.detectionSeconds() + round.diagnosisSeconds();
      if (round.isolates()) {
        takeSpare();
      }
      spendRestart();
      if (round.right()) {
        return;
      }
      // The wrong node is out: the same fault strikes again at once, and all of it is paid again.
    }
  }

  private void isolateForNothing() {
    spendLost(random.nextDouble() * practice.checkpointSeconds());
    diagnosis += practice.swapSeconds();
    now += practice.swapSeconds();
    takeSpare();
    spendRestart();
  }

  private void spendLost(double seconds) {
    lost += seconds;
    now += seconds;
  }

  private void spendRestart() {
    double seconds = practice.restartSeconds(random);
    restart += seconds;
    now += seconds;
  }

  /** Waits, when no spare is left, for the first node to come back from repair. */
  private void takeSpare() {
    if (practice.spares() < 0) {
      return;
    }
    while (!inRepair.isEmpty() && inRepair.peek() <= now) {
      inRepair.poll();
    }
    if (inRepair.size() >= practice.spares()) {
      double back =
          inRepair.isEmpty() ? now + practice.repairSeconds() : Math.max(now, inRepair.remove());
      diagnosis += back - now;
      now = back;
    }
    inRepair.add(now + practice.repairSeconds());
  }
}
