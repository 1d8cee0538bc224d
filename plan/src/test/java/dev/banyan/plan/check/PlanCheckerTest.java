package dev.banyan.plan.check;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banyan.core.Seed;
import dev.banyan.plan.MemoryPlan;
import dev.banyan.plan.MemoryPlanner;
import dev.banyan.plan.PlanOptions;
import dev.banyan.plan.RandomGraphs;
import dev.banyan.plan.StepGraph;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class PlanCheckerTest {
  @Test
  void aThousandCorruptedPlansAreAllRejected() {
    int[] rejected = new int[8];
    int index = 0;
    for (int done = 0; done < 1000; index++) {
      StepGraph graph = RandomGraphs.small(index, 24);
      MemoryPlan plan = MemoryPlanner.plan(graph, PlanOptions.standard().withSeconds(1));
      assertThat(MemoryPlanner.check(graph, plan).faults()).as(graph.source()).isEmpty();
      RandomGenerator random = new Seed(8).stream("corruption", index);
      int kind = index % rejected.length;
      Optional<MemoryPlan> bad = corrupted(graph, plan, kind, random);
      if (bad.isPresent()) {
        assertThat(MemoryPlanner.check(graph, bad.get()).holds())
            .as("corruption of kind %d of %s", kind, graph.source())
            .isFalse();
        rejected[kind]++;
        done++;
      }
    }
    for (int count : rejected) {
      assertThat(count).isGreaterThan(20);
    }
  }

  /** A plan with one thing wrong, or nothing when this graph has no place for it. */
  private static Optional<MemoryPlan> corrupted(
      StepGraph graph, MemoryPlan plan, int kind, RandomGenerator random) {
    List<Integer> order = new ArrayList<>(plan.order());
    List<Long> offsets = new ArrayList<>(plan.offsets());
    return switch (kind) {
      case 0 -> { // two operators that depend on one another change places
        for (int k = 0; k + 1 < order.size(); k++) {
          var first = graph.operators().get(order.get(k));
          var second = graph.operators().get(order.get(k + 1));
          if (first.writes().stream().anyMatch(s -> second.reads().contains(s))) {
            order.set(k, second.id());
            order.set(k + 1, first.id());
            yield Optional.of(with(plan, order, offsets));
          }
        }
        yield Optional.empty();
      }
      case 1 -> { // an operator runs twice, another never
        if (order.size() < 2) {
          yield Optional.empty();
        }
        order.set(1, order.get(0));
        yield Optional.of(with(plan, order, offsets));
      }
      case 2 -> { // a storage is moved onto another that is live with it
        var operator = graph.operators().get(random.nextInt(graph.operators().size()));
        List<Integer> touched = new ArrayList<>(operator.reads());
        operator.writes().stream().filter(s -> !touched.contains(s)).forEach(touched::add);
        touched.removeIf(s -> offsets.get(s) < 0);
        if (touched.size() < 2) {
          yield Optional.empty();
        }
        offsets.set(touched.get(0), offsets.get(touched.get(1)));
        yield Optional.of(with(plan, order, offsets));
      }
      // an offset is not aligned; an offset lies below the arena
      case 3 -> movedBy(plan, order, offsets, random, 1 + random.nextInt(511));
      case 4 -> movedBy(plan, order, offsets, random, -(1L << 40));
      default -> {
        long more = 512L * (1 + random.nextInt(4));
        yield Optional.of(
            new MemoryPlan(
                plan.graphHash(),
                order,
                offsets,
                plan.alignment(),
                plan.peakBytes() - (kind == 5 ? more : 0),
                plan.lowerBoundBytes() + (kind == 6 ? more : 0),
                plan.boundOperator(),
                plan.boundLater(),
                plan.arenaBytes() - (kind == 7 ? more : 0),
                plan.method(),
                plan.seed()));
      }
    };
  }

  private static Optional<MemoryPlan> movedBy(
      MemoryPlan plan, List<Integer> order, List<Long> offsets, RandomGenerator random, long by) {
    int start = random.nextInt(offsets.size());
    for (int i = 0; i < offsets.size(); i++) {
      int s = (start + i) % offsets.size();
      if (offsets.get(s) >= 0) {
        offsets.set(s, offsets.get(s) + by);
        return Optional.of(with(plan, order, offsets));
      }
    }
    return Optional.empty();
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

  @Test
  void aPlanForAnotherGraphIsRejected() {
    MemoryPlan plan = MemoryPlanner.plan(RandomGraphs.small(1, 10), PlanOptions.standard());
    assertThat(MemoryPlanner.check(RandomGraphs.small(2, 10), plan).faults().getFirst())
        .startsWith("the plan is for graph " + plan.graphHash());
  }
}
