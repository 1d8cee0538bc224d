package dev.banyan.train.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;

class ScheduleTest {
  @Test
  void theCosineRisesInALineAndFallsAsHalfACosine() {
    var schedule = new Cosine(1e-3, 1e-4, 10, 111);

    assertThat(schedule.rate(0)).isCloseTo(1e-4, within(1e-15));
    assertThat(schedule.rate(4)).isCloseTo(5e-4, within(1e-15));
    assertThat(schedule.rate(9)).isCloseTo(1e-3, within(1e-15));
    assertThat(schedule.rate(10)).isCloseTo(1e-3, within(1e-15));
    // a third of the way: cos 60° = 1/2; half of it: 0
    assertThat(schedule.rate(10 + 25))
        .isCloseTo(1e-4 + 9e-4 * (2 + Math.sqrt(2)) / 4, within(1e-15));
    assertThat(schedule.rate(10 + 50)).isCloseTo((1e-3 + 1e-4) / 2, within(1e-15));
    assertThat(schedule.rate(110)).isCloseTo(1e-4, within(1e-15));
    assertThat(schedule.rate(500)).isCloseTo(1e-4, within(1e-15));
  }

  @Test
  void warmupStableDecayHasAPlateauAndFallsAsOneMinusARoot() {
    var schedule = new WarmupStableDecay(2e-3, 1e-3, 4, 16, 100);

    assertThat(schedule.rate(0)).isCloseTo(5e-4, within(1e-15));
    for (int step = 3; step < 84; step++) {
      assertThat(schedule.rate(step)).isEqualTo(2e-3);
    }
    assertThat(schedule.rate(84)).isCloseTo(1e-3 + 1e-3 * 0.75, within(1e-15)); // 1 - √(1/16)
    assertThat(schedule.rate(87)).isCloseTo(1e-3 + 1e-3 * 0.5, within(1e-15)); // 1 - √(4/16)
    assertThat(schedule.rate(99)).isCloseTo(1e-3, within(1e-15));
    assertThat(new WarmupStableDecay(1, 0.5, 0, 0, 10).rate(9)).isEqualTo(1);
  }

  @Test
  void noRateEverLeavesItsBounds() {
    for (int steps : List.of(1, 2, 3, 7, 50)) {
      for (int warmup : List.of(0, 1, steps / 2, steps)) {
        for (Schedule schedule :
            List.of(
                new Cosine(1, 0.1, warmup, steps),
                new WarmupStableDecay(1, 0.1, warmup, steps / 3, steps))) {
          for (int step = 0; step < steps; step++) {
            double least = step < warmup ? 1.0 / warmup : 0.1;
            assertThat(schedule.rate(step)).isBetween(least - 1e-12, 1.0);
          }
        }
      }
    }
  }
}
