package dev.banyan.bench;

import dev.banyan.core.Seed;
import dev.banyan.serve.SchedulerProbe;
import java.util.Arrays;
import java.util.function.IntUnaryOperator;

/** What a decision over a large fleet takes, after warming up, in microseconds. */
record SchedulerTimes(double dispatchMedianMicros, double dispatchP99Micros, double pairP99Micros) {
  private static final int DISPATCHES = 20_000;
  private static final int ROUNDS = 500;

  static SchedulerTimes measure(int instances, int requests, Seed seed) {
    var probe = new SchedulerProbe(instances, requests, seed);
    times(probe::dispatch, DISPATCHES);
    times(probe::pair, ROUNDS);
    double[] dispatch = times(probe::dispatch, DISPATCHES);
    double[] pair = times(probe::pair, ROUNDS);
    return new SchedulerTimes(
        dispatch[dispatch.length / 2],
        dispatch[(int) (0.99 * dispatch.length)],
        pair[(int) (0.99 * pair.length)]);
  }

  private static double[] times(IntUnaryOperator decision, int count) {
    double[] micros = new double[count];
    long sum = 0;
    for (int i = 0; i < count; i++) {
      long start = System.nanoTime();
      sum += decision.applyAsInt(i);
      micros[i] = (System.nanoTime() - start) / 1e3;
    }
    if (sum < 0) {
      throw new IllegalStateException("instances have no negative ids");
    }
    Arrays.sort(micros);
    return micros;
  }
}
