package dev.banyan.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;

class PairsTest {
  @Test
  void theRatioIsTheMiddleOfThePairsRatiosAndNotTheRatioOfTheMiddles() {
    // ratios 2, 0.5, 3: median 2, while the medians are 20 / 10 … 20 / 20
    var pairs = new Pairs(List.of(20.0, 10.0, 60.0), List.of(10.0, 20.0, 20.0));
    assertThat(pairs.ratios()).containsExactly(2.0, 0.5, 3.0);
    assertThat(pairs.medianRatio()).isEqualTo(2.0);
    assertThat(pairs.ourMedian() / pairs.peerMedian()).isEqualTo(1.0);
  }

  @Test
  void onePairThatWasDisturbedDoesNotMoveTheRatio() {
    var calm =
        new Pairs(List.of(11.0, 12.0, 13.0, 12.0, 11.0), List.of(10.0, 10.0, 10.0, 10.0, 10.0));
    var disturbed =
        new Pairs(List.of(11.0, 12.0, 1300.0, 12.0, 11.0), List.of(10.0, 10.0, 10.0, 10.0, 10.0));
    assertThat(disturbed.medianRatio()).isEqualTo(calm.medianRatio()).isEqualTo(1.2);
  }

  @Test
  void theMedianOfAnEvenNumberLiesBetweenTheTwoInTheMiddle() {
    assertThat(Pairs.median(List.of(4.0, 1.0, 3.0, 2.0))).isCloseTo(2.5, within(1e-15));
    assertThat(Pairs.median(List.of())).isNaN();
  }

  @Test
  void withoutAPeerThereIsNoRatio() {
    var alone = new Pairs(List.of(1.0, 2.0), List.of());
    assertThat(alone.compared()).isFalse();
    assertThat(alone.medianRatio()).isNaN();
    assertThatThrownBy(() -> new Pairs(List.of(1.0, 2.0), List.of(1.0)))
        .hasMessageContaining("no pairs");
  }
}
