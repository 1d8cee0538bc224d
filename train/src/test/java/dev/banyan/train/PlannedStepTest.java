package dev.banyan.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banyan.core.Progress;
import dev.banyan.core.Seed;
import dev.banyan.core.UserInputException;
import dev.banyan.plan.MemoryPlan;
import dev.banyan.plan.MemoryPlanner;
import dev.banyan.plan.Operator;
import dev.banyan.plan.PlanOptions;
import dev.banyan.plan.StepGraph;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Steps traced by PyTorch ({@code interop/make_step_dumps.sh}), run in one block. */
class PlannedStepTest {
  private static final Seed SEED = new Seed(7);

  @ParameterizedTest
  @ValueSource(strings = {"conv", "llama"})
  void aPlannedStepGivesTheBitsOfProgramOrder(String name) throws Exception {
    StepGraph graph = graph(name);
    MemoryPlan plan = plan(graph);
    StepComparison found = compare(graph, plan);
    assertThat(found.differing()).isEmpty();
    assertThat(found.compared()).isGreaterThan(10);
    StepRun run = found.planned();
    assertThat(run.scalars()).hasSize(1).allMatch(Double::isFinite);
    assertThat(run.scalars()).isEqualTo(found.separate().scalars());
    assertThat(run.blockBytes()).isEqualTo(plan.arenaBytes());
    assertThat(run.liveBytes()).isEqualTo(plan.peakBytes());
    assertThat(run.outKernels() + run.copied() + run.inPlace() + run.untouched())
        .isEqualTo(graph.operators().size());
    assertThat(run.outKernels()).isPositive();
    assertThat(run.copied()).isPositive();
    assertThat(run.largestTemporaryBytes()).isPositive();
  }

  @Test
  void aMaskDependsOnTheSeedNotOnTheOrder() throws Exception {
    StepGraph graph = graph("conv");
    MemoryPlan plan = plan(graph);
    assertThat(compare(graph, plan).planned().random()).isEqualTo(1);
    StepValues values = StepValues.seeded(graph, SEED);
    StepRun other = PlannedStep.run(graph, plan, values, new Seed(8), Progress.none());
    StepRun same = PlannedStep.run(graph, plan, values, SEED, Progress.none());
    assertThat(other.scalars()).isNotEqualTo(same.scalars());
  }

  @Test
  void storagesThatOverlapGiveOtherBits() throws Exception {
    StepGraph graph = graph("llama");
    MemoryPlan plan = plan(graph);
    int made = product(graph);
    Operator operator = graph.operators().get(made);
    int read =
        operator.reads().stream()
            .filter(id -> plan.offsets().get(id) >= 0)
            .findFirst()
            .orElseThrow();
    List<Long> offsets = new ArrayList<>(plan.offsets());
    offsets.set(operator.writes().getFirst(), offsets.get(read));
    MemoryPlan planted = with(plan, plan.order(), offsets);
    assertThat(MemoryPlanner.check(graph, planted).holds()).isFalse();
    assertThat(compare(graph, planted).equal()).isFalse();
  }

  @Test
  void anOrderThatDoesNotWaitGivesOtherBits() throws Exception {
    StepGraph graph = graph("conv");
    MemoryPlan plan = plan(graph);
    List<Integer> order = new ArrayList<>(plan.order());
    order.add(0, order.removeLast());
    assertThat(MemoryPlanner.check(graph, with(plan, order, plan.offsets())).holds()).isFalse();
    assertThat(compare(graph, with(plan, order, plan.offsets())).equal()).isFalse();
  }

  @Test
  void aPlanThatDoesNotFitTheGraphIsRefused() throws Exception {
    StepGraph graph = graph("conv");
    MemoryPlan plan = plan(graph);
    List<Long> offsets = new ArrayList<>(plan.offsets());
    int placed =
        IntStream.range(0, offsets.size())
            .filter(i -> offsets.get(i) > 0)
            .findFirst()
            .orElseThrow();
    offsets.set(placed, plan.arenaBytes());
    assertThatThrownBy(() -> compare(graph, with(plan, plan.order(), offsets)))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining("outside the block of " + plan.arenaBytes() + " bytes");
    List<Integer> twice = new ArrayList<>(plan.order());
    twice.set(0, twice.get(1));
    assertThatThrownBy(() -> compare(graph, with(plan, twice, plan.offsets())))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining("is no order of the graph's");
    assertThatThrownBy(() -> compare(graph, with(plan, plan.order(), offsets.subList(0, 3))))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining("the plan has 3 offsets");
  }

  @Test
  void anOperatorLibtorchDoesNotHaveIsNamed() throws Exception {
    StepGraph graph = graph("conv");
    Operator first = graph.operators().getFirst();
    List<Operator> operators = new ArrayList<>(graph.operators());
    operators.set(
        0,
        new Operator(
            0,
            first.name(),
            "aten.convulsion.default",
            first.args(),
            first.kwargs(),
            first.outputs(),
            first.reads(),
            first.writes(),
            false,
            ""));
    StepGraph strange =
        new StepGraph(
            "strange.json",
            "",
            graph.storages(),
            graph.tensors(),
            operators,
            graph.results(),
            graph.alignment());
    assertThatThrownBy(() -> compare(strange, plan(graph)))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining("node '" + first.name() + "' calls aten.convulsion.default");
  }

  /** A matrix product of something that is placed. */
  private static int product(StepGraph graph) {
    return IntStream.range(0, graph.operators().size())
        .filter(i -> graph.operators().get(i).writes().size() == 1)
        .filter(i -> graph.operators().get(i).target().equals("aten.mm.default"))
        .filter(
            i ->
                graph.operators().get(i).reads().stream()
                    .anyMatch(id -> !graph.storages().get(id).isPersistent()))
        .findFirst()
        .orElseThrow();
  }

  private static MemoryPlan with(MemoryPlan plan, List<Integer> order, List<Long> offsets) {
    return new MemoryPlan(
        plan.graphHash(),
        order,
        offsets,
        plan.alignment(),
        plan.peakBytes(),
        plan.lowerBoundBytes(),
        plan.boundOperator(),
        plan.boundLater(),
        plan.arenaBytes(),
        plan.method(),
        plan.seed());
  }

  private static StepComparison compare(StepGraph graph, MemoryPlan plan) {
    return PlannedStep.compare(graph, plan, StepValues.seeded(graph, SEED), SEED, Progress.none());
  }

  private static MemoryPlan plan(StepGraph graph) {
    return MemoryPlanner.plan(graph, PlanOptions.standard());
  }

  private static StepGraph graph(String name) throws IOException, URISyntaxException {
    var file = PlannedStepTest.class.getResource("/steps/" + name + ".json.gz");
    return MemoryPlanner.read(Path.of(Objects.requireNonNull(file).toURI()));
  }
}
