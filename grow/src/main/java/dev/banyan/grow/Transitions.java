package dev.banyan.grow;

import dev.banyan.core.Progress;
import dev.banyan.grow.prove.ShortTraining;
import dev.banyan.model.LanguageModel;
import dev.banyan.model.Precision;
import dev.banyan.weights.config.ModelConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A trained model grown up, trained on, grown out into experts and trained on, beside a model of
 * the larger size from fresh weights that takes the same steps: what the loss is at each
 * transition.
 *
 * @param points held-out loss in nats per token, in order; two share a step where the model grew
 * @param scratch the same of the fresh model
 * @param upParameters of the larger model
 * @param outParameters of the one with experts; {@code activeParameters} of them pass a token
 */
public record Transitions(
    List<Point> points,
    List<Point> scratch,
    long smallParameters,
    long upParameters,
    long outParameters,
    long activeParameters) {
  /** Loss after so many steps of this part of the life. */
  public record Point(String phase, int step, double loss) {}

  /**
   * What to do.
   *
   * @param source a trained dense model folder
   * @param folder where the grown models go: {@code up}, {@code up-trained}, {@code out}, {@code
   *     out-trained}
   * @param upSteps steps of the larger model; {@code outSteps} of the one with experts
   * @param points how often the loss is looked at while a model is trained
   * @param heldOutRows rows it is looked at on
   */
  public record Plan(
      Path source,
      Path folder,
      Path training,
      Path heldOut,
      int upSteps,
      int outSteps,
      int length,
      int rows,
      double learningRate,
      int points,
      int heldOutRows,
      int threads,
      long seed) {}

  public Transitions {
    points = List.copyOf(points);
    scratch = List.copyOf(scratch);
  }

  /** Half as wide again, one layer in four more. */
  public static Size up(ModelConfig config) {
    var attention = config.attention();
    int perGroup = attention.heads() / attention.keyValueHeads();
    int groups = attention.keyValueHeads() + Math.max(1, attention.keyValueHeads() / 2);
    return new Size(
        config.hiddenSize() * 3 / 2,
        config.layers() + Math.max(1, config.layers() / 4),
        groups * perGroup,
        groups,
        config.intermediateSize() * 3 / 2,
        null);
  }

  /** Goes through all of it. */
  public static Transitions run(Plan plan, Progress progress) throws IOException {
    Path up = plan.folder().resolve("up");
    Path out = plan.folder().resolve("out");
    Path fresh = plan.folder().resolve("fresh");
    ModelConfig small = Growth.config(plan.source());
    var options = GrowthOptions.to(up(small)).withSeed(plan.seed());
    Recipe upRecipe = Growth.plan(plan.source(), options);
    Grown grownUp = Growth.run(plan.source(), up, upRecipe, Progress.none());
    if (!Files.exists(fresh)) {
      var seed = new dev.banyan.core.Seed(plan.seed());
      try (var model = LanguageModel.create(upRecipe.targetConfig(), seed, Precision.F32)) {
        model.save(fresh);
      }
    }
    var training = new ShortTraining(plan);
    List<Point> points = new ArrayList<>();
    points.add(new Point("small", 0, training.loss(plan.source())));
    progress.step(1, "up");
    Path upTrained =
        training.train("up", up, plan.folder().resolve("up-trained"), plan.upSteps(), 0, points);
    progress.step(2, "out");
    var mixture = Mixture.of(Mixture.Method.COPY).withExperts(4, 2);
    Recipe outRecipe =
        Growth.plan(upTrained, GrowthOptions.to(Size.SAME).with(mixture).withSeed(plan.seed()));
    Grown grownOut = Growth.run(upTrained, out, outRecipe, Progress.none());
    training.train(
        "out", out, plan.folder().resolve("out-trained"), plan.outSteps(), plan.upSteps(), points);
    progress.step(3, "scratch");
    List<Point> scratch = new ArrayList<>();
    training.train(
        "scratch",
        fresh,
        plan.folder().resolve("scratch-trained"),
        plan.upSteps() + plan.outSteps(),
        0,
        scratch);
    progress.step(4);
    return new Transitions(
        points,
        scratch,
        grownUp.sourceParameters(),
        grownUp.targetParameters(),
        grownOut.targetParameters(),
        grownOut.activeParameters());
  }
}
