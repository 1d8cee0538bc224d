package dev.banyan.train;

import dev.banyan.core.JavaCommand;
import dev.banyan.core.Json;
import dev.banyan.core.Progress;
import dev.banyan.core.Settings;
import dev.banyan.core.UserInputException;
import dev.banyan.train.process.RankJob;
import dev.banyan.train.process.RankLine;
import dev.banyan.train.process.TrainRank;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Trains one model in several processes of this machine, which share the work of every step. The
 * parent loads no libtorch; when one rank ends, or the parent does, so do all.
 */
public final class Ranks implements AutoCloseable {
  private static final Duration GRACE = Duration.ofSeconds(5);
  private static final Duration LOOK = Duration.ofMillis(50);

  /** How long ranks have to name a lost one by themselves before they are stopped. */
  private static final Duration NAMING = Duration.ofSeconds(8);

  private final Path folder;
  private final List<Rank> ranks = new ArrayList<>();

  /** A started process and what it said. */
  private static final class Rank {
    final int number;
    final Process process;
    final List<String> errors = Collections.synchronizedList(new ArrayList<>());
    final Thread reader;
    volatile @Nullable TrainResult result;

    Rank(int number, Process process, Progress progress) {
      this.number = number;
      this.process = process;
      this.reader =
          Thread.ofVirtual()
              .start(() -> read(process.getInputStream(), line -> on(line, progress)));
      Thread.ofVirtual().start(() -> read(process.getErrorStream(), errors::add));
    }

    private void on(String line, Progress progress) {
      if (number == 0 && line.startsWith("{")) {
        RankLine told = Json.mapper().readValue(line, RankLine.class);
        if (told.result() != null) {
          result = told.result();
        } else {
          progress.step(told.step(), told.note());
        }
      }
    }

    private static void read(InputStream from, java.util.function.Consumer<String> each) {
      try (var lines = new BufferedReader(new InputStreamReader(from, StandardCharsets.UTF_8))) {
        lines.lines().forEach(each);
      } catch (IOException | UncheckedIOException e) {
        // the process is gone
      }
    }

    String lastWords() {
      return errors.isEmpty() ? "it left no word" : errors.getLast();
    }
  }

  private Ranks(Path folder) {
    this.folder = folder;
  }

  /**
   * Runs to the end, or goes on from where the same run was stopped.
   *
   * @param settings of {@link TrainConfig#SETTINGS}; {@code ranks} says how many
   * @throws UserInputException as {@link Trainer#run}
   * @throws RankLostException when a rank ended before the run did
   */
  public static TrainResult run(Settings settings, Progress progress) {
    TrainConfig config = TrainConfig.of(settings); // refused here, once, if at all
    int world = settings.count("ranks", 1);
    if (config.data().shards() % world != 0) {
      throw new UserInputException(
          "shards is %d and ranks is %d; shards must be a multiple of ranks"
              .formatted(config.data().shards(), world));
    }
    try (var ranks = new Ranks(Files.createTempDirectory("banyan-ranks"))) {
      ranks.start(settings, world, progress);
      return ranks.await();
    } catch (IOException e) {
      throw new UncheckedIOException("ranks cannot be started: " + e.getMessage(), e);
    }
  }

  private void start(Settings settings, int world, Progress progress) throws IOException {
    int port = freePort();
    Optional<Path> events = settings.path("events");
    if (events.isPresent()) {
      Files.createDirectories(events.get());
    }
    String prefix = "banyan-" + ProcessHandle.current().pid() + "-" + System.nanoTime();
    for (int i = 0; i < world; i++) {
      int rank = i;
      var job =
          new RankJob(
              settings.said(),
              i,
              world,
              "127.0.0.1",
              port,
              prefix,
              events
                  .map(to -> to.resolve("rank-" + rank + ".jsonl").toAbsolutePath().toString())
                  .orElse(""),
              true);
      Path file = folder.resolve("rank-" + i + ".json");
      Json.write(file, job);
      Process process =
          new ProcessBuilder(
                  JavaCommand.of(List.of(), TrainRank.class.getName(), List.of(file.toString())))
              .start();
      ranks.add(new Rank(i, process, progress));
    }
  }

