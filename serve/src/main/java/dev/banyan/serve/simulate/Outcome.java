package dev.banyan.serve.simulate;

import dev.banyan.serve.policy.PriorityClass;
import java.util.Arrays;
import java.util.List;

/**
 * What one run came to. Times are seconds.
 *
 * @param requests every request, in order of arrival
 * @param counts what happened how often
 * @param instanceSeconds paid for, from the start of each instance to its end
 * @param fragmentationFraction mean share of memory that was free for a blocked request but
 *     scattered
 * @param sampleSeconds between two entries of {@code load}
 * @param load used share of each instance that was up
 * @param spans when asked for
 */
public record Outcome(
    String policy,
    List<Served> requests,
    Counts counts,
    double instanceSeconds,
    double fragmentationFraction,
    double sampleSeconds,
    List<double[]> load,
    List<Span> spans) {

  /**
   * @param moves running requests that went on elsewhere with their memory
   * @param requeues waiting requests that went to another queue
   * @param replays running requests that were computed again elsewhere
   * @param refused moves of running requests that were not begun or not finished
   */
  public record Counts(int moves, int requeues, int replays, int refused, int preemptions) {}

  /**
   * One request.
   *
   * @param firstTokenSeconds from arrival to the first token
   * @param decodeSeconds per token after the first; 0 when there was one token
   * @param lostSeconds from losing memory to having it again, over all preemptions
   * @param stoppedSeconds in no batch because it moved
   */
  public record Served(
      PriorityClass priority,
      double arrivalSeconds,
      double requestSeconds,
      double firstTokenSeconds,
      double decodeSeconds,
      double lostSeconds,
      double stoppedSeconds,
      int tokens,
      int moves,
      boolean aborted) {}

  public Outcome {
    requests = List.copyOf(requests);
    load = List.copyOf(load);
    spans = List.copyOf(spans);
  }

  static Outcome of(
      String policy,
      List<SimRequest> requests,
      Counts counts,
      double instanceSeconds,
      Samples samples,
      List<Span> spans) {
    return new Outcome(
        policy,
        requests.stream().map(Outcome::served).toList(),
        counts,
        instanceSeconds,
        samples.fragmentationFraction(),
        samples.stepSeconds(),
        samples.load(),
        spans);
  }

  private static Served served(SimRequest each) {
    double arrival = each.trace.arrivalSeconds();
    double first = Double.isNaN(each.firstTokenAt) ? each.finishedAt : each.firstTokenAt;
    return new Served(
        each.trace.priority(),
        arrival,
        each.finishedAt - arrival,
        first - arrival,
        each.generated > 1 ? (each.finishedAt - first) / (each.generated - 1) : 0,
        each.lostSeconds,
        each.stoppedSeconds,
        each.generated,
        each.moves,
        each.state == SimRequest.State.ABORTED);
  }

  /** Requests that were interrupted by the end of their instance. */
  public int aborted() {
    return (int) requests.stream().filter(Served::aborted).count();
  }

  /** A quantile by the nearest rank; NaN of nothing. */
  public static double quantile(double[] values, double q) {
    if (values.length == 0) {
      return Double.NaN;
    }
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[Math.max(0, (int) Math.ceil(q * sorted.length) - 1)];
  }
}
