package dev.banyan.plan;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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

  /** Programs that would not fit into memory are not begun. */
  @ParameterizedTest
  @ValueSource(strings = {"mobilenet_v2-1", "resnet50-1", "vit-1"})
  void aProgramThatIsTooLargeIsRefusedAndSaysWhy(String name) throws IOException {
    ModelOutcome model = MemoryPlanner.model(RealGraphsTest.graph(name), 1, System::nanoTime);
    assertThat(model.refused()).isTrue();
    assertThat(model.remark()).containsPattern("[0-9,]+ (terms|variables), more than");
  }
}
