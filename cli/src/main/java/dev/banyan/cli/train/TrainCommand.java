package dev.banyan.cli.train;

import dev.banyan.cli.frame.Common;
import dev.banyan.cli.frame.SettingFlags;
import dev.banyan.cli.frame.TakesSettings;
import dev.banyan.cli.frame.UsesLibtorch;
import dev.banyan.cluster.Drill;
import dev.banyan.core.Chart;
import dev.banyan.core.ExitCode;
import dev.banyan.core.Format;
import dev.banyan.core.Progress;
import dev.banyan.core.Report;
import dev.banyan.core.Result;
import dev.banyan.core.Seed;
import dev.banyan.core.Setting;
import dev.banyan.core.Settings;
import dev.banyan.tensor.Libtorch;
import dev.banyan.train.RankLostException;
import dev.banyan.train.RankPlace;
import dev.banyan.train.Ranks;
import dev.banyan.train.TrainConfig;
import dev.banyan.train.TrainResult;
import dev.banyan.train.Trainer;
import dev.banyan.train.TrainingCurve;
import dev.banyan.weights.config.ModelConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code banyan train CONFIG.yaml}. */
@UsesLibtorch
@Command(
    name = "train",
    description = "Trains a language model; started again, goes on from its last checkpoint.",
    footer = "  banyan train train.yaml --steps 2000 --learning-rate 1e-3")
public final class TrainCommand implements Callable<ExitCode>, TakesSettings {
  @Mixin private Common common = new Common();

  @Parameters(
      arity = "0..1",
      paramLabel = "CONFIG.yaml",
      description = "The settings; every key is also a flag, and flags win.")
  private @Nullable Path config;

  @Option(
      names = "--supervise",
      description = "Watch the ranks; when a part fails, restart from the last checkpoint.")
  private boolean supervise;

  @Option(
      names = "--spares",
      paramLabel = "N",
      defaultValue = "1",
      description = "Processes that stand ready beside the ranks (default: ${DEFAULT-VALUE}).")
  private int spares = 1;

  @Option(
      names = "--hosts",
      paramLabel = "A,B",
      split = ",",
      description = "Host labels, given to ranks and spares in turn (default: one each).")
  private List<String> hosts = List.of();

  @Option(
      names = "--drill",
      paramLabel = "SIGNAL:RANK@STEP",
      description = "With --supervise: harm a rank on purpose, for example STOP:1@200.")
  private @Nullable String drill;

  @Spec private @Nullable CommandSpec spec;

  @Override
  public List<Setting> settings() {
    return TrainConfig.SETTINGS;
  }

  @Override
  public ExitCode call() throws IOException, InterruptedException {
    Settings settings =
        config == null
            ? Settings.of(TrainConfig.SETTINGS)
            : Settings.read(config, TrainConfig.SETTINGS);
    if (spec != null) {
      settings = SettingFlags.overlay(spec, TrainConfig.SETTINGS, settings);
    }
    if (common.hasSeed()) {
      settings = settings.with("seed", Long.toString(common.seed().value()));
    }
    TrainConfig train = TrainConfig.of(settings);
    if (supervise) {
      return new SupervisedTrain(
              common, settings, spares, hosts, Optional.ofNullable(drill).map(Drill::of))
          .run();
    }
    TrainResult result;
    try (Progress progress = common.progress("training", train.steps().count(), "steps")) {
      result = run(settings, train, progress);
    } catch (RankLostException e) {
      common
          .err()
          .printf(
              "banyan: %s; start the same command again to go on from the last checkpoint%n",
              e.getMessage());
      return ExitCode.NO;
    }
    print(result);
    Result figures =
        common
            .result(new Seed(train.seed()))
            .put("parameters", result.parameters())
            .put("steps", result.steps())
            .put("resumedAt", result.resumedAt())
            .put("loss", result.loss())
            .put("learnedTokens", result.learnedTokens())
            .put("tokensPerSecond", result.tokensPerSecond())
            .put("seconds", result.seconds())
            .put("model", result.model().toString())
            .put("stopped", result.stopped().orElse(""));
    common.emit(figures, () -> page(train, figures));
    return result.stopped().isPresent() ? ExitCode.NO : ExitCode.DONE;
  }

  /** In one process, in several started here, or as one of several that others started. */
  private TrainResult run(Settings settings, TrainConfig train, Progress progress) {
    Optional<RankPlace> place = RankPlace.of(System.getenv());
    if (place.isPresent() && !place.get().alone()) {
      return Trainer.run(train, place.get(), this::endLost, progress);
    }
    return settings.count("ranks", 1) > 1
        ? Ranks.run(settings, progress)
        : Trainer.run(train, progress);
  }

  /** A collective that waits for a lost rank cannot be ended, so the process is. */
  private void endLost(String line) {
    common.err().printf("banyan: %s%n", line);
    common.err().flush();
    Libtorch.exitNow(ExitCode.NO.code());
  }

  private void print(TrainResult result) {
    if (result.stopped().isPresent()) {
      common
          .err()
          .printf(
              "banyan: stopped at step %d: %s; %s. Try a lower learning rate.%n",
              result.steps(),
              result.stopped().get(),
              Files.exists(result.model().resolve(ModelConfig.FILE))
                  ? "the last good checkpoint is in " + result.model()
                  : "there was no checkpoint yet");
      return;
    }
    common
        .out()
        .printf(
            "%s: %s parameters, %d steps, loss %.4f, %s tokens learned, %s tokens/s, %s%n",
            result.model(),
            Format.count(result.parameters()),
            result.steps(),
            result.loss(),
            Format.count(result.learnedTokens()),
            Format.number(Math.round(result.tokensPerSecond())),
            Format.duration(Duration.ofMillis(Math.round(result.seconds() * 1000))));
  }

  private static Report page(TrainConfig train, Result figures) {
    TrainingCurve curve = TrainingCurve.read(train.out().resolve("metrics.jsonl"));
    return Report.of(figures)
        .section("Loss")
        .chart(
            Chart.lines("Loss")
                .x("step")
                .y("nats per token")
                .series("training", curve.steps(), curve.losses()));
  }
}
