package dev.banyan.train;

import dev.banyan.core.Progress;
import dev.banyan.core.Seed;
import dev.banyan.core.UserInputException;
import dev.banyan.model.LanguageModel;
import dev.banyan.model.Tokenizer;
import dev.banyan.tensor.Libtorch;
import dev.banyan.train.checkpoint.Checkpoints;
import dev.banyan.train.checkpoint.Fingerprint;
import dev.banyan.train.checkpoint.OptimizerFile;
import dev.banyan.train.checkpoint.TrainerState;
import dev.banyan.train.pack.DataOrder;
import dev.banyan.train.pack.PackedRow;
import dev.banyan.train.pack.Packer;
import dev.banyan.train.ranks.RankGroup;
import dev.banyan.train.step.TrainingStep;
import dev.banyan.train.write.RunLog;
import dev.banyan.weights.WeightFolder;
import dev.banyan.weights.config.ModelConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Trains a language model: packed rows through forward and backward, AdamW, checkpoints.
 *
 * <pre>{@code
 * var settings = Settings.read(Path.of("train.yaml"), TrainConfig.SETTINGS);
 * TrainResult result = Trainer.run(TrainConfig.of(settings), Progress.none());
 * }</pre>
 *
 * <p>A run that was killed goes on from its last checkpoint when it is started again with the same
 * settings, and ends with the same losses and the same weights, bit for bit, as one that was not.
 */
public final class Trainer implements AutoCloseable {
  private static final int WARM_UP_STEPS = 4;

  /** Steps between which freed memory is kept. */
  private static final int TRIM_STEPS = 100;

  private final TrainConfig config;
  private final Tokenizer tokenizer;
  private final Path tokenizerPath;
  private final Corpus corpus;
  private final Checkpoints checkpoints;
  private final LanguageModel model;
  private final TrainingStep step;
  private final Optional<RankGroup> ranks;
  private TrainerState state;

  /**
   * Runs to the end, or goes on from where the same run was stopped.
   *
   * @throws UserInputException for data, model or tokenizer that cannot be used, and when the
   *     folder holds another run
   */
  public static TrainResult run(TrainConfig config, Progress progress) {
    return run(config, progress, Watch.NOTHING);
  }

  /** As {@link #run(TrainConfig, Progress)}, showing the model between steps. */
  public static TrainResult run(TrainConfig config, Progress progress, Watch watch) {
    return run(config, RankPlace.ALONE, line -> {}, progress, watch);
  }

  /**
   * One rank's part of a run that several processes make together. Every rank reads all of the data
   * and computes its part of the shards; rank 0 writes what a run leaves. With two shards the bits
   * are those of one process.
   *
   * @param lost told one line when another rank is lost while this one waits for it inside
   *     libtorch; it should end the process
   * @throws RankLostException when another rank is gone
   */
  public static TrainResult run(
      TrainConfig config, RankPlace place, Consumer<String> lost, Progress progress) {
    return run(config, place, lost, progress, Watch.NOTHING);
  }

  private static TrainResult run(
      TrainConfig config, RankPlace place, Consumer<String> lost, Progress progress, Watch watch) {
    var checkpoints = new Checkpoints(config.out(), config.checkpointing().keep());
    if (config.data().shards() % place.world() != 0) {
      throw new UserInputException(
          "shards is %d and there are %d ranks; shards must be a multiple of ranks"
              .formatted(config.data().shards(), place.world()));
    }
    try (Corpus corpus = Corpus.open(config.data().paths(), config.data().reading())) {
      TrainerState fresh = TrainerState.start(recipe(config, corpus, place.world()), config.seed());
      Optional<Checkpoints.Found> finished = checkpoints.finished();
      if (finished.isPresent()) {
        checkpoints.requireSame(finished.get(), fresh);
        return done(finished.get());
      }
      checkpoints.requireNoOtherModel();
      Optional<Checkpoints.Found> latest = checkpoints.latest();
      latest.ifPresent(found -> checkpoints.requireSame(found, fresh));
      if (place.alone()) {
        try (var trainer =
            new Trainer(config, corpus, checkpoints, latest, fresh, Optional.empty())) {
          return trainer.train(progress, watch);
        }
      }
      try (RankGroup ranks = RankGroup.join(place, lost)) {
        requireSameStart(ranks, latest);
        try (var trainer =
            new Trainer(config, corpus, checkpoints, latest, fresh, Optional.of(ranks))) {
          return trainer.train(progress, watch);
        }
      }
    }
  }

