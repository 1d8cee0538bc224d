package dev.banyan.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banyan.core.Progress;
import dev.banyan.core.Seed;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Engine processes that sleep, asked over HTTP, beside the simulator. */
final class PacedClusterTest {
  @TempDir private Path folder;

  /** No engine is quicker than it sleeps, and none waits in the simulator for what it need not. */
  @Test
  void theSameRequestsAreServedAndSimulated() throws IOException {
    Path model = SmallModel.write(folder.resolve("model"));
    EngineProfile pace = PacedCluster.PROFILE.faster(4);
    Workload workload = Workload.generated("96-6", 12, 40, 1);
    List<PacedCluster.Run> runs =
        PacedCluster.compare(model, pace, "banyan", 2, workload, 1, new Seed(3), Progress.none());
    assertThat(runs).hasSize(1);
    PacedCluster.Run run = runs.getFirst();
    assertThat(run.failed()).isZero();
    // 12, and the few that the client asks before
    assertThat(run.replay().dispatches()).isGreaterThan(12);
    assertThat(run.differing()).isZero();
    double least = pace.prefill().seconds() + 60 * pace.prefill().tokenSeconds();
    assertThat(run.first().live()).hasSize(12);
    assertThat(Arrays.stream(run.first().live()).min().orElse(0)).isGreaterThan(least);
    assertThat(run.first().simulated()).hasSize(12);
    assertThat(Arrays.stream(run.first().simulated()).min().orElse(0)).isGreaterThan(least);
  }

  @Test
  void drawsArePooledAndComparedByMeanAndNearestRank() {
    double[] live = new double[100];
    double[] simulated = new double[100];
    for (int i = 0; i < 100; i++) {
      live[i] = 3 * (i + 1);
      simulated[i] = 100 - i;
    }
    var first = new PacedCluster.FirstTokens(live, simulated);
    assertThat(first.meanRatio()).isEqualTo(3);
    assertThat(first.liveP99()).isEqualTo(297);
    assertThat(first.simulatedP99()).isEqualTo(99);
    assertThat(first.p99Ratio()).isEqualTo(3);
  }
}
