package dev.banyan.bench;

import dev.banyan.core.Progress;
import dev.banyan.core.Seed;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * Hours of one training run that is killed with SIGKILL at random moments, in the middle of a
 * checkpoint or of its own start if it so happens, and started again each time. After each life the
 * run's folder is looked through: every step must have its line once, and a step that is made again
 * must come out as it did before.
 *
 * @param seconds how long it was
 * @param lives what was found after each
 * @param steps that the run had made at the end
 * @param replayed steps that were made again after a kill
 * @param different replayed steps whose loss, gradient norm or learning rate differ in any bit
 * @param lost steps without a line, with two, or told and then not there
 * @param compared first steps that were also made by a run left alone
 * @param differentFromAlone those of them that differ
 */
public record TrainSoak(
    double seconds,
    List<Life> lives,
    long steps,
    long replayed,
    long different,
    long lost,
    int compared,
    long differentFromAlone) {
  private static final Shape SHAPE = new Shape(SmallRun.USUAL, 200, 500);

  /** More than any soak makes: the run is always killed, and never done. */
  private static final int STEPS = 10_000_000;

  /** Steps of a life after which what is loaded is loaded. */
  private static final int SETTLED = 200;

  private static final double SHORTEST_LIFE_SECONDS = 3;
  private static final double LONGEST_LIFE_SECONDS = 300;

  public TrainSoak {
    lives = List.copyOf(lives);
  }

  /**
   * One process from start to kill.
   *
   * @param steps it made
   * @param settledBytes resident after its 200th step; 0 when it was killed before
   * @param lastBytes resident after its last step; 0 without a step
   * @param folderBytes of checkpoints and all else but the two logs, which grow by a line a step
   * @param folderEntries files and folders, event files not counted
   */
  public record Life(
      int steps, long settledBytes, long lastBytes, long folderBytes, int folderEntries) {}

  /** What is trained, steps between checkpoints, steps of the run left alone. */
  record Shape(SmallRun.Shape model, int checkpointEvery, int alone) {}

  /** Runs for this long, and then some steps left alone to compare with. */
  public static TrainSoak run(Duration duration, int threads, Seed seed, Progress progress) {
    return run(SHAPE, duration, LONGEST_LIFE_SECONDS, threads, seed, progress);
  }

  static TrainSoak run(
      Shape shape, Duration duration, double longest, int threads, Seed seed, Progress progress) {
    long begun = System.nanoTime();
    Map<String, String> more = Map.of("threads", Integer.toString(threads));
    try (WorkFolder work = WorkFolder.open()) {
      var run = new SmallRun(work, shape.model, STEPS, shape.checkpointEvery, seed);
      var book = new SoakBook();
      List<Life> lives = new ArrayList<>();
      RandomGenerator random = seed.stream("soak");
      while (seconds(begun) < duration.toMillis() / 1e3) {
        double life = life(random, longest);
        lives.add(live(run, more, life, book));
        progress.step(
            (long) seconds(begun),
            "%d kills, step %d, %d steps again"
                .formatted(lives.size(), book.steps(), book.replayed()));
      }
      double seconds = seconds(begun);
      int first = (int) Math.min(shape.alone, book.steps());
      boolean done =
          first == 0
              || run.go("alone", List.of(), more, Optional.empty(), (step, bytes) -> step >= first);
      if (done && first > 0) {
        throw new IllegalStateException("the run left alone ended by itself");
      }
      var alone = new SoakBook();
      alone.read(lines(run.out("alone")));
      int compared = (int) Math.min(alone.steps(), book.steps());
      return new TrainSoak(
          seconds,
          lives,
          book.steps(),
          book.replayed(),
          book.different(),
          book.lost(),
          compared,
          book.differentFrom(alone, compared));
    }
  }

  /** Short lives as often as long ones: uniform in the logarithm. */
  private static double life(RandomGenerator random, double longest) {
    double shortest = Math.min(SHORTEST_LIFE_SECONDS, longest / 2);
    return shortest * Math.pow(longest / shortest, random.nextDouble());
  }

  private static Life live(SmallRun run, Map<String, String> more, double seconds, SoakBook book) {
    List<Long> resident = new ArrayList<>();
    int[] last = {-1}; // none told yet
    boolean done =
        run.go(
            "soak",
            MemorySoak.HEAP,
            more,
            Optional.of(Duration.ofMillis(Math.round(seconds * 1000))),
            (step, bytes) -> {
              if (last[0] >= 0) { // the first word is where it goes on
                resident.add(bytes);
              }
              last[0] = step;
              return false;
            });
    if (done) {
      throw new IllegalStateException("a run of " + STEPS + " steps ended by itself");
    }
    Path out = run.out("soak");
    book.told(Math.max(0, last[0]));
    book.read(lines(out));
    long settled = resident.size() > SETTLED ? resident.get(SETTLED - 1) : 0;
    return folder(out, resident.size(), settled, resident.isEmpty() ? 0 : resident.getLast());
  }

  private static List<String> lines(Path out) {
    Path file = out.resolve("metrics.jsonl");
    try {
      return Files.exists(file)
          ? List.of(Files.readString(file, StandardCharsets.UTF_8).split("(?<=\n)", -1))
          : List.of();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Life folder(Path out, int steps, long settled, long last) {
    if (!Files.exists(out)) {
      return new Life(steps, settled, last, 0, 0);
    }
    long bytes = 0;
    int entries = 0;
    try (var files = Files.walk(out)) {
      for (Path file : files.toList()) {
        boolean log = file.endsWith("metrics.jsonl") || file.startsWith(out.resolve("tensorboard"));
        if (!log) {
          entries++;
          bytes += Files.isRegularFile(file) ? Files.size(file) : 0;
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new Life(steps, settled, last, bytes, entries);
  }

  /**
   * Whether no step was lost and none came out otherwise when it was made again; a soak too short
   * to make a step again proves nothing and is not exact.
   */
  public boolean exact() {
    return replayed > 0 && compared > 0 && different == 0 && lost == 0 && differentFromAlone == 0;
  }

  /** Most growth of resident memory within a life from its 200th step on; 1.0 is none. */
  public double mostGrowth() {
    return lives.stream()
        .filter(life -> life.settledBytes > 0)
        .mapToDouble(life -> (double) life.lastBytes / life.settledBytes)
        .max()
        .orElse(1);
  }

  /** Resident bytes at the ends of the last quarter of lives beside the first: medians. */
  public double growthOverLives() {
    List<Double> ends =
        lives.stream()
            .filter(life -> life.settledBytes > 0)
            .map(life -> (double) life.lastBytes)
            .toList();
    int quarter = ends.size() / 4;
    return quarter == 0
        ? 1
        : Pairs.median(ends.subList(ends.size() - quarter, ends.size()))
            / Pairs.median(ends.subList(0, quarter));
  }

  /** Largest folder of the second half of lives beside the largest of the first. */
  public double folderGrowth() {
    int half = lives.size() / 2;
    long first = lives.subList(0, half).stream().mapToLong(Life::folderBytes).max().orElse(0);
    long second =
        lives.subList(half, lives.size()).stream().mapToLong(Life::folderBytes).max().orElse(0);
    return first == 0 ? 1 : (double) second / first;
  }

  private static double seconds(long since) {
    return (System.nanoTime() - since) / 1e9;
  }
}
