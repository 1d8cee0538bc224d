package dev.banyan.serve.read;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.banyan.core.Seed;
import dev.banyan.core.UserInputException;
import dev.banyan.serve.TraceRequest;
import dev.banyan.serve.simulate.Outcome;
import java.util.List;
import org.junit.jupiter.api.Test;

class WorkloadGeneratorTest {
  /** Quantiles of the artifact's generator, run on its own: P50 30, P95 1272, P99 4679. */
  @Test
  void mediumLengthsHaveTheArtifactsQuantiles() {
    double[] lengths =
        Generator.generate("M-M", 100_000, 9, 1, new Seed(3)).stream()
            .mapToDouble(TraceRequest::promptTokens)
            .toArray();
    assertThat(Outcome.quantile(lengths, 0.5)).isCloseTo(30, within(2.0));
    assertThat(Outcome.quantile(lengths, 0.95)).isCloseTo(1272, within(80.0));
    assertThat(Outcome.quantile(lengths, 0.99)).isCloseTo(4679, within(250.0));
  }

  @Test
  void everySeedHasTheSameMeanLengthUpToRoundingAndTheCap() {
    for (int seed = 0; seed < 5; seed++) {
      List<TraceRequest> trace = Generator.generate("M-S", 10_000, 9, 1, new Seed(seed));
      double mean = trace.stream().mapToInt(TraceRequest::promptTokens).average().orElseThrow();
      assertThat(mean).isBetween(252.0, 257.0);
    }
  }

  @Test
  void gapsHaveTheirMeanAndVariation() {
    for (double cv : new double[] {0.5, 1, 4}) {
      List<TraceRequest> trace = Generator.generate("S-S", 60_000, 20, cv, new Seed(1));
      double sum = 0;
      double squares = 0;
      double before = 0;
      for (TraceRequest each : trace) {
        double gap = each.arrivalSeconds() - before;
        before = each.arrivalSeconds();
        sum += gap;
        squares += gap * gap;
      }
      double mean = sum / trace.size();
      double variance = squares / trace.size() - mean * mean;
      assertThat(mean).isCloseTo(0.05, within(0.003));
      assertThat(Math.sqrt(variance) / mean).isCloseTo(cv, within(0.08 * cv));
    }
  }

  @Test
  void anotherRateHasTheSameLengths() {
    List<TraceRequest> slow = Generator.generate("L-S", 500, 3, 1, new Seed(1));
    List<TraceRequest> fast = Generator.generate("L-S", 500, 6, 1, new Seed(1));
    assertThat(fast.stream().map(TraceRequest::promptTokens).toList())
        .isEqualTo(slow.stream().map(TraceRequest::promptTokens).toList());
    assertThat(slow.getLast().arrivalSeconds())
        .isCloseTo(2 * fast.getLast().arrivalSeconds(), within(1e-6));
  }

  @Test
  void unknownWorkloadsAndRatesAreRefused() {
    assertThatThrownBy(() -> Generator.generate("burstgtp-like", 10, 1, 1, new Seed(1)))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining("did you mean 'burstgpt-like'?");
    assertThatThrownBy(() -> Generator.generate("M-M", 10, 0, 1, new Seed(1)))
        .isInstanceOf(UserInputException.class);
  }
}
