package dev.banyan.train.process;

import dev.banyan.core.ExitCode;
import dev.banyan.core.Json;
import dev.banyan.core.MissingThingException;
import dev.banyan.core.Progress;
import dev.banyan.core.Settings;
import dev.banyan.core.UserInputException;
import dev.banyan.tensor.Libtorch;
import dev.banyan.train.RankLostException;
import dev.banyan.train.RankPlace;
import dev.banyan.train.TrainConfig;
import dev.banyan.train.TrainResult;
import dev.banyan.train.Trainer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/** One rank of a training run, in a process of its own. */
public final class TrainRank {
  /** Another rank was lost. */
  public static final int LOST = 76;

  /** Whoever started this process is gone. */
  public static final int ORPHANED = 77;

  private TrainRank() {}

  /**
   * @param args a {@link RankJob} as a JSON file
   */
  public static void main(String[] args) {
    Locale.setDefault(Locale.ROOT);
    RankJob job = Json.read(Path.of(args[0]), RankJob.class);
    if (job.leash()) {
      Thread.ofPlatform().daemon().name("leash").start(() -> endWith(System.in));
    }
    end(run(job));
  }

  private static int run(RankJob job) {
    try {
      var settings = Settings.of(TrainConfig.SETTINGS).with(job.settings(), "job");
      TrainConfig config = TrainConfig.of(settings);
      if (settings.count("threads", 0) == 0) { // its part of the cores
        int cores = Runtime.getRuntime().availableProcessors();
        config = config.withThreads(Math.max(1, cores / job.world()));
      }
      Libtorch.start(Libtorch.Use.INFERENCE, config.threads());
      var place =
          new RankPlace(
              job.rank(),
              job.world(),
              job.host(),
              job.port(),
              job.prefix(),
              job.events().isEmpty() ? Optional.empty() : Optional.of(Path.of(job.events())));
      Progress told = job.rank() == 0 ? new Told() : Progress.none();
      TrainResult result = Trainer.run(config, place, TrainRank::lost, told);
      if (job.rank() == 0) {
        tell(new RankLine(result.steps(), "", result));
      }
      return result.stopped().isPresent() ? ExitCode.NO.code() : ExitCode.DONE.code();
    } catch (UserInputException e) {
      return fail(ExitCode.BAD_INPUT, e);
    } catch (MissingThingException e) {
      return fail(ExitCode.MISSING, e);
    } catch (RankLostException e) {
      System.err.println(e.getMessage());
      return LOST;
    }
  }

  private static int fail(ExitCode code, RuntimeException e) {
    System.err.println(e.getMessage());
    return code.code();
  }

  private static void lost(String line) {
    System.err.println(line);
    end(LOST);
  }

  private static void end(int code) {
    System.out.flush();
    System.err.flush();
    Libtorch.exitNow(code);
  }

  private static void endWith(InputStream in) {
    try {
      in.transferTo(java.io.OutputStream.nullOutputStream());
    } catch (IOException e) {
      // as its end
    }
    Runtime.getRuntime().halt(ORPHANED);
  }

  private static synchronized void tell(RankLine line) {
    System.out.println(Json.mapper().writeValueAsString(line));
    System.out.flush();
  }

  private static final class Told implements Progress {
    @Override
    public void step(long done, String note) {
      tell(new RankLine(done, note, null));
    }

    @Override
    public void close() {}
  }
}
