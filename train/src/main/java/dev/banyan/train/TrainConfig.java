package dev.banyan.train;

import dev.banyan.core.Setting;
import dev.banyan.core.Settings;
import dev.banyan.core.UserInputException;
import dev.banyan.model.Precision;
import dev.banyan.train.schedule.Cosine;
import dev.banyan.train.schedule.Schedule;
import dev.banyan.train.schedule.WarmupStableDecay;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What a training run is told. {@link #SETTINGS} lists every key of its YAML file with default and
 * meaning; {@link #of} checks them.
 *
 * @param out the run's folder: checkpoints, metrics, and at the end {@code model}
 * @param start the model to go on from; empty for a fresh one of {@code shape}
 * @param tokenizer folder or file; empty to take the start model's
 * @param threads how many threads compute; changes the speed and nothing else
 */
public record TrainConfig(
    Path out,
    Optional<Path> start,
    Optional<Path> tokenizer,
    ModelShape shape,
    Data data,
    Steps steps,
    Optimizer optimizer,
    Routers routers,
    Checkpointing checkpointing,
    long seed,
    int threads) {

  /**
   * What goes into a step.
   *
   * @param paths files and folders
   * @param length tokens of a row
   * @param rows rows of a micro-batch
   * @param accumulate micro-batches of a step
   * @param shards parts the rows of a micro-batch are computed in, side by side; part of the recipe
   *     because sums depend on it
   */
  public record Data(
      List<Path> paths,
      Corpus.Options reading,
      boolean shuffle,
      int length,
      int rows,
      int accumulate,
      int shards) {
    public Data {
      paths = List.copyOf(paths);
    }
  }

  /**
   * How long and how fast.
   *
   * @param count optimizer steps of the whole run
   */
  public record Steps(int count, Schedule schedule, Precision precision) {}

  /** AdamW and clipping; {@code clip} 0 leaves gradients as they are. */
  public record Optimizer(
      double beta1, double beta2, double epsilon, double weightDecay, double clip) {}

  /**
   * Weights of the losses that routers of mixtures learn from beside the text.
   *
   * @param balance load balancing, one when all experts are chosen alike
   * @param z mean square of the log of the softmax's sum
   */
  public record Routers(double balance, double z) {
    /** As published for AquilaMoE (arXiv 2408.06567, section 4). */
    public static final Routers PUBLISHED = new Routers(0.001, 0.01);
  }

  /**
   * What is kept.
   *
   * @param every steps between checkpoints; 0 for none but the last
   * @param keep how many of them stay
   * @param carry whether a fresh run takes the moments that lie beside the start model
   */
  public record Checkpointing(int every, int keep, boolean carry) {}

  enum ScheduleName {
    COSINE,
    WSD
  }

  /** Every key, in the order help lists them. */
  public static final List<Setting> SETTINGS =
      Setting.table(
          """
          out                   PATHS    -       Folder of the run: checkpoints, metrics, at the end the model.
          data                  PATHS    -       Files and folders to learn from: .jsonl .txt .md .html, each also .gz.
          start                 PATHS    -       Model folder to go on from; without it a fresh Llama is made.
          tokenizer             PATHS    -       Tokenizer folder; default is the start model's.
          hidden                INTEGER  256     Width of a fresh model.
          layers                INTEGER  6       Layers of a fresh model.
          heads                 INTEGER  8       Attention heads of a fresh model.
          kv-heads              INTEGER  4       Key-value heads of a fresh model.
          ffn                   INTEGER  704     Feed-forward width of a fresh model.
          tied                  FLAG     true    Whether a fresh model's output matrix is its embedding.
          length                INTEGER  256     Tokens of a row.
          rows                  INTEGER  8       Rows of a micro-batch.
          accumulate            INTEGER  1       Micro-batches of a step.
          shards                INTEGER  2       Parts the rows are computed in side by side; one thread or more each.
          steps                 INTEGER  -       Optimizer steps.
          learning-rate         NUMBER   1e-3    Highest learning rate.
          final-learning-rate   NUMBER   0.1     Last learning rate, as a share of the highest.
          schedule              TEXT     cosine  cosine, or wsd (warm-up, stable, decay).
          warmup                NUMBER   0.05    Share of the steps with rising learning rate.
          decay                 NUMBER   0.2     Share of the steps at the end with falling rate (wsd).
          precision             TEXT     f32     f32, or bf16 (faster where the processor has it).
          beta1                 NUMBER   0.9     AdamW: decay of the first moment.
          beta2                 NUMBER   0.95    AdamW: decay of the second moment.
          epsilon               NUMBER   1e-8    AdamW: added to the root of the second moment.
          weight-decay          NUMBER   0.1     AdamW: decay of matrices; norms and biases have none.
          clip                  NUMBER   1.0     Largest joint norm of the gradients; 0 for no limit.
          router-balance        NUMBER   0.001   Weight of the load-balancing loss of models with experts.
          router-z              NUMBER   0.01    Weight of the z-loss of their routers.
          shuffle               FLAG     true    Whether each epoch has an order of its own.
          skip-bad-lines        FLAG     false   Count lines that are no example and leave them out.
          lossy                 FLAG     false   Read bytes that are not UTF-8 as U+FFFD.
          checkpoint-every      INTEGER  200     Steps between checkpoints; 0 for none.
          keep                  INTEGER  2       Checkpoints that stay.
          carry-optimizer       FLAG     false   Begin with the moments beside the start model: a checkpoint's, or what grow made of them.
          seed                  INTEGER  1       Where all randomness comes from.
          ranks                 INTEGER  1       Processes that share the work of every step; divides shards.
          events                PATHS    -       Folder for event lines of the ranks' collectives.
          threads               INTEGER  0       Threads; 0 for one per core. Changes nothing but the speed.
          """);

  /**
   * Checks settings and gives them their types.
   *
   * @throws UserInputException naming the key
   */
  public static TrainConfig of(Settings settings) {
    var data =
        new Data(
            settings.paths("data"),
            new Corpus.Options(settings.flag("skip-bad-lines"), settings.flag("lossy")),
            settings.flag("shuffle"),
            settings.count("length", 2),
            settings.count("rows", 1),
            settings.count("accumulate", 1),
            settings.count("shards", 1));
    if (data.paths().isEmpty()) {
      throw new UserInputException("data is missing: which files and folders to learn from");
    }
    if (data.rows() % data.shards() != 0) {
      throw new UserInputException(
          "rows is %d and shards is %d; rows must be a multiple of shards"
              .formatted(data.rows(), data.shards()));
    }
    int threads = settings.count("threads", 0);
    return new TrainConfig(
        Path.of(settings.required("out")),
        settings.path("start"),
        settings.path("tokenizer"),
        new ModelShape(
            settings.count("hidden", 1),
            settings.count("layers", 1),
            settings.count("heads", 1),
            settings.count("kv-heads", 1),
            settings.count("ffn", 1),
            settings.flag("tied")),
        data,
        steps(settings),
        new Optimizer(
            settings.number("beta1", 0, 1),
            settings.number("beta2", 0, 1),
            settings.number("epsilon", 0, 1),
            settings.number("weight-decay", 0, 100),
            settings.number("clip", 0, 1e9)),
        new Routers(settings.number("router-balance", 0, 1e3), settings.number("router-z", 0, 1e3)),
        new Checkpointing(
            settings.count("checkpoint-every", 0),
            settings.count("keep", 1),
            settings.flag("carry-optimizer")),
        settings.whole("seed", Long.MIN_VALUE, Long.MAX_VALUE),
        threads == 0 ? Runtime.getRuntime().availableProcessors() : threads);
  }

  /** The same with another number of threads. */
  public TrainConfig withThreads(int other) {
    return new TrainConfig(
        out, start, tokenizer, shape, data, steps, optimizer, routers, checkpointing, seed, other);
  }

  private static Steps steps(Settings settings) {
    int count = settings.count("steps", 1);
    double highest = settings.number("learning-rate", 0, 100);
    double last = settings.number("final-learning-rate", 0, 1);
    int warmup = (int) Math.round(settings.number("warmup", 0, 1) * count);
    Schedule schedule =
        switch (settings.choice("schedule", ScheduleName.class)) {
          case COSINE -> new Cosine(highest, highest * last, warmup, count);
          case WSD ->
              new WarmupStableDecay(
                  highest,
                  highest * last,
                  warmup,
                  (int) Math.round(settings.number("decay", 0, 1) * count),
                  count);
        };
    return new Steps(count, schedule, settings.choice("precision", Precision.class));
  }
}
