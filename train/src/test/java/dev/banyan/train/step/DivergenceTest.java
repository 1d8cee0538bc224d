package dev.banyan.train.step;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DivergenceTest {
  @ParameterizedTest
  @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY})
  void whatIsNoNumberStopsAtOnce(double bad) {
    assertThat(Divergence.START.verdict(bad, 1).orElse("")).contains("the loss is " + bad);
    assertThat(Divergence.START.verdict(1, bad).orElse("")).contains("the norm of the gradients");
    assertThat(Divergence.START.verdict(1, 1)).isEmpty();
  }

  @Test
  void theSmoothedLossIsAnExponentialMean() {
    var divergence = Divergence.START.after(4).after(2);

    assertThat(divergence.smoothed()).isCloseTo(4 * 0.95 + 2 * 0.05, within(1e-12));
    assertThat(divergence.best()).isEqualTo(divergence.smoothed());
    assertThat(divergence.after(100).best()).isEqualTo(divergence.best());
  }

  @Test
  void aLossThatStaysFarAboveItsBestStopsAfterFiftySteps() {
    var divergence = Divergence.START.after(2);
    int steps = 0;
    while (divergence.verdict(9, 1).isEmpty()) {
      divergence = divergence.after(9);
      steps++;
      assertThat(steps).isLessThan(200);
    }

    // 2 + 7 (1 - 0.95^n) is above 3.5 from the fifth step on: 7 · 0.95^5 = 5.42 < 5.5
    assertThat(steps).isEqualTo(4 + 50);
    assertThat(divergence.verdict(9, 1).orElse("")).contains("50 steps").contains("after 2.00");
  }

  @Test
  void spikesAndARiseThatGoesBackAreNoDivergence() {
    var divergence = Divergence.START;
    for (int step = 0; step < 2000; step++) {
      double loss = step % 200 > 190 ? 12 : 2; // nine bad steps now and then
      divergence = divergence.after(step % 50 == 7 ? 25 : loss);
      assertThat(divergence.verdict(loss, 1)).isEmpty();
    }
    var calm = Divergence.START.after(2);
    for (int step = 0; step < 500; step++) {
      calm = calm.after(3.4); // above, but not far
      assertThat(calm.verdict(3.4, 1)).isEmpty();
    }
  }
}
