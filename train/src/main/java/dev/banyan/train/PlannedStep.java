package dev.banyan.train;

import dev.banyan.core.Progress;
import dev.banyan.core.Seed;
import dev.banyan.core.UserInputException;
import dev.banyan.plan.MemoryPlan;
import dev.banyan.plan.Operator;
import dev.banyan.plan.StepGraph;
import dev.banyan.plan.Storage;
import dev.banyan.train.replay.BlockMemory;
import dev.banyan.train.replay.Replay;
import dev.banyan.train.replay.SeparateMemory;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

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
   * @throws UserInputException when the plan is not for this graph's size, a tensor would lie
   *     outside its memory, or libtorch refuses an operator; the message names it
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
   * @throws UserInputException as {@link #run}
   */
  public static StepComparison compare(
      StepGraph graph, MemoryPlan plan, StepValues values, Seed seed, Progress progress) {
    return compare(graph, graph, plan, values, seed, progress);
  }

  /**
   * As above, of a step that was changed to need less memory, with operators run again: {@code
   * original} in program order against {@code graph} as planned.
   *
   * @param graph what outlives the step has the same ids as in {@code original}, and the results
   *     stand in the same order
   * @throws UserInputException as {@link #run}, and when the two are not the same step
   */
  public static StepComparison compare(
      StepGraph original,
      StepGraph graph,
      MemoryPlan plan,
      StepValues values,
      Seed seed,
      Progress progress) {
    requireSame(original, graph);
    try (SeparateMemory separate = SeparateMemory.of(original, values);
        BlockMemory block = BlockMemory.of(graph, plan, values)) {
      StepRun apart = new Replay(original, original.programOrder(), separate, seed).run(progress);
      StepRun planned = new Replay(graph, plan.order(), block, seed).run(progress);
      List<String> differing = new ArrayList<>();
      int compared = 0;
      long bytes = 0;
      for (Map.Entry<Integer, Integer> pair : kept(original, graph).entrySet()) {
        MemorySegment own = separate.of(pair.getKey());
        compared++;
        bytes += own.byteSize();
        if (own.mismatch(block.of(pair.getValue())) >= 0) {
          Storage storage = original.storages().get(pair.getKey());
          differing.add(storage.kind().word() + " " + storage.name());
        }
      }
      return new StepComparison(differing, compared, bytes, planned, apart);
    }
  }

  private static void requireSame(StepGraph original, StepGraph graph) {
    boolean same =
        original.results().size() == graph.results().size()
            && original.storages().size() <= graph.storages().size();
    for (int id = 0; same && id < original.storages().size(); id++) {
      Storage own = original.storages().get(id);
      same = !own.isPersistent() || own.equals(graph.storages().get(id));
    }
    if (!same) {
      throw new UserInputException(graph.source() + ": is another step than " + original.source());
    }
  }

  /**
   * What a step leaves behind: results, and what it wrote of what outlives it; by its id in the
   * original, its id in the graph.
   */
  private static Map<Integer, Integer> kept(StepGraph original, StepGraph graph) {
    Map<Integer, Integer> kept = new TreeMap<>();
    for (int i = 0; i < original.results().size(); i++) {
      kept.put(
          original.tensors().get(original.results().get(i)).storage(),
          graph.tensors().get(graph.results().get(i)).storage());
    }
    for (Operator operator : original.operators()) {
      for (int id : operator.writes()) {
        if (original.storages().get(id).isPersistent()) {
          kept.put(id, id);
        }
      }
    }
    return kept;
  }
}
