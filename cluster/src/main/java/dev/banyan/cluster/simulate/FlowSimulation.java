package dev.banyan.cluster.simulate;

import dev.banyan.cluster.fabric.Links;
import dev.banyan.cluster.fabric.Paths;
import dev.banyan.cluster.fabric.Traffic;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Jobs that repeat a collective, at flow level: rates are max-min fair ({@link Rates}) and are
 * computed anew whenever a job ends or the fabric changes. When links fail, jobs with bytes on them
 * stand still until the fabric has noticed; then the paths of after take over.
 */
public final class FlowSimulation {
  private final Traffic traffic;
  private final double capGbps;
  private final double[] left;
  private final boolean[] active;
  private final double[] ended;
  private final List<Moment> moments = new ArrayList<>();
  private double now;

  private FlowSimulation(Traffic traffic, double capGbps, double[] gigabits) {
    this.traffic = traffic;
    this.capGbps = capGbps;
    this.left = gigabits.clone();
    this.active = new boolean[gigabits.length];
    this.ended = new double[gigabits.length];
    Arrays.fill(active, true);
  }

  /** From this second on jobs have these rates. */
  @SuppressWarnings("ArrayRecordComponent") // one value per job; never compared
  public record Moment(double seconds, double[] gbps) {}

  /**
   * What became of the jobs.
   *
   * @param endSeconds when each had moved all its bytes
   */
  @SuppressWarnings("ArrayRecordComponent") // one value per job; never compared
  public record Outcome(double[] endSeconds, List<Moment> moments) {
    public Outcome {
      moments = List.copyOf(moments);
    }
  }

  /**
   * A failure and what is done about it.
   *
   * @param atSeconds when links go down; infinite for never
   * @param noticedSeconds how long until the paths of after are in use
   * @param links rates after
   * @param paths after
   */
  public record Failure(double atSeconds, double noticedSeconds, Links links, Paths paths) {}

  /**
   * Runs until all jobs have ended.
   *
   * @param gigabits that every NIC of each job has to send
   */
  public static Outcome run(
      Traffic traffic,
      Links links,
      Paths paths,
      double capGbps,
      double[] gigabits,
      Failure failure) {
    var run = new FlowSimulation(traffic, capGbps, gigabits);
    run.advance(links, paths, null, failure.atSeconds);
    if (run.anyActive()) {
      boolean[] stalled = run.onDeadLinks(paths, failure.links);
      run.advance(failure.links, paths, stalled, failure.atSeconds + failure.noticedSeconds);
      run.advance(failure.links, failure.paths, null, Double.POSITIVE_INFINITY);
    }
    return new Outcome(run.ended, run.moments);
  }

  private boolean anyActive() {
    for (boolean each : active) {
      if (each) {
        return true;
      }
    }
    return false;
  }

  private boolean[] onDeadLinks(Paths paths, Links links) {
    boolean[] stalled = new boolean[active.length];
    for (int q = 0; q < traffic.queuePairs(); q++) {
      boolean dead =
          paths.up[q] >= 0 && !(links.gbps[paths.up[q]] > 0 && links.gbps[paths.down[q]] > 0);
      if (dead && paths.weight[q] > 0) {
        stalled[traffic.job[traffic.connectionOf(q)]] = true;
      }
    }
    return stalled;
  }

  private void advance(
      Links links,
      Paths paths,
      boolean @org.jspecify.annotations.Nullable [] stalled,
      double until) {
    while (now < until && anyActive()) {
      boolean[] sending = active.clone();
      for (int j = 0; stalled != null && j < sending.length; j++) {
        sending[j] &= !stalled[j];
      }
      double[] gbps = Rates.of(traffic, links, paths, sending, capGbps);
      moments.add(new Moment(now, gbps));
      double step = until - now;
      for (int j = 0; j < gbps.length; j++) {
        if (gbps[j] > 0) {
          step = Math.min(step, left[j] / gbps[j]);
        }
      }
      if (Double.isInfinite(step)) {
        throw new IllegalStateException("jobs stand still for ever");
      }
      now += step;
      for (int j = 0; j < gbps.length; j++) {
        left[j] -= gbps[j] * step;
        if (active[j] && left[j] <= 1e-9 * Math.max(1, gbps[j])) {
          active[j] = false;
          ended[j] = now;
        }
      }
    }
  }
}
