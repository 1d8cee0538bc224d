package dev.banyan.serve;

import dev.banyan.core.Interval;
import dev.banyan.core.Intervals;
import dev.banyan.core.Seed;
import java.util.List;
import java.util.Optional;
import java.util.function.ToDoubleFunction;

/**
 * Policies on the same requests.
 *
 * @param policies in the order they were asked for
 * @param seeds how many draws of the workload
 * @param requests per seed
 */
public record Comparison(List<PolicyOutcome> policies, int seeds, int requests) {
  /** The shares of requests that latency curves are given at. */
  public static final List<Double> SHARES =
      List.of(
          0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.98,
          0.99, 0.993, 0.995, 0.997, 0.999, 1.0);

  public Comparison {
    policies = List.copyOf(policies);
  }

  public Optional<PolicyOutcome> policy(String name) {
    return policies.stream().filter(each -> each.policy().equals(name)).findFirst();
  }

  /** How many times smaller a pooled figure is under {@code ours} than under {@code theirs}. */
  public static double ratio(
      PolicyOutcome theirs, PolicyOutcome ours, ToDoubleFunction<Figures> figure) {
    return figure.applyAsDouble(theirs.pooled()) / figure.applyAsDouble(ours.pooled());
  }

  /** The geometric mean over seeds of the same ratio, with a paired bootstrap interval. */
  public static Interval geometricRatio(
      PolicyOutcome theirs, PolicyOutcome ours, ToDoubleFunction<Figures> figure, Seed seed) {
    double[] logs = new double[theirs.perSeed().size()];
    for (int i = 0; i < logs.length; i++) {
      logs[i] =
          Math.log(
              figure.applyAsDouble(theirs.perSeed().get(i))
                  / figure.applyAsDouble(ours.perSeed().get(i)));
    }
    Interval log = Intervals.bootstrapMean(logs, 0.95, seed);
    return new Interval(Math.exp(log.mean()), Math.exp(log.low()), Math.exp(log.high()));
  }

  /** On how many seeds a figure is larger, that is worse, under {@code ours}. */
  public static int worseSeeds(
      PolicyOutcome theirs, PolicyOutcome ours, ToDoubleFunction<Figures> figure) {
    int worse = 0;
    for (int i = 0; i < theirs.perSeed().size(); i++) {
      double here = figure.applyAsDouble(ours.perSeed().get(i));
      worse += here > figure.applyAsDouble(theirs.perSeed().get(i)) ? 1 : 0;
    }
    return worse;
  }
}
