package dev.banyan.grow.prove;

import dev.banyan.core.Progress;
import dev.banyan.core.Settings;
import dev.banyan.grow.Transitions;
import dev.banyan.grow.Transitions.Point;
import dev.banyan.model.LanguageModel;
import dev.banyan.model.Tokenizer;
import dev.banyan.train.TrainConfig;
import dev.banyan.train.Trainer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Trains a model for some steps and looks at its held-out loss on the way. */
public final class ShortTraining {
  private final Transitions.Plan plan;
  private final HeldOut heldOut;

  public ShortTraining(Transitions.Plan plan) {
    this.plan = plan;
    this.heldOut =
        new HeldOut(
            plan.heldOut(), Tokenizer.open(plan.source()), plan.heldOutRows(), plan.length());
  }

  /** Held-out nats per token of a model folder. */
  public double loss(Path folder) {
    try (var model = LanguageModel.open(folder)) {
      return heldOut.loss(model);
    }
  }

  /** Trains {@code start}; the trained model's folder. */
  public Path train(String phase, Path start, Path out, int steps, int before, List<Point> points)
      throws IOException {
    Map<String, Object> keys = new LinkedHashMap<>();
    keys.put("start", start.toString());
    keys.put("tokenizer", plan.source().toString());
    keys.put("out", out.toString());
    keys.put("data", plan.training().toString());
    keys.put("length", plan.length());
    keys.put("rows", plan.rows());
    keys.put("steps", steps);
    keys.put("learning-rate", plan.learningRate());
    keys.put("final-learning-rate", 0.1);
    keys.put("warmup", 0.1);
    keys.put("checkpoint-every", 0);
    keys.put("seed", plan.seed());
    keys.put("threads", plan.threads());
    TrainConfig config = TrainConfig.of(Settings.of(TrainConfig.SETTINGS).with(keys, "grow"));
    int every = Math.max(1, steps / plan.points());
    var result =
        Trainer.runAnew(
            config,
            Progress.none(),
            (step, model) -> {
              if (step % every == 0 || step == steps) {
                points.add(new Point(phase, before + (int) step, heldOut.loss(model)));
              }
            });
    return result.model();
  }
}
