package dev.banyan.cli.plan;

import dev.banyan.cli.frame.Common;
import dev.banyan.cli.frame.UsesLibtorch;
import dev.banyan.core.ExitCode;
import dev.banyan.core.Format;
import dev.banyan.core.Progress;
import dev.banyan.core.UserInputException;
import dev.banyan.plan.MemoryPlan;
import dev.banyan.plan.MemoryPlanner;
import dev.banyan.plan.StepGraph;
import dev.banyan.tensor.Libtorch;
import dev.banyan.train.PlannedStep;
import dev.banyan.train.StepComparison;
import dev.banyan.train.StepRun;
import dev.banyan.train.StepValues;
import dev.banyan.weights.WeightFolder;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code banyan plan run GRAPH PLAN}. */
@UsesLibtorch
@Command(
    name = "run",
    description = {
      "Run a step through libtorch inside one block of memory, every tensor at its planned place,",
      "and in program order under separate allocations; compare every result, parameter and state",
      "bit for bit. Exit code 1 when a bit differs."
    },
    footer = "  banyan plan run step.json.gz plan.json")
public final class PlanRunCommand implements Callable<ExitCode> {
  private static final int SHOWN = 10;

  @Parameters(index = "0", paramLabel = "GRAPH", description = "The step dump.")
  private Path graphFile = Path.of("step.json.gz");

  @Parameters(index = "1", paramLabel = "PLAN", description = "The plan made for it.")
  private Path planFile = Path.of("plan.json");

  @Option(
      names = "--original",
      paramLabel = "FILE",
      description = {
        "The step that GRAPH was made from, when GRAPH runs operators again (plan make --budget);",
        "it is what is run in program order."
      })
  private @Nullable Path original;

  @Option(
      names = "--weights",
      paramLabel = "DIR",
      description = "A Hugging Face folder whose weights the parameters are, by name.")
  private @Nullable Path weights;

  @Option(
      names = "--inputs",
      paramLabel = "FILE.json",
      description =
          "Whole-number inputs by name, each a flat list; the others are drawn by --seed.")
  private @Nullable Path inputs;

  @Option(
      names = "--threads",
      paramLabel = "N",
      defaultValue = "0",
      description = "Threads of libtorch; 0 for one per core.")
  private int threads;

  @Mixin private Common common = new Common();

  @Override
  public ExitCode call() throws IOException {
    if (threads < 0) {
      throw new UserInputException("--threads " + threads + ": expected 0 or more");
    }
    StepGraph graph = MemoryPlanner.read(graphFile);
    MemoryPlan plan = PlanCheckCommand.planFor(graph, graphFile, planFile);
    int cores = Runtime.getRuntime().availableProcessors();
    Libtorch.start(Libtorch.Use.TRAIN_F32, threads == 0 ? cores : threads);
    StepGraph compared = original == null ? graph : MemoryPlanner.read(original);
    StepComparison found = compare(compared, graph, plan);
    print(common.out(), found);
    StepRun planned = found.planned();
    common.emit(
        common
            .result()
            .put("equal", found.equal())
            .put("differing", found.differing())
            .put("compared", found.compared())
            .put("comparedBytes", found.comparedBytes())
            .put("scalars", planned.scalars())
            .put("outKernels", planned.outKernels())
            .put("copied", planned.copied())
            .put("inPlace", planned.inPlace())
            .put("untouched", planned.untouched())
            .put("random", planned.random())
            .put("blockBytes", planned.blockBytes())
            .put("liveBytes", planned.liveBytes())
            .put("separateLiveBytes", found.separate().liveBytes())
            .put("largestTemporaryBytes", planned.largestTemporaryBytes())
            .put("largestTemporary", planned.largestTemporary())
            .put("unknownConstants", planned.unknownConstants())
            .put("seconds", planned.seconds())
            .put("separateSeconds", found.separate().seconds()));
    return found.equal() ? ExitCode.DONE : ExitCode.NO;
  }

  private StepComparison compare(StepGraph before, StepGraph graph, MemoryPlan plan) {
    Map<String, long[]> given = inputs == null ? Map.of() : StepInputs.read(inputs);
    StepValues seeded = StepValues.seeded(before, common.seed());
    try (Progress progress = common.progress("plan run", graph.operators().size(), "operators")) {
      if (weights == null) {
        StepValues values = StepValues.ofInputs(given, seeded);
        return PlannedStep.compare(before, graph, plan, values, common.seed(), progress);
      }
      try (WeightFolder folder = WeightFolder.open(weights)) {
        StepValues values = StepValues.ofWeights(folder, given, seeded);
        return PlannedStep.compare(before, graph, plan, values, common.seed(), progress);
      }
    }
  }

  private void print(PrintWriter to, StepComparison found) {
    StepRun run = found.planned();
    to.printf(
        "%s: %s in one block; in program order %s live at once, separately allocated%n",
        graphFile, Format.bytes(run.blockBytes()), Format.bytes(found.separate().liveBytes()));
    to.printf(
        "%,d operators wrote straight into place, %,d were copied there, %,d worked in place, %,d"
            + " drew random numbers%n",
        run.outKernels(), run.copied(), run.inPlace(), run.random());
    to.printf(
        "largest temporary outside the block: %s%s%n",
        Format.bytes(run.largestTemporaryBytes()),
        run.largestTemporary().isEmpty() ? "" : ", the results of " + run.largestTemporary());
    if (!run.unknownConstants().isEmpty()) {
      to.printf(
          "made up, as the graph does not hold them: %s%n",
          String.join(", ", few(run.unknownConstants())));
    }
    for (int i = 0; i < run.scalars().size(); i++) {
      to.printf("result %d: %s%n", i, run.scalars().get(i));
    }
    if (found.equal()) {
      to.printf(
          "same bits: %,d results, parameters and state, %s%n",
          found.compared(), Format.bytes(found.comparedBytes()));
    } else {
      to.printf(
          "DIFFERENT: %,d of %,d results, parameters and state: %s%n",
          found.differing().size(), found.compared(), String.join(", ", few(found.differing())));
    }
    to.printf(
        "%.2f s in the block, %.2f s separately allocated%n",
        run.seconds(), found.separate().seconds());
  }

  private static List<String> few(List<String> names) {
    return names.size() > SHOWN ? names.subList(0, SHOWN) : names;
  }
}
