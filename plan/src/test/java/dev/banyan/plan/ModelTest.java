package dev.banyan.plan;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.Test;

/** MODeL's integer programs, solved by CP-SAT. */
class ModelTest {
  /**
   * Its optimum is over orders in 1.01 × the longest path of steps, so it may be above the best.
   */
  @Test
  void onSmallGraphsItNeverBeatsTheBestOfAllOrdersAndOftenReachesIt() {
    int reached = 0;
    for (int i = 0; i < 25; i++) {
      StepGraph graph = RandomGraphs.small(i, 8);
      MemoryPlan ours = MemoryPlanner.plan(graph, PlanOptions.standard().withSeconds(1));
      ModelOutcome model = MemoryPlanner.model(graph, 10, System::nanoTime);
      assertThat(model.refused()).isFalse();
      assertThat(model.solved()).isTrue();
      assertThat(model.peakBytes()).as("graph %d", i).isGreaterThanOrEqualTo(ours.peakBytes());
      assertThat(model.arenaBytes()).isGreaterThanOrEqualTo(model.peakBytes());
      reached += model.peakBytes() == ours.peakBytes() ? 1 : 0;
    }
    assertThat(reached).isGreaterThan(10);
  }

  @Test
  void aProgramOfMoreThanFiveMillionVariablesIsRefusedAndSaysSo() throws IOException {
    ModelOutcome model =
        MemoryPlanner.model(RealGraphsTest.graph("mobilenet_v2-1"), 1, System::nanoTime);
    assertThat(model.refused()).isEqualTo(model.variables() > 5_000_000);
    if (model.refused()) {
      assertThat(model.remark()).contains("variables, more than 5,000,000");
    }
  }
}
