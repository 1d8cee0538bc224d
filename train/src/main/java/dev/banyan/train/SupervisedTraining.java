package dev.banyan.train;

import dev.banyan.cluster.SupervisedJob;
import dev.banyan.core.Json;
import dev.banyan.core.Settings;
import dev.banyan.core.UserInputException;
import dev.banyan.train.checkpoint.Checkpoints;
import dev.banyan.train.process.RankJob;
import dev.banyan.train.process.RankLine;
import dev.banyan.train.process.TrainRank;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import tools.jackson.core.JacksonException;

/**
 * A training run as a job that may be supervised: its ranks go on from the last complete checkpoint
 * whenever they are started again.
 *
 * <pre>{@code
 * var plan = SupervisorPlan.usual(Placement.of(2, 1, List.of()), folder);
 * SupervisedRun run = Supervisor.run(plan, SupervisedTraining.of(settings, 2), line -> {});
 * }</pre>
 *
 * @param settings of {@link TrainConfig#SETTINGS}
 */
public record SupervisedTraining(Settings settings) implements SupervisedJob {
  /**
   * Checks the settings.
   *
   * @throws UserInputException as {@link Trainer#run}, and when ranks do not divide shards
   */
  public static SupervisedTraining of(Settings settings, int ranks) {
    TrainConfig config = TrainConfig.of(settings);
    if (config.data().shards() % ranks != 0) {
      throw new UserInputException(
          "shards is %d and ranks is %d; shards must be a multiple of ranks"
              .formatted(config.data().shards(), ranks));
    }
    return new SupervisedTraining(settings);
  }

  @Override
  public String main() {
    return TrainRank.class.getName();
  }

  @Override
  public List<String> warm() {
    return List.of(TrainConfig.class.getName(), Trainer.class.getName());
  }

  @Override
  public List<String> arguments(SupervisedJob.RankPlace place) throws IOException {
    Path file = place.folder().resolve("rank-" + place.rank() + ".json");
    Json.write(
        file,
        new RankJob(
            settings.said(),
            place.rank(),
            place.world(),
            "127.0.0.1",
            place.port(),
            "banyan-%d-generation-%d".formatted(ProcessHandle.current().pid(), place.generation()),
            place.events().toAbsolutePath().toString(),
            true));
    return List.of(file.toString());
  }

  @Override
  public boolean consequence(int exitCode) {
    return exitCode == TrainRank.LOST || exitCode == TrainRank.ORPHANED;
  }

  @Override
  public long checkpointStep() {
    TrainConfig config = TrainConfig.of(settings);
    return new Checkpoints(config.out(), config.checkpointing().keep())
        .latest()
        .map(found -> found.state().step())
        .orElse(0L);
  }

  /** What rank 0 said at its end, in the log of its process; empty when it said nothing. */
  public static Optional<TrainResult> result(Path log) throws IOException {
    Optional<TrainResult> result = Optional.empty();
    for (String line : Files.readAllLines(log)) {
      if (line.startsWith("{")) {
        try {
          RankLine told = Json.mapper().readValue(line, RankLine.class);
          result = Optional.ofNullable(told.result()).or(() -> Optional.empty());
        } catch (JacksonException e) {
          // something else that begins so
        }
      }
    }
    return result;
  }
}
