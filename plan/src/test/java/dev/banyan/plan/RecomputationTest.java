package dev.banyan.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banyan.core.Seed;
import dev.banyan.plan.read.StepDumpReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Running operators again instead of keeping what they made. */
class RecomputationTest {
  private static final long KILO = 1024;

  @TempDir private Path folder = Path.of("");

  /**
   * Forward f1 … fn, each of the one before, then backward bn … b1, each of the one before and of
   * its f: every order needs all n activations at once, so order cannot help.
   */
  @Test
  void aChainThatNoOrderMakesSmallerFitsHalfItsBoundByRunningOperatorsAgain() {
    StepGraph graph = chain(12);
    MemoryPlan plan = MemoryPlanner.plan(graph, PlanOptions.standard());
    assertThat(plan.lowerBoundBytes()).as("the bound is tight").isEqualTo(plan.peakBytes());
    long budget = plan.lowerBoundBytes() / 2;
    Recomputation again = MemoryPlanner.recompute(graph, plan, budget, looks(20));
    assertThat(again.fits()).isTrue();
    assertThat(again.plan().arenaBytes()).isLessThanOrEqualTo(budget);
    assertThat(again.copies()).isPositive();
    assertThat(MemoryPlanner.checkCopies(graph, again.graph())).isEmpty();
    assertThat(MemoryPlanner.check(again.graph(), again.plan()).faults()).isEmpty();
    assertThat(again.extraFlops()).isLessThanOrEqualTo(again.stepFlops());
  }

  @ParameterizedTest
  @CsvSource({"vgg16-32, 75", "resnet50-1, 90"})
  void aRealStepFitsBelowItsBoundAndStillComputesTheSame(String name, int percent)
      throws IOException {
    StepGraph graph = RealGraphsTest.graph(name);
    MemoryPlan plan = MemoryPlanner.plan(graph, looks(2));
    long budget = plan.lowerBoundBytes() / 100 * percent;
    Recomputation again = MemoryPlanner.recompute(graph, plan, budget, looks(20));
    assertThat(MemoryPlanner.checkCopies(graph, again.graph())).isEmpty();
    assertThat(MemoryPlanner.check(again.graph(), again.plan()).faults()).isEmpty();
    assertThat(again.plan().arenaBytes()).isLessThan(plan.lowerBoundBytes());
    assertThat(again.plan().arenaBytes()).isLessThanOrEqualTo(budget);
    Set<String> names = graph.operators().stream().map(Operator::name).collect(Collectors.toSet());
    assertThat(again.graph().operators())
        .as("copies draw the random numbers of their original")
        .allMatch(each -> names.contains(each.seedName()));
    assertThat(again.extraShare()).as("√n checkpoints cost more").isLessThan(0.2);
    Path file = folder.resolve("copies.json.gz");
    MemoryPlanner.write(again.graph(), file);
    assertThat(MemoryPlanner.hash(StepDumpReader.read(file))).isEqualTo(again.plan().graphHash());
  }

  /** Random graphs: whatever comes out computes the same and is never above what went in. */
  @Test
  void onRandomGraphsTheCopiesAlwaysComputeTheSame() {
    int smaller = 0;
    for (int i = 0; i < 60; i++) {
      StepGraph graph = RandomGraphs.small(i, 14);
      MemoryPlan plan = MemoryPlanner.plan(graph, looks(0.5));
      if (plan.peakBytes() == 0) {
        continue;
      }
      Recomputation again =
          MemoryPlanner.recompute(graph, plan, plan.peakBytes() * 3 / 4, looks(0.5));
      assertThat(MemoryPlanner.checkCopies(graph, again.graph())).as("graph %d", i).isEmpty();
      assertThat(MemoryPlanner.check(again.graph(), again.plan()).faults())
          .as("graph %d", i)
          .isEmpty();
      assertThat(again.plan().peakBytes()).isLessThanOrEqualTo(plan.peakBytes());
      assertThat(again.plan().peakBytes()).isGreaterThanOrEqualTo(again.floorBytes());
      smaller += again.plan().peakBytes() < plan.peakBytes() ? 1 : 0;
    }
    assertThat(smaller).isPositive();
  }

  /** The checker against planted faults: another input, a dropped operator, a doubled write. */
  @Test
  void theCheckerOfCopiesRejectsCorruptedGraphs() {
    StepGraph graph = chain(12);
    MemoryPlan plan = MemoryPlanner.plan(graph, PlanOptions.standard());
    StepGraph good =
        MemoryPlanner.recompute(graph, plan, plan.lowerBoundBytes() / 2, looks(20)).graph();
    RandomGenerator random = new Seed(7).stream("corrupt", 0);
    for (int i = 0; i < 200; i++) {
      List<Operator> operators = new ArrayList<>(good.operators());
      int at = random.nextInt(operators.size());
      Operator of = operators.get(at);
      Operator other =
          operators.get((at + 1 + random.nextInt(operators.size() - 1)) % operators.size());
      switch (i % 3) {
        case 0 -> operators.set(at, with(of, other.args(), of.name()));
        case 1 -> operators.set(at, with(of, of.args(), other.seedName() + "~99"));
        default -> operators.set(at, with(of, of.args(), of.seedName() + "~98"));
      }
      boolean same =
          operators.get(at).args().equals(of.args())
              && operators.get(at).seedName().equals(of.seedName())
              && of.name().contains("~");
      StepGraph bad =
          new StepGraph("bad", "", good.storages(), good.tensors(), operators, good.results(), 512);
      assertThat(MemoryPlanner.checkCopies(graph, bad).isEmpty())
          .as("corruption %d", i)
          .isEqualTo(same);
    }
  }

  /** A clock that moves a millisecond with every look: the same on slow and fast machines. */
  private static PlanOptions looks(double seconds) {
    var clock = new AtomicLong();
    return new PlanOptions(seconds, new Seed(1), () -> clock.addAndGet(1_000_000));
  }

  private static Operator with(Operator of, List<Argument> args, String name) {
    return new Operator(
        of.id(),
        name,
        of.target(),
        args,
        Map.of(),
        of.outputs(),
        of.reads(),
        of.writes(),
        false,
        "");
  }

  private static StepGraph chain(int n) {
    List<Storage> storages = new ArrayList<>();
    List<TensorSlot> tensors = new ArrayList<>();
    List<Operator> operators = new ArrayList<>();
    storages.add(new Storage(0, 4 * KILO, Storage.Kind.INPUT, "x", ""));
    tensors.add(slot(0));
    for (int i = 1; i <= 2 * n; i++) {
      boolean forward = i <= n;
      storages.add(new Storage(i, 4 * KILO, Storage.Kind.TEMPORARY, "t" + i, ""));
      tensors.add(slot(i));
      List<Integer> reads = forward ? List.of(i - 1) : List.of(i - 1, 2 * n + 1 - i);
      operators.add(
          new Operator(
              i - 1,
              (forward ? "f" : "b") + i,
              "aten.mul.Tensor",
              reads.stream().distinct().<Argument>map(Argument.Tensor::new).toList(),
              Map.of(),
              List.of(OptionalInt.of(i)),
              reads.stream().distinct().toList(),
              List.of(i),
              false,
              ""));
    }
    return new StepGraph("chain", "", storages, tensors, operators, List.of(2 * n), 512);
  }

  private static TensorSlot slot(int storage) {
    return new TensorSlot(storage, storage, "float32", List.of(KILO), List.of(1L), 0);
  }
}