  private static int freePort() throws IOException {
    try (var socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  /** Process ids by rank. */
  List<Long> pids() {
    return ranks.stream().map(each -> each.process.pid()).toList();
  }

  private TrainResult await() {
    try {
      Optional<Rank> failed = Optional.empty();
      while (failed.isEmpty() && ranks.stream().anyMatch(each -> each.process.isAlive())) {
        failed = ranks.stream().filter(Ranks::failed).findFirst();
        if (failed.isEmpty()) {
          ranks.stream()
              .filter(each -> each.process.isAlive())
              .findFirst()
              .ifPresent(Ranks::waitShortly);
        }
      }
      failed = failed.or(() -> ranks.stream().filter(Ranks::failed).findFirst());
      if (failed.isPresent()) {
        throw failure(failed.get());
      }
      Rank first = ranks.getFirst();
      first.reader.join();
      TrainResult result = first.result;
      if (result == null) {
        throw new IllegalStateException("rank 0 ended without a result: " + first.lastWords());
      }
      return result;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while ranks ran", e);
    }
  }

  private static void waitShortly(Rank rank) {
    try {
      boolean unused = rank.process.waitFor(LOOK.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while ranks ran", e);
    }
  }

  /** Ended, neither well nor because training stopped by itself. */
  private static boolean failed(Rank rank) {
    return !rank.process.isAlive() && rank.process.exitValue() > 1;
  }

  /** A rank that was killed says nothing itself: then what the others found is told beside it. */
  private RuntimeException failure(Rank first) throws InterruptedException {
    Rank culprit = first;
    if (first.process.exitValue() == TrainRank.LOST) {
      long until = System.nanoTime() + NAMING.toNanos();
      Optional<Rank> killed = killed();
      while (killed.isEmpty() && System.nanoTime() < until && anybodyLives()) {
        waitShortly(first);
        Thread.sleep(LOOK.toMillis());
        killed = killed();
      }
      culprit = killed.orElse(first);
    }
    int code = culprit.process.exitValue();
    String words = culprit.lastWords();
    return switch (code) {
      case 2 -> new UserInputException(words);
      case TrainRank.LOST -> new RankLostException(words);
      default ->
          new RankLostException(
              code > 128
                  ? "rank %d (pid %d) was ended by signal %d"
                      .formatted(culprit.number, culprit.process.pid(), code - 128)
                  : "rank %d (pid %d) ended with %d: %s"
                      .formatted(culprit.number, culprit.process.pid(), code, words));
    };
  }

  private Optional<Rank> killed() {
    return ranks.stream()
        .filter(each -> !each.process.isAlive())
        .filter(each -> each.process.exitValue() != TrainRank.LOST && each.process.exitValue() > 1)
        .findFirst();
  }

  private boolean anybodyLives() {
    return ranks.stream().anyMatch(each -> each.process.isAlive());
  }

  /** Ends what still runs: SIGTERM, after a grace SIGKILL. */
  @Override
  public void close() {
    ranks.forEach(each -> each.process.destroy());
    long until = System.nanoTime() + GRACE.toNanos();
    try {
      for (Rank each : ranks) {
        long left = Math.max(0, until - System.nanoTime());
        if (!each.process.waitFor(left, TimeUnit.NANOSECONDS)) {
          each.process.destroyForcibly().waitFor();
        }
      }
    } catch (InterruptedException e) {
      ranks.forEach(each -> each.process.destroyForcibly());
      Thread.currentThread().interrupt();
    }
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
      Files.delete(folder);
    } catch (IOException e) {
      // a temporary folder that stays does no harm
    }
  }
}
