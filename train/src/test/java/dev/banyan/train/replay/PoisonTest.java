package dev.banyan.train.replay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banyan.core.Progress;
import dev.banyan.core.Seed;
import dev.banyan.plan.MemoryPlan;
import dev.banyan.plan.MemoryPlanner;
import dev.banyan.plan.Operator;
import dev.banyan.plan.StepGraph;
import dev.banyan.train.StepRun;
import dev.banyan.train.StepValues;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class PoisonTest {
  private static final Seed SEED = new Seed(3);

  /**
   * The graph is made to say that a storage dies one reader too early. In a block where no place is
   * used twice its bytes are still there by luck; only poison shows the mistake.
   */
  @Test
  void aReaderAfterDeathIsFoundByPoisonAlone() throws Exception {
    StepGraph graph = graph();
    StepGraph forgetful = withoutLastRead(graph);
    MemoryPlan roomy = roomy(graph);
    StepRun right = run(graph, roomy, true);
    assertThat(run(forgetful, roomy, false).scalars()).isEqualTo(right.scalars());
    assertThat(run(forgetful, roomy, true).scalars()).isNotEqualTo(right.scalars());
  }

  private static StepRun run(StepGraph graph, MemoryPlan plan, boolean poison) {
    StepValues values = StepValues.seeded(graph, SEED);
    try (BlockMemory block = BlockMemory.of(graph, plan, values, poison)) {
      return new Replay(graph, plan.order(), block, SEED).run(Progress.none());
    }
  }

  /** The first matrix product's first factor is no longer said to be read by it. */
  private static StepGraph withoutLastRead(StepGraph graph) {
    List<Operator> operators = new ArrayList<>(graph.operators());
    Operator reader =
        operators.stream()
            .filter(each -> each.target().equals("aten.addmm.default"))
            .findFirst()
            .orElseThrow();
    int storage =
        reader.reads().stream()
            .filter(id -> !graph.storages().get(id).isPersistent())
            .findFirst()
            .orElseThrow();
    for (Operator each : graph.operators()) {
      // read by this one and by the backward pass, where the loss is known already
      if (each.id() >= reader.id() && each.reads().contains(storage)) {
        operators.set(each.id(), without(each, storage));
      }
    }
    return new StepGraph(
        graph.source(),
        graph.producer(),
        graph.storages(),
        graph.tensors(),
        operators,
        graph.results(),
        graph.alignment());
  }

  private static Operator without(Operator each, int storage) {
    return new Operator(
        each.id(),
        each.name(),
        each.target(),
        each.args(),
        each.kwargs(),
        each.outputs(),
        each.reads().stream().filter(id -> id != storage).toList(),
        each.writes(),
        each.random(),
        each.frame());
  }

  /** Program order, every storage in a place nothing else ever lies in. */
  private static MemoryPlan roomy(StepGraph graph) {
    List<Long> offsets = new ArrayList<>();
    long end = 0;
    for (var storage : graph.storages()) {
      offsets.add(storage.isPersistent() ? MemoryPlan.OUTSIDE : end);
      end += storage.isPersistent() ? 0 : graph.alignedBytes(storage.id());
    }
    return new MemoryPlan(
        MemoryPlanner.hash(graph),
        graph.programOrder(),
        offsets,
        graph.alignment(),
        end,
        0,
        -1,
        List.of(),
        end,
        "roomy",
        0);
  }

  private static StepGraph graph() throws Exception {
    var file = PoisonTest.class.getResource("/steps/conv.json.gz");
    return MemoryPlanner.read(Path.of(Objects.requireNonNull(file).toURI()));
  }
}
