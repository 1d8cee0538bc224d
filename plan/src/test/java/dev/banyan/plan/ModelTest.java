package dev.banyan.plan;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
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

  /** Programs that would not fit into memory are not begun. */
  @Test
  void aProgramThatIsTooLargeIsRefusedAndSaysWhy() {
    ModelOutcome model = MemoryPlanner.model(wide(2500, 1100), 1, System::nanoTime);
    assertThat(model.refused()).isTrue();
    // 2,525 steps: a window of 26 for each of the chain and of 2,524 for each of the others, and as
    // much again for what they make, but for the last one's result and the first one's readers
    int generate = 2500 * 26 + 1100 * 2524;
    int preserve = 2498 * 26 + 25 + 2524 + 1100 * 2523;
    assertThat(model.remark())
        .isEqualTo(
            "refused: the order program has %,d variables, more than 5,000,000"
                .formatted(generate + preserve));
  }

  /** A chain, and operators that read what its first one made, at any time of it. */
  private static StepGraph wide(int chain, int others) {
    List<Storage> storages = new ArrayList<>();
    List<TensorSlot> tensors = new ArrayList<>();
    List<Operator> operators = new ArrayList<>();
    for (int i = 0; i < chain + others; i++) {
      storages.add(new Storage(i, 512, Storage.Kind.TEMPORARY, "op" + i, ""));
      tensors.add(new TensorSlot(i, i, "float32", List.of(128L), List.of(1L), 0));
      List<Integer> reads = i == 0 ? List.of() : List.of(i < chain ? i - 1 : 0);
      operators.add(
          new Operator(
              i,
              "op" + i,
              "test.op",
              List.of(),
              Map.of(),
              List.of(OptionalInt.of(i)),
              reads,
              List.of(i),
              false,
              ""));
    }
    return new StepGraph("wide", "", storages, tensors, operators, List.of(chain - 1), 512);
  }
}
