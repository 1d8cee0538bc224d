package dev.banyan.serve;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;

/**
 * What a load test measured. Latencies are of requests that were answered in full and count from
 * their scheduled arrivals.
 *
 * @param answers in order of arrival
 * @param unsent requests that were still to come when the test was stopped
 * @param mostOpen requests open at once
 * @param seconds from the start to the end of the last answer
 */
public record LoadOutcome(List<LoadAnswer> answers, int unsent, int mostOpen, double seconds) {
  public LoadOutcome {
    answers = List.copyOf(answers);
  }

  /** Requests that were answered in full. */
  public long answered() {
    return answers.stream().filter(LoadAnswer::answered).count();
  }

  /** Requests that failed. */
  public long failed() {
    return answers.stream().filter(LoadAnswer::failed).count();
  }

  /** Requests that were open when the test was stopped. */
  public long stopped() {
    return answers.stream().filter(each -> each.failure().equals(LoadAnswer.STOPPED)).count();
  }

  /** Whether the test was stopped before all were sent and had ended. */
  public boolean endedEarly() {
    return unsent + stopped() > 0;
  }

  /** Failed requests by kind, such as {@code HTTP 429}. */
  public Map<String, Integer> failures() {
    Map<String, Integer> counts = new TreeMap<>();
    for (LoadAnswer each : answers) {
      if (each.failed()) {
        counts.merge(each.failure(), 1, Integer::sum);
      }
    }
    return counts;
  }

  /** What the first request that failed in this way was told. */
  public String reason(String failure) {
    return answers.stream()
        .filter(each -> each.failure().equals(failure))
        .map(LoadAnswer::reason)
        .findFirst()
        .orElse("");
  }

  /** Seconds to the first text. */
  public Percentiles first() {
    return of(LoadAnswer::firstSeconds);
  }

  /** Seconds per token after the first. */
  public Percentiles perToken() {
    return of(LoadAnswer::tokenSeconds);
  }

  /** Seconds to the end. */
  public Percentiles whole() {
    return of(LoadAnswer::seconds);
  }

  /** Seconds by which the generator itself sent requests too late. */
  public Percentiles late() {
    return Percentiles.of(answers.stream().mapToDouble(LoadAnswer::lateSeconds).toArray());
  }

  /** Tokens of full answers for each second of the test. */
  public double tokensPerSecond() {
    return outputTokens() / seconds;
  }

  /** Tokens of full answers. */
  public long outputTokens() {
    return answers.stream().filter(LoadAnswer::answered).mapToLong(LoadAnswer::outputTokens).sum();
  }

  /** Tokens of the prompts of full answers, as the server counted them. */
  public long promptTokens() {
    return answers.stream().filter(LoadAnswer::answered).mapToLong(LoadAnswer::promptTokens).sum();
  }

  /** One figure of each full answer, in order of arrival. */
  public double[] values(ToDoubleFunction<LoadAnswer> figure) {
    return answers.stream().filter(LoadAnswer::answered).mapToDouble(figure).toArray();
  }

  private Percentiles of(ToDoubleFunction<LoadAnswer> figure) {
    return Percentiles.of(values(figure));
  }
}
