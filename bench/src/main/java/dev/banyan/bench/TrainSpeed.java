package dev.banyan.bench;

import dev.banyan.core.Progress;
import dev.banyan.core.Seed;
import dev.banyan.core.Settings;
import dev.banyan.model.Precision;
import dev.banyan.train.TrainConfig;
import dev.banyan.train.Trainer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Tokens a second of training a Llama of 6.5 million parameters (hidden 256, 6 layers, 8/4 heads of
 * 32, feed-forward 704, vocabulary 4096, output matrix of its own) on steps of 8 rows of 256 tokens
 * with AdamW and clipping, beside eager PyTorch with fused AdamW. Ours is the trainer itself with
 * its data reading; theirs is {@code interop/train_speed_peer.py} in a process of its own.
 *
 * @param precision what matrices are multiplied in, on both sides
 * @param pairs tokens a second, the median step of each run
 * @param peer library and version; empty when none was run
 */
public record TrainSpeed(Precision precision, Pairs pairs, String peer) {
  private static final int VOCABULARY = 4096;
  private static final int TEXT_CHARACTERS = 1_000_000;
  private static final Rows ROWS = new Rows(8, 256);
  private static final int WARM_UP = 3;

  /** What a step is made of. */
  record Rows(int count, int length) {}

  /**
   * Measures.
   *
   * @param pairs how many runs of each side
   * @param steps timed steps of a run
   * @param python the peer's interpreter; empty for our side alone
   */
  public static TrainSpeed measure(
      Precision precision,
      int pairs,
      int steps,
      int threads,
      Optional<Peer> python,
      Seed seed,
      Progress progress) {
    try (WorkFolder work = WorkFolder.open()) {
      TrainConfig config = config(work, ROWS, precision, threads, seed);
      return measure(work, config, pairs, steps, python, progress);
    }
  }

  /** Runs the pairs of one configuration. */
  static TrainSpeed measure(
      WorkFolder work,
      TrainConfig config,
      int pairs,
      int steps,
      Optional<Peer> python,
      Progress progress) {
    Precision precision = config.steps().precision();
    double tokens = (double) config.data().rows() * config.data().length();
    double unused = Trainer.secondsPerStep(config, 2 * steps); // compiles what is hot
    List<Double> ours = new ArrayList<>();
    List<Double> peers = new ArrayList<>();
    String name = "";
    for (int pair = 0; pair < pairs; pair++) {
      ours.add(tokens / Trainer.secondsPerStep(config, steps));
      if (python.isPresent()) {
        Peer.Said said = python.get().run(work, "train_speed_peer.py", flags(config, steps));
        peers.add(said.figure("medianTokensPerSecond"));
        name = said.name();
      }
      progress.step(pair + 1, precision.name().toLowerCase(Locale.ROOT));
    }
    return new TrainSpeed(precision, new Pairs(ours, peers), name);
  }

  /** The 6.5 M parameters with steps of these rows. */
  static TrainConfig config(
      WorkFolder work, Rows rows, Precision precision, int threads, Seed seed) {
    return TrainConfig.of(settings(work, rows, precision, threads, seed));
  }

  /** The same before it is checked, for a process of its own. */
  static Settings settings(
      WorkFolder work, Rows rows, Precision precision, int threads, Seed seed) {
    // one long document, so that every row is full and sees all of itself, as the peer's does
    List<String> document = List.of(WorldText.longDocument(seed, TEXT_CHARACTERS));
    WorldText.write(work.file("text.jsonl"), document);
    WorldText.tokenizer(work.file("tokenizer"), document, VOCABULARY);
    return Settings.of(TrainConfig.SETTINGS)
        .with("out", work.file("run").toString())
        .with("data", work.file("text.jsonl").toString())
        .with("tokenizer", work.file("tokenizer").toString())
        .with("hidden", "256")
        .with("layers", "6")
        .with("heads", "8")
        .with("kv-heads", "4")
        .with("ffn", "704")
        .with("tied", "false")
        .with("rows", Integer.toString(rows.count()))
        .with("length", Integer.toString(rows.length()))
        .with("steps", "1000")
        .with("precision", precision.name().toLowerCase(Locale.ROOT))
        .with("seed", Long.toString(seed.value()))
        .with("threads", Integer.toString(threads));
  }

  private static List<String> flags(TrainConfig config, int steps) {
    boolean bf16 = config.steps().precision() == Precision.BF16;
    return List.of(
        "--dtype",
        bf16 ? "bfloat16" : "float32",
        "--threads",
        Integer.toString(config.threads()),
        "--steps",
        Integer.toString(steps),
        "--warmup",
        Integer.toString(WARM_UP),
        "--batch",
        Integer.toString(config.data().rows()),
        "--time",
        Integer.toString(config.data().length()));
  }
}
