package dev.banyan.bench;

import dev.banyan.core.Json;
import dev.banyan.core.MissingThingException;
import dev.banyan.core.Progress;
import dev.banyan.core.Seed;
import dev.banyan.core.Settings;
import dev.banyan.core.Table;
import dev.banyan.model.BpeTrainer;
import dev.banyan.model.TrainedBpe;
import dev.banyan.train.TrainConfig;
import dev.banyan.train.Trainer;
import dev.banyan.world.World;
import dev.banyan.world.WorldSize;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * Training speed beside eager PyTorch: the same Llama of 6.5 million parameters (hidden 256, 6
 * layers, 8/4 heads of 32, feed-forward 704, vocabulary 4096, output matrix of its own), the same
 * step (8 rows of 256 tokens, AdamW, clipping at 1), in turns on the same machine. Ours is the
 * trainer itself with its data reading; theirs is {@code interop/train_speed_peer.py} in a process
 * of its own, so no Python means no comparison.
 */
public final class TrainSpeed {
  private static final int VOCABULARY = 4096;
  private static final int TOKENS_PER_STEP = 8 * 256;
  private static final int TEXT_CHARACTERS = 1_000_000;
  private static final long PEER_MINUTES = 30;

  /**
   * What is measured.
   *
   * @param precision {@code f32} or {@code bf16}
   * @param steps timed steps of each run, after some to warm up
   * @param python an interpreter that has torch
   * @param peer the peer's script
   */
  public record Options(
      String precision, int threads, int pairs, int steps, Optional<Path> python, Path peer) {
    public Options {
      if (threads < 1 || pairs < 1 || steps < 1) {
        throw new IllegalArgumentException(
            "threads = %d, pairs = %d, steps = %d, all must be at least 1"
                .formatted(threads, pairs, steps));
      }
    }

    /** Two threads, five pairs of twelve steps. */
    public static Options of(String precision, Optional<Path> python, Path peer) {
      return new Options(precision, 2, 5, 12, python, peer);
    }
  }

  /** One run of ours and the peer's right after it; median steps, in tokens per second. */
  public record Pair(double tokensPerSecond, Optional<Double> peerTokensPerSecond) {
    /** How many times as fast ours is. */
    public Optional<Double> ratio() {
      return peerTokensPerSecond.map(peer -> tokensPerSecond / peer);
    }
  }

  /** All pairs of a measurement. */
  public record Outcome(String precision, int threads, List<Pair> pairs) {
    public Outcome {
      pairs = List.copyOf(pairs);
    }

    public double medianTokensPerSecond() {
      return median(pairs.stream().map(Pair::tokensPerSecond).toList());
    }

    /** The median of the pairs' ratios; empty when there was no peer. */
    public Optional<Double> medianRatio() {
      List<Double> ratios = pairs.stream().flatMap(pair -> pair.ratio().stream()).toList();
      return ratios.isEmpty() ? Optional.empty() : Optional.of(median(ratios));
    }

    /** A row for each pair. */
    public Table table() {
      Table table = Table.of("pair", "Banyan tokens/s", "PyTorch tokens/s", "ratio");
      for (int i = 0; i < pairs.size(); i++) {
        Pair pair = pairs.get(i);
        table.row(
            i + 1,
            pair.tokensPerSecond(),
            pair.peerTokensPerSecond().orElse(null),
            pair.ratio().orElse(null));
      }
      return table.caption(
          medianRatio()
              .map(ratio -> "median ratio %.2f".formatted(ratio))
              .orElse("no Python with torch was given: ours alone"));
    }
  }

  private TrainSpeed() {}

  /**
   * Measures pair after pair. Takes a minute or more for each on two cores.
   *
   * @param folder an empty folder for text and tokenizer; nothing else is written
   * @throws MissingThingException when the interpreter or its torch is missing
   */
  public static Outcome measure(Options options, Path folder, Progress progress) {
    TrainConfig config = config(options, folder);
    double unused = Trainer.secondsPerStep(config, 2 * options.steps()); // compiles what is hot
    List<Pair> pairs = new ArrayList<>();
    for (int i = 0; i < options.pairs(); i++) {
      double ours = TOKENS_PER_STEP / Trainer.secondsPerStep(config, options.steps());
      Pair pair = new Pair(ours, options.python().map(python -> peer(python, options)));
      pairs.add(pair);
      progress.step(
          i + 1,
          "%.0f tokens/s%s"
              .formatted(
                  ours,
                  pair.ratio().map(ratio -> ", %.2f of the peer's".formatted(ratio)).orElse("")));
    }
    return new Outcome(options.precision(), options.threads(), pairs);
  }

  /** The trainer's settings for the peer's step, with data and a tokenizer of its size. */
  static TrainConfig config(Options options, Path folder) {
    Path text = folder.resolve("text.txt");
    Path tokenizer = folder.resolve("tokenizer");
    String all = text();
    TrainedBpe trained =
        BpeTrainer.train(
            List.of(all).iterator(),
            BpeTrainer.Options.of(VOCABULARY, List.of("<end>")).withMinFrequency(1));
    if (trained.tokenCount() != VOCABULARY) {
      throw new IllegalStateException("only " + trained.tokenCount() + " tokens in the text");
    }
    try {
      Files.writeString(text, all);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    trained.write(
        tokenizer,
        new TrainedBpe.Roles(
            Optional.of("<end>"), Optional.of("<end>"), Optional.of("<end>"), Optional.empty()));
    return TrainConfig.of(
        Settings.of(TrainConfig.SETTINGS)
            .with("out", folder.resolve("run").toString())
            .with("data", text.toString())
            .with("tokenizer", tokenizer.toString())
            .with("tied", "false")
            .with("steps", "1000")
            .with("precision", options.precision())
            .with("threads", Integer.toString(options.threads())));
  }

  /** One long document, so that every row is full and sees all of itself, as the peer's does. */
  private static String text() {
    World world = World.of(new Seed(1), WorldSize.MEDIUM);
    var text = new StringBuilder();
    for (long i = 0; text.length() < TEXT_CHARACTERS; i++) {
      text.append(world.document(i).text().replaceAll("\n+", "\n")).append('\n');
    }
    return text.toString();
  }

  static double peer(Path python, Options options) {
    String dtype = options.precision().equals("bf16") ? "bfloat16" : "float32";
    List<String> command =
        List.of(
            python.toString(),
            options.peer().toString(),
            "--dtype",
            dtype,
            "--threads",
            Integer.toString(options.threads()),
            "--steps",
            Integer.toString(options.steps()));
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      process.getOutputStream().close();
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (!process.waitFor(PEER_MINUTES, TimeUnit.MINUTES) || process.exitValue() != 0) {
        process.destroyForcibly();
        throw new MissingThingException(
            "%s cannot run %s: %s".formatted(python, options.peer(), lastLine(said)));
      }
      JsonNode figures = Json.mapper().readTree(lastLine(said));
      return figures.required("medianTokensPerSecond").asDouble();
    } catch (IOException e) {
      throw new MissingThingException(
          "%s cannot be started; give a Python that has torch, or none".formatted(python), e);
    } catch (JacksonException e) {
      throw new IllegalStateException(options.peer() + " did not end with a line of JSON", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while the peer ran", e);
    }
  }

  private static String lastLine(String text) {
    return text.strip().lines().reduce("", (before, line) -> line);
  }

  private static double median(List<Double> values) {
    double[] sorted = values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }
}
