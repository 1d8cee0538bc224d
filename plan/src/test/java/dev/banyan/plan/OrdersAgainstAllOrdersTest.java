package dev.banyan.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banyan.plan.bound.LowerBound;
import dev.banyan.plan.bound.MinCut;
import dev.banyan.plan.check.PlanChecker;
import dev.banyan.plan.graph.Block;
import dev.banyan.plan.graph.Dag;
import dev.banyan.plan.order.CutOrder;
import dev.banyan.plan.order.OrderMethod;
import dev.banyan.plan.order.Rivals;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Ten thousand small graphs whose every order can be tried. */
class OrdersAgainstAllOrdersTest {
  private static final int GRAPHS = 10_000;

  @Test
  void ourOrderIsTheBestOfAllOrders() {
    for (int i = 0; i < GRAPHS; i++) {
      StepGraph graph = RandomGraphs.small(i, 10);
      var truth = new AllOrders(graph);
      CutOrder.Found found = CutOrder.order(Dag.of(graph), List.of(), () -> false);
      assertThat(truth.allows(found.order())).as(graph.source()).isTrue();
      assertThat(truth.peak(found.order())).as(graph.source()).isEqualTo(found.peakBytes());
      assertThat(found.peakBytes()).as(graph.source()).isEqualTo(truth.bestPeak());
      assertThat(found.bound().bytes()).as(graph.source()).isLessThanOrEqualTo(truth.bestPeak());
    }
  }

  @Test
  void everyMethodGivesAnOrderThatKeepsTheDependences() {
    for (int i = 0; i < GRAPHS / 4; i++) {
      StepGraph graph = RandomGraphs.small(i, 10);
      var truth = new AllOrders(graph);
      Dag dag = Dag.of(graph);
      Block block = Block.whole(dag, dag.programOrder());
      for (OrderMethod method : Rivals.all()) {
        int[] order = method.order(block);
        assertThat(truth.allows(order)).as(method.name() + ", " + graph.source()).isTrue();
        assertThat(block.peak(order)).as(method.name()).isEqualTo(truth.peak(order));
        int[] back = method.order(block.mirrored());
        int[] turned = new int[back.length];
        for (int k = 0; k < back.length; k++) {
          turned[k] = back.length - 1 - back[back.length - 1 - k];
        }
        assertThat(truth.allows(turned)).as("mirrored " + method.name()).isTrue();
        assertThat(block.mirrored().peak(back)).isEqualTo(truth.peak(turned));
      }
    }
  }

  @Test
  void theMinimumCutIsTheCheapestDownset() {
    for (int i = 0; i < GRAPHS; i++) {
      StepGraph graph = RandomGraphs.small(i, 9);
      List<Long> truth = new AllOrders(graph).leastLoads();
      Dag dag = Dag.of(graph);
      Block block = Block.whole(dag, dag.programOrder());
      var cut = new MinCut(block);
      var back = new MinCut(block.mirrored());
      for (int v = 0; v < dag.n; v++) {
        assertThat(cut.bytes(v)).as(graph.source() + " " + v).isEqualTo(truth.get(v));
        assertThat(back.bytes(dag.n - 1 - v)).as("mirrored " + v).isEqualTo(truth.get(v));
      }
    }
  }

  @Test
  void choicesRaiseTheBoundButNeverAboveTheBestPeakAndTheCheckerProvesThem() {
    int raised = 0;
    for (int i = 0; i < GRAPHS / 4; i++) {
      StepGraph graph = RandomGraphs.small(i, 10);
      long best = new AllOrders(graph).bestPeak();
      Dag dag = Dag.of(graph);
      Block block = Block.whole(dag, dag.programOrder());
      int[] order = CutOrder.order(dag, List.of(), () -> false).order();
      LowerBound plain = LowerBound.of(block, order, Long.MAX_VALUE, () -> false);
      LowerBound more = plain.raised(block, order, Long.MAX_VALUE, () -> false);
      assertThat(more.bytes()).isBetween(plain.bytes(), best);
      raised += more.bytes() > plain.bytes() ? 1 : 0;
      MemoryPlan plan = MemoryPlanner.plan(graph, PlanOptions.standard());
      PlanCheck check = PlanChecker.check(graph, plan.graphHash(), plan);
      assertThat(check.faults()).as(graph.source()).isEmpty();
    }
    assertThat(raised).as("graphs whose bound a choice raised").isGreaterThan(5);
  }
}
