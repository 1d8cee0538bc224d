package dev.banyan.model.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.banyan.core.Seed;
import dev.banyan.core.UserInputException;
import dev.banyan.model.Sampling;
import org.junit.jupiter.api.Test;

class SamplerTest {
  /** Probabilities 0.5, 0.25, 0.125, 0.125 at temperature 1. */
  private static final float[] SCORES = logs(0.5, 0.25, 0.125, 0.125);

  private static final History NONE = new History(new int[0]);

  @Test
  void atTemperatureOneTheDistributionIsTheSoftmax() {
    assertDistribution(Sampling.atTemperature(1), 0.5, 0.25, 0.125, 0.125);
  }

  @Test
  void temperatureOneHalfSquaresTheProbabilities() {
    double sum = 0.25 + 0.0625 + 2 * 0.015625;
    assertDistribution(
        Sampling.atTemperature(0.5), 0.25 / sum, 0.0625 / sum, 0.015625 / sum, 0.015625 / sum);
  }

  @Test
  void topKKeepsTheKBestAndTies() {
    assertDistribution(new Sampling(1, 2, 1, 0, 1, 0, 0), 2 / 3.0, 1 / 3.0, 0, 0);
    assertDistribution(new Sampling(1, 3, 1, 0, 1, 0, 0), 0.5, 0.25, 0.125, 0.125);
  }

  @Test
  void topPKeepsTheFewestThatReachP() {
    assertDistribution(new Sampling(1, 0, 0.5, 0, 1, 0, 0), 1, 0, 0, 0);
    assertDistribution(new Sampling(1, 0, 0.51, 0, 1, 0, 0), 2 / 3.0, 1 / 3.0, 0, 0);
    assertDistribution(new Sampling(1, 0, 0.8, 0, 1, 0, 0), 4 / 7.0, 2 / 7.0, 1 / 7.0, 0);
    assertDistribution(new Sampling(1, 0, 0.01, 0, 1, 0, 0), 1, 0, 0, 0);
  }

  @Test
  void minPKeepsWhatIsProbableBesideTheBest() {
    assertDistribution(new Sampling(1, 0, 1, 0.3, 1, 0, 0), 2 / 3.0, 1 / 3.0, 0, 0);
    assertDistribution(new Sampling(1, 0, 1, 0.2, 1, 0, 0), 0.5, 0.25, 0.125, 0.125);
    assertDistribution(new Sampling(1, 0, 1, 1, 1, 0, 0), 1, 0, 0, 0);
  }

  @Test
  void topKComesBeforeTopP() {
    // of the two best, renormalised to 2/3 and 1/3, the first alone reaches 0.6
    assertDistribution(new Sampling(1, 2, 0.6, 0, 1, 0, 0), 1, 0, 0, 0);
  }

  @Test
  void aRepeatedTokenIsPenalizedWhateverItsSign() {
    var history = new History(new int[] {0});
    history.add(1);
    float[] scores = {2f, -1f, 0.5f};
    double[] found = Sampler.distribution(scores, new Sampling(1, 0, 1, 0, 2, 0, 0), history);
    assertRatios(found, 1, -2, 0.5);
  }

  @Test
  void presenceCountsOnceAndFrequencyEachTime() {
    var history = new History(new int[] {2});
    history.add(0);
    history.add(0);
    history.add(1);
    float[] scores = {2f, 1f, 0.5f};
    double[] found = Sampler.distribution(scores, new Sampling(1, 0, 1, 0, 1, 0.5, 0.25), history);
    assertRatios(found, 2 - 0.5 - 2 * 0.25, 1 - 0.5 - 0.25, 0.5);
  }

  @Test
  void greedyTakesTheBestAfterPenalties() {
    var history = new History(new int[0]);
    history.add(0);
    float[] scores = {2f, 1.8f, 0f};
    assertThat(Sampler.choose(scores, Sampling.greedy(), history, 0)).isZero();
    assertThat(Sampler.choose(scores, new Sampling(0, 0, 1, 0, 1, 0.5, 0), history, 0))
        .isEqualTo(1);
  }

  @Test
  void drawsFollowTheDistribution() {
    int[] counts = new int[4];
    var random = new Seed(4).stream("draws");
    int draws = 100_000;
    for (int i = 0; i < draws; i++) {
      counts[Sampler.choose(SCORES, Sampling.atTemperature(1), NONE, random.nextDouble())]++;
    }
    double[] expected = {0.5, 0.25, 0.125, 0.125};
    double chiSquare = 0;
    for (int i = 0; i < 4; i++) {
      double mean = expected[i] * draws;
      chiSquare += (counts[i] - mean) * (counts[i] - mean) / mean;
    }
    assertThat(chiSquare).isLessThan(16.3); // 99.9 % point with 3 degrees of freedom
  }

  @Test
  void theLastTokenCatchesWhatRoundingLeaves() {
    assertThat(Sampler.pick(new double[] {0.5, 0.4999999, 0}, 0.99999999)).isEqualTo(1);
  }

  @Test
  void impossibleSettingsAreRefusedByName() {
    assertThatThrownBy(() -> new Sampling(1, 0, 0, 0, 1, 0, 0))
        .isInstanceOf(UserInputException.class)
        .hasMessage("top-p is 0.0, must be above 0 and at most 1");
    assertThatThrownBy(() -> Sampling.atTemperature(-1)).hasMessageContaining("temperature");
    assertThatThrownBy(() -> Sampling.atTemperature(Double.NaN)).hasMessageContaining("NaN");
  }

  private static void assertDistribution(Sampling sampling, double... expected) {
    double[] found = Sampler.distribution(SCORES, sampling, NONE);
    assertThat(found).containsExactly(expected, within(1e-6));
  }

  private static void assertRatios(double[] found, double... scores) {
    double sum = 0;
    for (double score : scores) {
      sum += Math.exp(score);
    }
    for (int i = 0; i < scores.length; i++) {
      assertThat(found[i]).isCloseTo(Math.exp(scores[i]) / sum, within(1e-9));
    }
  }

  private static float[] logs(double... probabilities) {
    float[] scores = new float[probabilities.length];
    for (int i = 0; i < scores.length; i++) {
      scores[i] = (float) Math.log(probabilities[i]);
    }
    return scores;
  }
}
