package dev.banyan.grow.prove;

import dev.banyan.core.Json;
import dev.banyan.core.Progress;
import dev.banyan.core.Seed;
import dev.banyan.core.Settings;
import dev.banyan.grow.Growth;
import dev.banyan.grow.GrowthOptions;
import dev.banyan.grow.GrowthProof;
import dev.banyan.grow.Proof;
import dev.banyan.grow.ProofPlan;
import dev.banyan.grow.Recipe;
import dev.banyan.model.LanguageModel;
import dev.banyan.model.Precision;
import dev.banyan.model.Tokenizer;
import dev.banyan.train.ModelShape;
import dev.banyan.train.TrainConfig;
import dev.banyan.train.Trainer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Trains the arms of one seed. All see the same data in the same order from its begin, with the
 * same warm-up and decay; the small model is trained once. What an arm came to is kept in its
 * folder, and read there when it is asked for again.
 */
public final class Training {
  private static final int LENGTH = 64;
  private static final int ROWS = 8;
  private static final int POINTS = 12;
  private static final String KEPT = "curve.json";

  private final ProofPlan plan;
  private final Path folder;
  private final long seed;
  private final HeldOut heldOut;
  private final ModelShape small;
  private final ModelShape large;

  /** What an arm came to. */
  public record Trained(Proof.Run run, long parameters) {}

  /** The arms of seed {@code index}. */
  public Training(ProofPlan plan, int index, ModelShape small, ModelShape large) {
    this.plan = plan;
    this.folder = plan.folder().resolve("seed-" + (index + 1));
    this.seed = new Seed(plan.seed()).of("proof", index).value();
    this.heldOut = new HeldOut(plan.heldOut(), Tokenizer.open(plan.tokenizer()), 64, LENGTH);
    this.small = small;
    this.large = large;
  }

  private double perStep(Path model) {
    return GrowthProof.flopsPerToken(model, LENGTH) * LENGTH * ROWS;
  }

  /** Trains an arm, the small model first when it needs it. */
  public Trained train(Arms.Arm arm) throws IOException {
    Path out = folder.resolve(arm.name());
    if (Files.exists(out.resolve(KEPT))) {
      return Json.read(out.resolve(KEPT), Trained.class);
    }
    Path base = small();
    double spent = arm.fromSmall() ? plan.smallSteps() * perStep(base) : 0;
    double seen = arm.fromSmall() ? (double) plan.smallSteps() * LENGTH * ROWS : 0;
    Path start = start(arm, base);
    double all = budget(arm);
    int steps = (int) Math.round((all - spent) / perStep(start));
    Trained trained =
        train(
            out,
            Map.of("start", start.toString()),
            Math.max(10, steps),
            perStep(start),
            spent,
            seen);
    Json.write(out.resolve(KEPT), trained);
    return trained;
  }

  /** FLOPs an arm may spend in all. */
  private double budget(Arms.Arm arm) throws IOException {
    if (!arm.sparse()) {
      double scratch = plan.steps() * perStep(fresh("large", large));
      return arm.fromSmall() ? plan.budget() * scratch : scratch;
    }
    // sparse arms all spend the same: the small model's training, then half as many steps of
    // experts
    Path experts = grown(Arms.all(small, large).getLast(), small());
    return plan.smallSteps() * (perStep(small()) + perStep(experts) / 2);
  }

  private Path start(Arms.Arm arm, Path base) throws IOException {
    if (arm.fromSmall()) {
      return grown(arm, base);
    }
    GrowthOptions options = arm.grown();
    if (options == null) {
      return fresh("large", large);
    }
    Path fresh = folder.resolve("fresh-" + arm.name());
    if (!Files.exists(fresh)) {
      Recipe recipe = Growth.plan(base, options.withSeed(seed));
      create(fresh, recipe.targetConfig());
    }
    return fresh;
  }

  private Path grown(Arms.Arm arm, Path base) {
    GrowthOptions options = arm.grown();
    if (options == null) {
      return base;
    }
    Path grown = folder.resolve("grown-" + arm.name());
    Recipe recipe = Growth.plan(base, options.withSeed(seed));
    Growth.run(base, grown, recipe, Progress.none());
    return grown;
  }

  private Path fresh(String name, ModelShape shape) {
    Path fresh = folder.resolve("fresh-" + name);
    if (!Files.exists(fresh)) {
      Tokenizer tokenizer = Tokenizer.open(plan.tokenizer());
      create(
          fresh,
          shape.llama(
              tokenizer.vocabSize(),
              LENGTH,
              tokenizer.bosId().orElse(0),
              tokenizer.eosId().orElse(0),
              tokenizer.padId().orElse(0)));
    }
    return fresh;
  }

  private void create(Path folder, dev.banyan.weights.config.ModelConfig config) {
    try (var model = LanguageModel.create(config, new Seed(seed).of("model"), Precision.F32)) {
      model.save(folder);
    }
  }

  private Path small() throws IOException {
    Path out = folder.resolve("small");
    if (!Files.exists(out.resolve(KEPT))) {
      Path start = fresh("small", small);
      Trained trained =
          train(out, Map.of("start", start.toString()), plan.smallSteps(), perStep(start), 0, 0);
      Json.write(out.resolve(KEPT), trained);
    }
    return out.resolve("model");
  }

  private Trained train(
      Path out, Map<String, Object> start, int steps, double perStep, double spent, double seen)
      throws IOException {
    Map<String, Object> keys = new LinkedHashMap<>(start);
    keys.put("out", out.toString());
    keys.put("data", plan.training().stream().map(Path::toString).toList());
    keys.put("tokenizer", plan.tokenizer().toString());
    keys.put("length", LENGTH);
    keys.put("rows", ROWS);
    keys.put("steps", steps);
    keys.put("learning-rate", 4e-3);
    keys.put("final-learning-rate", 0.05);
    keys.put("warmup", 0.05);
    keys.put("checkpoint-every", 0);
    keys.put("seed", seed);
    keys.put("threads", plan.threads());
    TrainConfig config = TrainConfig.of(Settings.of(TrainConfig.SETTINGS).with(keys, "prove"));
    List<Proof.Point> points = new ArrayList<>();
    int every = Math.max(1, steps / POINTS);
    var result =
        Trainer.run(
            config,
            Progress.none(),
            (step, model) -> {
              if (step % every == 0 || step == steps) {
                points.add(
                    new Proof.Point(
                        seen + (double) step * LENGTH * ROWS,
                        spent + step * perStep,
                        heldOut.loss(model)));
              }
            });
    return new Trained(new Proof.Run(points, entropy(out)), result.parameters());
  }

  /** Mean entropy of the experts' load over the last tenth of a run's log. */
  private static double entropy(Path out) throws IOException {
    List<String> lines = Files.readAllLines(out.resolve("metrics.jsonl"));
    double sum = 0;
    int count = 0;
    for (String line : lines.subList(lines.size() * 9 / 10, lines.size())) {
      @Nullable JsonNode entropy = Json.mapper().readTree(line).get("expertEntropy");
      if (entropy != null) {
        sum += entropy.doubleValue();
        count++;
      }
    }
    return count == 0 ? 1 : sum / count;
  }
}
