package dev.banyan.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banyan.core.Progress;
import dev.banyan.core.Seed;
import dev.banyan.serve.gateway.LiveFleet;
import dev.banyan.serve.wire.TokenRequest;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Times of moves between two engine processes. */
final class MoveTimesTest {
  @TempDir private Path folder;

  @Test
  void everyFigureOfAMoveIsThere() throws IOException {
    Path model = SmallModel.write(folder.resolve("model"));
    // engines that keep a pace: a model so small is heard in bursts on a busy machine
    MoveTimes.Downtime found = MoveTimes.pacedDowntime(model, 96, 2, new Seed(1), Progress.none());
    assertThat(found.moves()).isEqualTo(2);
    assertThat(
            List.of(
                found.stepSeconds(),
                found.gapMedianSteps(),
                found.longestMedianSteps(),
                found.longestQuietMedianSteps(),
                found.stoppedMedianSeconds(),
                found.recomputeSeconds(),
                found.neighbourStepSeconds(),
                found.neighbourQuietStepSeconds()))
        .allMatch(each -> Double.isFinite(each) && each > 0);
  }

  /** How many there are hangs on the machine; those there are have a pause each. */
  @Test
  void aModelMovesWhileItsStepsAreTimed() throws IOException {
    Path model = SmallModel.write(folder.resolve("model"));
    MoveTimes.Downtime found = MoveTimes.downtime(model, 96, 1, new Seed(1), Progress.none());
    assertThat(found.moves()).isLessThanOrEqualTo(1);
    assertThat(Double.isFinite(found.stoppedMedianSeconds())).isEqualTo(found.moves() > 0);
  }

  @Test
  void aPauseIsWhereTheOwnerChanges() {
    var heard = new MoveTimes.Heard(new double[] {1, 3, 4, 4.5, 5}, new long[] {1, 1, 1, 2, 2});
    assertThat(heard.pause()).isEqualTo(0.5);
    assertThat(heard.longest(0)).isEqualTo(2);
    assertThat(heard.longest(1)).isEqualTo(1);
    assertThat(heard.last().pause()).isNaN();
    var later = new MoveTimes.Heard(new double[] {9}, new long[] {4});
    assertThat(heard.last().with(later).pause()).isEqualTo(4);
  }

  @Test
  void anAnswerThatEndsEarlyIsNamedInsteadOfCounted() throws IOException, InterruptedException {
    Path model = SmallModel.write(folder.resolve("model"));
    var settings = LiveSettings.exact(model, 64, 1).under("round-robin");
    var asked = TokenRequest.greedy(new int[] {3, 4, 5}, 8);
    try (LiveFleet fleet = LiveFleet.start(settings, 1, null)) {
      LiveFleet.Answer answer = fleet.ask(asked);
      assertThat(MoveTimes.hear(answer, 5, 60_000).times()).hasSize(5).isSorted();
      assertThatThrownBy(() -> MoveTimes.hear(answer, 20, 60_000))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageMatching("request 1 ended with LENGTH after [0-9] of 20 tokens");
      assertThatThrownBy(() -> MoveTimes.hear(answer, 20, 0))
          .hasMessageContaining("was silent for 0 s after 0 of 20 tokens");
    }
  }
}
