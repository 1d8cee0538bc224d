package dev.banyan.bench;

import dev.banyan.core.Progress;
import dev.banyan.core.Seed;
import dev.banyan.grow.Growth;
import dev.banyan.grow.GrowthOptions;
import dev.banyan.grow.Mixture;
import dev.banyan.grow.Size;
import dev.banyan.grow.Units;
import dev.banyan.grow.Width;
import dev.banyan.model.Batch;
import dev.banyan.model.Completion;
import dev.banyan.model.Generator;
import dev.banyan.model.KvStore;
import dev.banyan.model.LanguageModel;
import dev.banyan.model.Tokenizer;
import dev.banyan.tensor.Guard;
import dev.banyan.tensor.Scope;
import dev.banyan.train.Corpus;
import dev.banyan.weights.StoredType;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A trained model stored in bfloat16, grown in bfloat16, against itself: how far the distributions
 * of the next token are apart, and whether greedy answers are the same.
 *
 * @param kl mean over tokens of held-out text of KL(source, grown), in nats
 * @param perplexity grown over source, minus one
 * @param equal prompts whose greedy answer is the same, of {@code prompts}
 */
public record GrowQuality(String growth, double kl, double perplexity, int equal, int prompts) {
  private static final int ANSWER = 64;
  private static final int PROMPT = 16;
  private static final int AT_ONCE = 20;

  /** What is tried: everything exact, alone and together. */
  private static Map<String, GrowthOptions> options(Path source) {
    var config = Growth.config(source);
    Size from = Size.of(config);
    int hidden = config.hiddenSize();
    Size half = new Size(hidden * 3 / 2, null, null, null, null, null);
    Size deeper = new Size(null, config.layers() + 2, null, null, null, null);
    Map<String, GrowthOptions> options = new LinkedHashMap<>();
    options.put(
        "duplicate, everything twice",
        GrowthOptions.to(Size.times(config, 2)).with(Width.DUPLICATE));
    options.put("isometric, width × 1.5", GrowthOptions.to(half));
    options.put("dyadic, width × 1.5", GrowthOptions.to(half).with(Width.DYADIC));
    options.put("zero-extend, width × 1.5", GrowthOptions.to(half).with(Width.ZERO_EXTEND));
    options.put("isometric, stored as f32", GrowthOptions.to(half).as(StoredType.F32));
    options.put("identity, two layers more", GrowthOptions.to(deeper));
    options.put(
        "silent heads and units",
        GrowthOptions.to(Size.times(config, 2).or(from)).with(Units.ZERO).with(Width.DUPLICATE));
    options.put(
        "copied experts", GrowthOptions.to(Size.SAME).with(Mixture.of(Mixture.Method.COPY)));
    options.put(
        "dyadic, deeper, experts",
        GrowthOptions.to(half.or(deeper))
            .with(Width.DYADIC)
            .with(Mixture.of(Mixture.Method.GRANULAR)));
    return options;
  }

  /** Measures on a model folder with tokenizer and held-out text. */
  public static List<GrowQuality> measure(
      Path model, Path heldOut, int prompts, Seed seed, Progress progress) {
    List<GrowQuality> rows = new ArrayList<>();
    try (WorkFolder work = WorkFolder.open()) {
      Path source = work.file("source");
      var narrow = GrowthOptions.to(Size.SAME).as(StoredType.BF16);
      Growth.run(model, source, Growth.plan(model, narrow), Progress.none());
      List<int[]> texts = texts(heldOut, Tokenizer.open(model), prompts);
      Seen before = see(source, texts);
      for (var each : options(model).entrySet()) {
        Path target = work.file("grown-" + rows.size());
        var option = each.getValue().withSeed(seed.value());
        Growth.run(source, target, Growth.plan(source, option), Progress.none());
        rows.add(compare(each.getKey(), before, see(target, texts), prompts));
        progress.step(rows.size(), each.getKey());
      }
    }
    return rows;
  }

  /** What a model says: log probabilities per token and vocabulary, greedy answers. */
  private record Seen(List<float[]> logProbabilities, List<int[]> next, List<List<Integer>> said) {}

  private static List<int[]> texts(Path heldOut, Tokenizer tokenizer, int count) {
    List<int[]> texts = new ArrayList<>();
    try (Corpus corpus = Corpus.open(List.of(heldOut), Corpus.Options.STRICT)) {
      var all = corpus.texts();
      while (all.hasNext() && texts.size() < count) {
        int[] ids = tokenizer.encode(all.next(), true);
        if (ids.length > PROMPT + 8) {
          texts.add(Arrays.copyOf(ids, Math.min(ids.length, 64)));
        }
      }
    }
    return texts;
  }

  private static Seen see(Path folder, List<int[]> texts) {
    List<float[]> all = new ArrayList<>();
    List<int[]> next = new ArrayList<>();
    List<Generator.Request> requests = new ArrayList<>();
    try (var model = LanguageModel.open(folder)) {
      for (int[] text : texts) {
        try (Scope scope = Scope.open();
            Guard guard = Guard.noGrad()) {
          all.add(
              model.forward(Batch.of(text), KvStore.none()).logSoftmax(1).contiguous().toFloats());
        }
        next.add(Arrays.copyOfRange(text, 1, text.length));
        requests.add(Generator.Request.greedy(Arrays.copyOf(text, PROMPT), ANSWER, Set.of()));
      }
      List<Completion> said = new Generator(model, null).generateAll(requests, AT_ONCE);
      return new Seen(all, next, said.stream().map(Completion::ids).toList());
    }
  }

  private static GrowQuality compare(String growth, Seen before, Seen after, int prompts) {
    double kl = 0;
    double loss = 0;
    long tokens = 0;
    long foretold = 0;
    int equal = 0;
    for (int i = 0; i < before.next.size(); i++) {
      float[] p = before.logProbabilities.get(i);
      float[] q = after.logProbabilities.get(i);
      int length = before.next.get(i).length + 1;
      int words = p.length / length;
      for (int at = 0; at < p.length; at++) {
        kl += Math.exp(p[at]) * ((double) p[at] - q[at]);
      }
      for (int t = 0; t < length - 1; t++) {
        int at = t * words + before.next.get(i)[t];
        loss += (double) p[at] - q[at];
      }
      tokens += length;
      foretold += length - 1;
      equal += before.said.get(i).equals(after.said.get(i)) ? 1 : 0;
    }
    return new GrowQuality(
        growth,
        kl / tokens,
        Math.expm1(loss / foretold),
        equal,
        Math.min(prompts, before.next.size()));
  }
}
