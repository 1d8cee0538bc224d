package dev.banyan.train;

import dev.banyan.core.Progress;
import dev.banyan.core.Seed;
import dev.banyan.plan.MemoryPlan;
import dev.banyan.plan.StepGraph;
import dev.banyan.plan.Storage;
import dev.banyan.train.replay.BlockMemory;
import dev.banyan.train.replay.Replay;
import dev.banyan.train.replay.SeparateMemory;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.SequencedSet;
import java.util.TreeSet;

/**
 * A traced training step run through libtorch inside one block of memory, every tensor at its
 * planned place.
 *
 * <pre>{@code
 * StepGraph graph = MemoryPlanner.read(Path.of("step.json.gz"));
 * MemoryPlan plan = MemoryPlanner.readPlan(Path.of("plan.json"));
 * var values = StepValues.seeded(graph, new Seed(1));
 * StepComparison same = PlannedStep.compare(graph, plan, values, new Seed(1), Progress.none());
 * same.equal();
 * }</pre>
 *
 * <p>A storage's bytes are overwritten with 0xFF (not a number) when it dies. Before every random
 * operator libtorch's generator is seeded by the seed and the operator's name, so that masks do not
 * depend on the order.
 */
public final class PlannedStep {
  private PlannedStep() {}

  /**
   * Runs a step as planned.
   *
   * @throws dev.banyan.core.UserInputException when the plan is not for this graph's size, a tensor
   *     would lie outside its memory, or libtorch refuses an operator; the message names it
   */
  public static StepRun run(
      StepGraph graph, MemoryPlan plan, StepValues values, Seed seed, Progress progress) {
    try (BlockMemory block = BlockMemory.of(graph, plan, values)) {
      return new Replay(graph, plan.order(), block, seed).run(progress);
    }
  }

  /**
   * Runs a step in program order under separate allocations, then as planned, and compares every
   * result and every parameter and state that was written, bit for bit.
   *
   * @throws dev.banyan.core.UserInputException as {@link #run}
   */
  public static StepComparison compare(
      StepGraph graph, MemoryPlan plan, StepValues values, Seed seed, Progress progress) {
    try (SeparateMemory separate = SeparateMemory.of(graph, values);
        BlockMemory block = BlockMemory.of(graph, plan, values)) {
      StepRun apart = new Replay(graph, graph.programOrder(), separate, seed).run(progress);
      StepRun planned = new Replay(graph, plan.order(), block, seed).run(progress);
      List<String> differing = new ArrayList<>();
      int compared = 0;
      long bytes = 0;
      for (int id : kept(graph)) {
        MemorySegment own = separate.of(id);
        compared++;
        bytes += own.byteSize();
        if (own.mismatch(block.of(id)) >= 0) {
          Storage storage = graph.storages().get(id);
          differing.add(storage.kind().word() + " " + storage.name());
        }
      }
      return new StepComparison(differing, compared, bytes, planned, apart);
    }
  }

  /** What a step leaves behind: results, and what it wrote of what outlives it. */
  private static SequencedSet<Integer> kept(StepGraph graph) {
    var kept = new TreeSet<Integer>(graph.resultStorages());
    graph
        .operators()
        .forEach(
            operator ->
                operator.writes().stream()
                    .filter(id -> graph.storages().get(id).isPersistent())
                    .forEach(kept::add));
    return kept;
  }
}
