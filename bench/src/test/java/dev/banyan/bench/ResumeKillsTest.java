package dev.banyan.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banyan.core.Progress;
import dev.banyan.core.Seed;
import java.util.List;
import org.junit.jupiter.api.Test;

class ResumeKillsTest {
  private static final String ONE =
      "{\"step\":1,\"loss\":0.1,\"learningRate\":1E-4,\"gradientNorm\":2.0,\"learnedTokens\":5.0,\"tokensPerSecond\":%s}";

  @Test
  void targetsRiseAndLeaveRoomAtTheEnd() {
    for (int seed = 0; seed < 20; seed++) {
      List<Integer> targets = ResumeKills.targets(20, 60, new Seed(seed).stream("kills"));
      assertThat(targets).hasSize(20).isSorted().doesNotHaveDuplicates();
      assertThat(targets).allMatch(target -> target >= 1 && target <= 55);
    }
    var random = new Seed(1).stream("kills");
    assertThatThrownBy(() -> ResumeKills.targets(10, 12, random))
        .hasMessageContaining("do not fit");
  }

  @Test
  void onlyTheClockMayDifferBetweenTwoRuns() {
    String other = ONE.replace("0.1,", "0.10000000000000002,");
    assertThat(ResumeKills.differences(List.of(ONE.formatted(7)), List.of(ONE.formatted(9)), 1))
        .isZero();
    assertThat(ResumeKills.differences(List.of(ONE.formatted(7)), List.of(other.formatted(7)), 1))
        .isEqualTo(1);
  }

  @Test
  void stepsThatAreMissingOrTooManyDiffer() {
    String line = ONE.formatted(1);
    assertThat(ResumeKills.differences(List.of(line, line), List.of(line), 2)).isEqualTo(1);
    assertThat(ResumeKills.differences(List.of(line), List.of(line, line), 1)).isEqualTo(1);
    assertThat(ResumeKills.differences(List.of(line), List.of(line), 3)).isEqualTo(2);
  }

  @Test
  void aRunThatIsKilledEndsAsOneThatWasNot() {
    var shape = new SmallRun.Shape(32, 1, 16, 2);
    ResumeKills found = ResumeKills.run(shape, 1, 24, new Seed(5), Progress.none());
    assertThat(found.killedAt()).hasSize(1);
    assertThat(found.differentLosses()).isZero();
    assertThat(found.sameWeights()).isTrue();
  }
}