  private static void requireSameStart(RankGroup ranks, Optional<Checkpoints.Found> latest) {
    long own = latest.map(found -> found.state().step()).orElse(0L);
    long first = ranks.agree(own);
    if (own != first) {
      throw new UserInputException(
          "rank %d finds a checkpoint of step %d in out, rank 0 one of step %d; out must be one folder that all ranks see"
              .formatted(ranks.place().rank(), own, first));
    }
  }

  /** As {@link #run}, but a run with other settings that stands in the folder is thrown away. */
  public static TrainResult runAnew(TrainConfig config, Progress progress) {
    return runAnew(config, progress, Watch.NOTHING);
  }

  /** As {@link #runAnew(TrainConfig, Progress)}, showing the model between steps. */
  public static TrainResult runAnew(TrainConfig config, Progress progress, Watch watch) {
    var checkpoints = new Checkpoints(config.out(), config.checkpointing().keep());
    try (Corpus corpus = Corpus.open(config.data().paths(), config.data().reading())) {
      TrainerState fresh = TrainerState.start(recipe(config, corpus, 1), config.seed());
      checkpoints.removeOthers(fresh);
    }
    return run(config, progress, watch);
  }

  /**
   * How long a step takes on this machine: the median of some steps after a few to warm up. Writes
   * nothing.
   */
  public static double secondsPerStep(TrainConfig config, int timed) {
    var checkpoints = new Checkpoints(config.out(), 1);
    try (Corpus corpus = Corpus.open(config.data().paths(), config.data().reading())) {
      TrainerState fresh = TrainerState.start(recipe(config, corpus, 1), config.seed());
      try (Trainer trainer =
          new Trainer(config, corpus, checkpoints, Optional.empty(), fresh, Optional.empty())) {
        Packer packer = trainer.packer();
        double[] seconds = new double[timed];
        for (int i = -WARM_UP_STEPS; i < timed; i++) {
          long begun = System.nanoTime();
          trainer.step.gradients(trainer.microBatches(packer));
          trainer.step.update(0);
          if (i >= 0) {
            seconds[i] = seconds(begun);
          }
        }
        Arrays.sort(seconds);
        return seconds[timed / 2];
      }
    }
  }

  /**
   * The first batch of a run from {@code start}, and the loss of the model it starts from. Writes
   * nothing.
   */
  public static PackedBatch firstBatch(TrainConfig config) {
    var checkpoints = new Checkpoints(config.out(), 1);
    try (Corpus corpus = Corpus.open(config.data().paths(), config.data().reading())) {
      TrainerState fresh = TrainerState.start(recipe(config, corpus, 1), config.seed());
      try (Trainer trainer =
          new Trainer(config, corpus, checkpoints, Optional.empty(), fresh, Optional.empty())) {
        List<PackedRow> rows = trainer.microBatches(trainer.packer()).getFirst();
        double loss = trainer.step.gradients(List.of(rows)).loss();
        return new PackedBatch(
            rows.size(),
            config.data().length(),
            joined(rows, PackedRow::tokens),
            joined(rows, PackedRow::labels),
            joined(rows, PackedRow::positions),
            joined(rows, PackedRow::segments),
            loss);
      }
    }
  }

  private static long[] joined(List<PackedRow> rows, Function<PackedRow, int[]> table) {
    return rows.stream()
        .flatMapToInt(row -> Arrays.stream(table.apply(row)))
        .asLongStream()
        .toArray();
  }

