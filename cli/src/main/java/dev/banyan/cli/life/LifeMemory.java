package dev.banyan.cli.life;

import dev.banyan.cli.plan.StepInputs;
import dev.banyan.core.AtomicFile;
import dev.banyan.core.Progress;
import dev.banyan.core.Seed;
import dev.banyan.plan.MemoryPlan;
import dev.banyan.plan.MemoryPlanner;
import dev.banyan.plan.PlanFigures;
import dev.banyan.plan.PlanOptions;
import dev.banyan.plan.StepGraph;
import dev.banyan.train.PackedBatch;
import dev.banyan.train.PlannedStep;
import dev.banyan.train.StepComparison;
import dev.banyan.train.StepValues;
import dev.banyan.weights.WeightFolder;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The memory of one training step: the step of a PyTorch twin of the model, traced once and shipped
 * ({@code interop/make_step_dumps.sh}), is planned, the plan is checked, and the step runs inside
 * the plan's block with the weights that were trained.
 */
final class LifeMemory {
  private static final int POINTS = 240;

  private final Path folder;
  private final Seed seed;

  LifeMemory(Path folder, Seed seed) {
    this.folder = folder;
    this.seed = seed;
  }

  Path graphFile() {
    return folder.resolve("step.json.gz");
  }

  Path planFile() {
    return folder.resolve("plan.json");
  }

  Path inputsFile() {
    return folder.resolve("batch.json");
  }

  /**
   * @param scale {@code tiny} or {@code default}: the twin that is nearest
   * @param model what was trained; its weights are used when they fit the twin
   * @param batch a batch of the run, with the trainer's loss for it
   */
  Lived.Memory run(String scale, Path model, PackedBatch batch) throws IOException {
    Files.createDirectories(folder);
    AtomicFile.write(graphFile(), out -> out.write(shipped(scale)));
    StepInputs.write(batch.inputs(), inputsFile());
    StepGraph graph = MemoryPlanner.read(graphFile());
    MemoryPlan plan = MemoryPlanner.plan(graph, PlanOptions.standard().withSeconds(4));
    MemoryPlanner.write(plan, planFile());
    boolean holds = MemoryPlanner.check(graph, plan).holds();
    StepValues seeded = StepValues.seeded(graph, seed);
    try (WeightFolder weights = WeightFolder.open(model)) {
      boolean own = StepValues.fits(graph, weights) && takes(graph, batch);
      StepValues values = own ? StepValues.ofWeights(weights, batch.inputs(), seeded) : seeded;
      StepComparison found = PlannedStep.compare(graph, plan, values, seed, Progress.none());
      return found(scale, own, holds, graph, plan, found, batch);
    }
  }

  private Lived.Memory found(
      String scale,
      boolean own,
      boolean holds,
      StepGraph graph,
      MemoryPlan plan,
      StepComparison found,
      PackedBatch batch) {
    PlanFigures figures = MemoryPlanner.figures(graph, plan);
    return new Lived.Memory(
        scale,
        own,
        holds,
        figures.operators(),
        figures.persistentBytes(),
        figures.programOrderPeakBytes(),
        figures.cachingAllocatorBytes(),
        figures.peakBytes(),
        figures.lowerBoundBytes(),
        figures.arenaBytes(),
        found.equal(),
        found.compared(),
        found.planned().largestTemporaryBytes(),
        found.planned().scalars().getFirst(),
        batch.loss(),
        highest(MemoryPlanner.loads(graph, graph.programOrder())),
        highest(MemoryPlanner.loads(graph, plan.order())));
  }

  /** Whether the twin's tables have the batch's shape. */
  private static boolean takes(StepGraph graph, PackedBatch batch) {
    return graph.tensors().stream()
        .filter(tensor -> graph.storages().get(tensor.storage()).name().equals("ids"))
        .anyMatch(
            tensor -> tensor.shape().equals(List.of((long) batch.rows(), (long) batch.length())));
  }

  /** The highest load of each of as many stretches of steps as a chart shows. */
  private static List<Long> highest(long[] loads) {
    List<Long> highest = new ArrayList<>();
    for (int point = 0; point < Math.min(POINTS, loads.length); point++) {
      int from = (int) ((long) point * loads.length / Math.min(POINTS, loads.length));
      int to = (int) ((point + 1L) * loads.length / Math.min(POINTS, loads.length));
      long most = 0;
      for (int step = from; step < to; step++) {
        most = Math.max(most, loads[step]);
      }
      highest.add(most);
    }
    return highest;
  }

  private static byte[] shipped(String scale) throws IOException {
    String name = "step-" + scale + ".json.gz";
    try (InputStream in = LifeMemory.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException(name + " is missing from the jar");
      }
      return in.readAllBytes();
    }
  }
}
