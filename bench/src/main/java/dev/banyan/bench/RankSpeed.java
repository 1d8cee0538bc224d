package dev.banyan.bench;

import dev.banyan.core.Json;
import dev.banyan.core.Progress;
import dev.banyan.core.Seed;
import dev.banyan.core.Settings;
import dev.banyan.model.Precision;
import dev.banyan.train.Ranks;
import dev.banyan.train.TrainingCurve;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Two processes beside one on the same cores, the same 6.5 million parameters and the same global
 * batch as {@link TrainSpeed}: one process computes two shards on two threads, each of two ranks
 * one shard on one. Both sides are processes of their own.
 *
 * @param precision what matrices are multiplied in
 * @param pairs tokens a second, the median step of each run: ours two ranks, the peer one process
 * @param lossDifference largest of any step between the two curves
 */
public record RankSpeed(Precision precision, Pairs pairs, double lossDifference) {
  private static final TrainSpeed.Rows ROWS = new TrainSpeed.Rows(8, 256);
  private static final int WARM_UP = 4;

  /** Measures; which side of a pair runs first changes from pair to pair. */
  public static RankSpeed measure(
      Precision precision, int pairs, int steps, Seed seed, Progress progress) {
    return measure(ROWS, precision, pairs, steps, seed, progress);
  }

  static RankSpeed measure(
      TrainSpeed.Rows rows,
      Precision precision,
      int pairs,
      int steps,
      Seed seed,
      Progress progress) {
    List<Double> two = new ArrayList<>();
    List<Double> one = new ArrayList<>();
    double difference = 0;
    for (int pair = 0; pair < pairs; pair++) {
      try (WorkFolder work = WorkFolder.open()) {
        Settings settings =
            TrainSpeed.settings(work, rows, precision, 0, seed)
                .with("steps", Integer.toString(WARM_UP + steps))
                .with("checkpoint-every", "0");
        boolean twoFirst = pair % 2 == 0;
        Path first = run(work, settings, twoFirst ? 2 : 1);
        Path second = run(work, settings, twoFirst ? 1 : 2);
        two.add(tokensPerSecond(twoFirst ? first : second));
        one.add(tokensPerSecond(twoFirst ? second : first));
        difference = Math.max(difference, difference(first, second));
      }
      progress.step(pair + 1, precision.name().toLowerCase(Locale.ROOT));
    }
    return new RankSpeed(precision, new Pairs(two, one), difference);
  }

  private static Path run(WorkFolder work, Settings settings, int ranks) {
    Path out = work.file("ranks-" + ranks);
    var unused =
        Ranks.run(
            settings.with("ranks", Integer.toString(ranks)).with("out", out.toString()),
            Progress.none());
    return out.resolve("metrics.jsonl");
  }

  private static double tokensPerSecond(Path metrics) {
    try {
      List<Double> each =
          Files.readAllLines(metrics).stream()
              .map(line -> Json.mapper().readTree(line))
              .map(line -> line.path("tokensPerSecond").doubleValue())
              .toList();
      return Pairs.median(each.subList(WARM_UP, each.size()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static double difference(Path one, Path other) {
    double[] first = TrainingCurve.read(one).losses();
    double[] second = TrainingCurve.read(other).losses();
    if (first.length != second.length) {
      throw new IllegalStateException(
          "%d and %d steps of the same run".formatted(first.length, second.length));
    }
    double largest = 0;
    for (int i = 0; i < first.length; i++) {
      largest = Math.max(largest, Math.abs(first[i] - second[i]));
    }
    return largest;
  }
}