  private Trainer(
      TrainConfig config,
      Corpus corpus,
      Checkpoints checkpoints,
      Optional<Checkpoints.Found> latest,
      TrainerState fresh,
      Optional<RankGroup> ranks) {
    this.ranks = ranks;
    this.config = config;
    this.corpus = corpus;
    this.checkpoints = checkpoints;
    this.tokenizerPath = tokenizerPath(config);
    this.tokenizer = Tokenizer.open(tokenizerPath);
    Optional<Path> source = latest.map(Checkpoints.Found::folder).or(config::start);
    this.model =
        source
            .map(
                folder ->
                    // a checkpoint does not stay as long as the run
                    LanguageModel.openTrainable(
                        folder, config.steps().precision(), config.start().orElse(null)))
            .orElseGet(this::fresh);
    tokenizer.requireFits(model.config().vocabSize(), source.map(Path::toString).orElse("model"));
    if (config.data().length() > model.config().maxPositions()) {
      throw new UserInputException(
          "length is %d, %s was made for %d positions; take a shorter length"
              .formatted(
                  config.data().length(),
                  source.map(Path::toString).orElse("the model"),
                  model.config().maxPositions()));
    }
    this.step = new TrainingStep(model, config, ranks);
    this.state = latest.map(Checkpoints.Found::state).orElse(fresh);
    latest
        .map(Checkpoints.Found::folder)
        .or(() -> carried(config))
        .ifPresent(folder -> OptimizerFile.read(folder, model, step.optimizer()));
  }

  /** Where a fresh run takes moments from. */
  private static Optional<Path> carried(TrainConfig config) {
    if (!config.checkpointing().carry()) {
      return Optional.empty();
    }
    Optional<Path> start = config.start();
    if (start.isEmpty() || !Files.exists(start.get().resolve(OptimizerFile.FILE))) {
      throw new UserInputException(
          "carry-optimizer needs a start model with %s; %s has none"
              .formatted(OptimizerFile.FILE, start.map(Path::toString).orElse("a fresh model")));
    }
    return start;
  }

  private LanguageModel fresh() {
    var shape =
        config
            .shape()
            .llama(
                tokenizer.vocabSize(),
                config.data().length(),
                tokenizer.bosId().orElse(0),
                tokenizer.eosId().orElse(0),
                tokenizer.padId().orElse(0));
    return LanguageModel.create(
        shape, new Seed(config.seed()).of("model"), config.steps().precision());
  }

  /** Everything that decides the result, by name. */
  private static SequencedMap<String, String> recipe(TrainConfig config, Corpus corpus, int world) {
    var recipe = new LinkedHashMap<String, String>();
    var data = config.data();
    recipe.put("data", corpus.fingerprint());
    recipe.put("length", Integer.toString(data.length()));
    recipe.put("rows", Integer.toString(data.rows()));
    recipe.put("accumulate", Integer.toString(data.accumulate()));
    recipe.put("shards", Integer.toString(data.shards()));
    if (world > 1 && data.shards() > 2) {
      recipe.put("ranks", Integer.toString(world)); // two numbers add alike in any order, more not
    }
    recipe.put("shuffle", Boolean.toString(data.shuffle()));
    recipe.put("schedule", config.steps().schedule().toString());
    recipe.put("precision", config.steps().precision().toString());
    recipe.put("optimizer", config.optimizer().toString());
    if (!config.routers().equals(TrainConfig.Routers.PUBLISHED)) {
      recipe.put("routers", config.routers().toString());
    }
    carried(config)
        .ifPresent(
            folder ->
                recipe.put("moments", Fingerprint.of(List.of(folder.resolve(OptimizerFile.FILE)))));
    recipe.put("seed", Long.toString(config.seed()));
    recipe.put("tokenizer", identityOfTokenizer(tokenizerPath(config)));
    recipe.put("model", config.start().map(Trainer::identity).orElse(config.shape().toString()));
    return recipe;
  }

  /** By all files that are read: the begin, end and pad tokens stand beside the vocabulary. */
  private static String identityOfTokenizer(Path tokenizer) {
    var files = Tokenizer.files(tokenizer);
    return Fingerprint.of(files.values()) + " " + String.join(" ", files.keySet());
  }

  private static String identity(Path start) {
    try (WeightFolder folder = WeightFolder.open(start)) {
      List<Path> files = new ArrayList<>(List.of(start.resolve(ModelConfig.FILE)));
      folder.shards().forEach(shard -> files.add(shard.path()));
      return Fingerprint.of(files);
    }
  }

  private static Path tokenizerPath(TrainConfig config) {
    return config
        .tokenizer()
        .or(config::start)
        .orElseThrow(
            () ->
                new UserInputException(
                    "tokenizer is missing: which one, as there is no start model"));
  }

  private TrainResult train(Progress progress, Watch watch) {
    long resumedAt = state.step();
    long begun = System.nanoTime();
    Packer packer = packer();
    Optional<String> stopped = Optional.empty();
    try (RunLog log = first() ? RunLog.open(config.out(), resumedAt) : RunLog.none()) {
      progress.step(state.step(), resumedAt > 0 ? "going on" : "");
      watch.seen(state.step(), model);
      while (state.step() < config.steps().count() && stopped.isEmpty()) {
        long stepBegun = System.nanoTime();
        double rate = config.steps().schedule().rate(state.step());
        var outcome = step.gradients(microBatches(packer));
        var divergence = state.divergence().after(outcome.loss());
        stopped = divergence.verdict(outcome.loss(), outcome.gradientNorm());
        if (stopped.isEmpty()) {
          step.update(rate);
          state = state.next(packer.state(), outcome.learned(), divergence);
          ranks.ifPresent(group -> group.step(state.step()));
          double tokensPerSecond = tokensPerStep() / seconds(stepBegun);
          log.step(state, outcome, rate, tokensPerSecond);
          watch.seen(state.step(), model);
          progress.step(
              state.step(),
              "loss %.3f, %.0f tokens/s".formatted(divergence.smoothed(), tokensPerSecond));
          checkpointIfDue(log);
          if (state.step() % TRIM_STEPS == 0) {
            Libtorch.returnFreedMemory();
          }
        }
      }
    }
    Path folder = checkpoints.model();
    if (stopped.isPresent()) {
      folder = checkpoints.latest().map(Checkpoints.Found::folder).orElse(config.out());
    } else if (first()) {
      folder = checkpoints.finish(model, state, tokenizerPath);
    }
    ranks.ifPresent(RankGroup::barrier);
    double sitting = seconds(begun);
    return new TrainResult(
        folder,
        parameters(model),
        state.step(),
        resumedAt,
        state.smoothedLoss(),
        state.learnedTokens(),
        (state.step() - resumedAt) * tokensPerStep() / sitting,
        sitting,
        stopped);
  }

  private Packer packer() {
    var order =
        new DataOrder(new Seed(config.seed()).of("data"), corpus.size(), config.data().shuffle());
    return new Packer(
        number -> corpus.record((int) number),
        order,
        ExampleEncoder.of(tokenizer)::encode,
        config.data().length(),
        tokenizer.padId().orElse(0),
        state.packer());
  }

  private List<List<PackedRow>> microBatches(Packer packer) {
    List<List<PackedRow>> batches = new ArrayList<>();
    for (int i = 0; i < config.data().accumulate(); i++) {
      List<PackedRow> rows = new ArrayList<>();
      for (int row = 0; row < config.data().rows(); row++) {
        rows.add(packer.next());
      }
      batches.add(rows);
    }
    return batches;
  }

  private void checkpointIfDue(RunLog log) {
    int every = config.checkpointing().every();
    // while the loss stands far above its best, the checkpoint from before is the last good one
    boolean due = every > 0 && state.step() % every == 0 && state.stepsAbove() == 0;
    if (first() && due && state.step() < config.steps().count()) {
      log.sync();
      checkpoints.write(model, step.optimizer(), state, tokenizerPath);
    }
  }

  /** Whether this process writes what the run leaves. */
  private boolean first() {
    return ranks.map(group -> group.place().rank() == 0).orElse(true);
  }

  private double tokensPerStep() {
    var data = config.data();
    return (double) data.length() * data.rows() * data.accumulate();
  }

  private static double seconds(long since) {
    return (System.nanoTime() - since) / 1e9;
  }

  private static long parameters(LanguageModel model) {
    return model.parameters().values().stream().mapToLong(parameter -> parameter.count()).sum();
  }

  private static TrainResult done(Checkpoints.Found finished) {
    long parameters;
    try (WeightFolder folder = WeightFolder.open(finished.folder())) {
      parameters =
          folder.names().stream().mapToLong(name -> folder.tensor(name).spec().elements()).sum();
    }
    TrainerState state = finished.state();
    return new TrainResult(
        finished.folder(),
        parameters,
        state.step(),
        state.step(),
        state.smoothedLoss(),
        state.learnedTokens(),
        0,
        0,
        Optional.empty());
  }

  @Override
  public void close() {
    step.close();
    model.close();
  }
}
