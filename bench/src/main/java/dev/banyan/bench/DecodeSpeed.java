package dev.banyan.bench;

import dev.banyan.core.Progress;
import dev.banyan.core.Seed;
import dev.banyan.model.Batch;
import dev.banyan.model.ContiguousKvStore;
import dev.banyan.model.Generator;
import dev.banyan.model.KvStore;
import dev.banyan.model.LanguageModel;
import dev.banyan.model.Opening;
import dev.banyan.model.Precision;
import dev.banyan.tensor.DType;
import dev.banyan.tensor.Guard;
import dev.banyan.tensor.Libtorch;
import dev.banyan.tensor.Matrix;
import dev.banyan.tensor.Scope;
import dev.banyan.tensor.Tensor;
import dev.banyan.tensor.VectorKernels;
import dev.banyan.train.ModelShape;
import dev.banyan.weights.StoredTensor;
import dev.banyan.weights.StoredType;
import dev.banyan.weights.WeightFolder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Tokens a second of a Llama of 101 M parameters (hidden 768, 12 layers, 12/4 heads, feed-forward
 * 2048, vocabulary 16384, untied) stored in bf16: generated greedily beside transformers' {@code
 * generate} on the same folder and beside what reading its weights once per token would allow, and
 * of prompts in both modes.
 *
 * @param threads of every side
 * @param weightBytes read for each step
 * @param readGigabytesPerSecond how fast the same bytes were read in between, one figure per pair
 * @param decodes one per batch size
 * @param prompts one per way of computing
 * @param int8Error what rounding weights to 8 bits does
 * @param peer who {@code decodes} were compared with; null without
 */
public record DecodeSpeed(
    int threads,
    long weightBytes,
    List<Double> readGigabytesPerSecond,
    List<Decode> decodes,
    List<Prompt> prompts,
    RoundingError int8Error,
    @Nullable String peer) {
  private static final ModelShape SHAPE = new ModelShape(768, 12, 12, 4, 2048, false);
  private static final int VOCABULARY = 16_384;
  private static final int PROMPT = 16;
  private static final int LONG_PROMPT = 512;

  /**
   * Answers grown together, prompts of 16 tokens included in the time.
   *
   * @param name bf16 as stored, or int8
   * @param pairs tokens a second of all answers together
   */
  public record Decode(String name, int batch, int tokens, Pairs pairs) {
    /** Part of the read bound that is reached; the bound is one reading of all weights per step. */
    public double ofBound(DecodeSpeed speed, long bytes) {
      double bound = Pairs.median(speed.readGigabytesPerSecond) * 1e9 / bytes * batch;
      return pairs.ourMedian() / bound;
    }
  }

  /** Tokens a second of a prompt of 512 tokens, one figure per run. */
  public record Prompt(String name, List<Double> tokensPerSecond) {
    public double median() {
      return Pairs.median(tokensPerSecond);
    }
  }

  /**
   * Scores of a model with weights of 8 bits against those of the same model as stored.
   *
   * @param relative root mean square of the difference over that of the scores
   * @param divergence mean Kullback-Leibler divergence of the next token, nats
   * @param sameBest part of positions whose most probable token is the same
   */
  public record RoundingError(double relative, double divergence, double sameBest) {}

  public DecodeSpeed {
    readGigabytesPerSecond = List.copyOf(readGigabytesPerSecond);
    decodes = List.copyOf(decodes);
    prompts = List.copyOf(prompts);
  }

  /**
   * Measures in turn: reading, ours, the peer; {@code runs} times after a run to warm up.
   *
   * @param folder a Llama folder in bf16; null for a fresh one of the shape above
   * @param tokens of each answer
   */
  public static DecodeSpeed measure(
      @Nullable Path folder,
      List<Integer> batches,
      int tokens,
      int runs,
      int threads,
      Optional<Peer> python,
      Seed seed,
      Progress progress) {
    int before = Libtorch.threads();
    Libtorch.start(Libtorch.Use.INFERENCE, threads);
    try (WorkFolder work = WorkFolder.open()) {
      Path stored = folder == null ? fresh(work, tokens, seed) : folder;
      return new Run(work, stored, batches, tokens, runs, threads, python, seed, progress)
          .measure();
    } finally {
      Libtorch.start(Libtorch.Use.INFERENCE, before);
    }
  }

  private static Path fresh(WorkFolder work, int tokens, Seed seed) {
    var config = SHAPE.llama(VOCABULARY, Math.max(LONG_PROMPT, PROMPT + tokens) * 2, 0, 1, 2);
    Path folder = work.file("model");
    try (var model = LanguageModel.create(config, seed.of("model"), Precision.F32)) {
      model.save(folder, StoredType.BF16, companions -> {});
    }
    return folder;
  }

  private record Run(
      WorkFolder work,
      Path folder,
      List<Integer> batches,
      int tokens,
      int runs,
      int threads,
      Optional<Peer> python,
      Seed seed,
      Progress progress) {

    DecodeSpeed measure() {
      try (var exact = LanguageModel.open(folder, Opening.exact());
          var int8 = LanguageModel.open(folder, Opening.exact().rounded());
          var fast = LanguageModel.open(folder, Opening.fast());
          var fastBf16 = LanguageModel.open(folder, Opening.fast().with(Precision.BF16));
          Bound bound = Bound.of(folder, threads)) {
        List<Double> reads = new ArrayList<>();
        List<List<Double>> ours = lists(2 * batches.size());
        List<List<Double>> peers = lists(batches.size());
        List<List<Double>> prompts = lists(3);
        String peer = null;
        for (int run = -1; run < runs; run++) {
          List<Double> read = run < 0 ? new ArrayList<>() : reads;
          for (int i = 0; i < batches.size(); i++) {
            double rate = generated(exact, batches.get(i));
            double rounded = generated(int8, batches.get(i));
            if (run >= 0) {
              ours.get(i).add(rate);
              ours.get(batches.size() + i).add(rounded);
            }
            read.add(bound.gigabytesPerSecond());
          }
          LanguageModel[] models = {exact, fast, fastBf16};
          for (int i = 0; i < models.length; i++) {
            double rate = prompted(models[i]);
            if (run >= 0) {
              prompts.get(i).add(rate);
            }
          }
          if (run >= 0 && python.isPresent()) {
            Peer.Said said = python.get().run(work, "decode_speed_peer.py", arguments());
            for (int i = 0; i < batches.size(); i++) {
              peers.get(i).add(said.figure("tokensPerSecond" + batches.get(i)));
            }
            peer = said.name();
          }
          progress.step(run + 2, "run " + (run + 1));
        }
        List<Decode> decodes = new ArrayList<>();
        for (int i = 0; i < batches.size(); i++) {
          int batch = batches.get(i);
          decodes.add(new Decode("bf16", batch, tokens, new Pairs(ours.get(i), peers.get(i))));
        }
        for (int i = 0; i < batches.size(); i++) {
          var pairs = new Pairs(ours.get(batches.size() + i), List.of());
          decodes.add(new Decode("int8", batches.get(i), tokens, pairs));
        }
        return new DecodeSpeed(
            threads,
            bound.bytes(),
            reads,
            decodes,
            List.of(
                new Prompt("exact", prompts.get(0)),
                new Prompt("fast, f32", prompts.get(1)),
                new Prompt("fast, bf16", prompts.get(2))),
            error(exact, int8),
            peer);
      }
    }

    private static List<List<Double>> lists(int count) {
      List<List<Double>> lists = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        lists.add(new ArrayList<>());
      }
      return lists;
    }

    private List<String> arguments() {
      String sizes = String.join(",", batches.stream().map(batch -> batch + "").toList());
      return List.of(folder.toString(), sizes, PROMPT + "", tokens + "", threads + "");
    }

    private double generated(LanguageModel model, int batch) {
      int vocabulary = model.config().vocabSize();
      List<Generator.Request> requests = new ArrayList<>();
      for (int number = 0; number < batch; number++) {
        int[] prompt = seed.stream("prompt", number).ints(PROMPT, 0, vocabulary).toArray();
        requests.add(Generator.Request.greedy(prompt, tokens, Set.of()));
      }
      long begun = System.nanoTime();
      int made =
          new Generator(model, null)
              .generateAll(requests, batch).stream().mapToInt(answer -> answer.ids().size()).sum();
      return made / ((System.nanoTime() - begun) / 1e9);
    }

    private double prompted(LanguageModel model) {
      int[] ids = ids(model);
      long begun = System.nanoTime();
      try (Guard guard = Guard.noGrad();
          Scope scope = Scope.open();
          var kv = new ContiguousKvStore(model.config(), 1, DType.F32)) {
        double unused = model.forwardLast(Batch.of(ids), kv).sum().item();
      }
      return ids.length / ((System.nanoTime() - begun) / 1e9);
    }

    private int[] ids(LanguageModel model) {
      return seed.stream("long prompt").ints(LONG_PROMPT, 0, model.config().vocabSize()).toArray();
    }

    private RoundingError error(LanguageModel exact, LanguageModel int8) {
      try (Guard guard = Guard.noGrad();
          Scope scope = Scope.open()) {
        int[] ids = Arrays.copyOf(ids(exact), 128);
        Tensor a = exact.forward(Batch.of(ids), KvStore.none());
        Tensor b = int8.forward(Batch.of(ids), KvStore.none());
        Tensor difference = a.sub(b);
        double relative =
            Math.sqrt(difference.mul(difference).mean().item() / a.mul(a).mean().item());
        Tensor p = a.logSoftmax(1);
        double divergence = p.exp().mul(p.sub(b.logSoftmax(1))).sum(1, false).mean().item();
        long[] best = a.argmax(1).toLongs();
        long[] other = b.argmax(1).toLongs();
        int same = 0;
        for (int i = 0; i < best.length; i++) {
          same += best[i] == other[i] ? 1 : 0;
        }
        return new RoundingError(relative, divergence, (double) same / best.length);
      }
    }
  }

  /** The weights that every step reads, to be read without doing anything else. */
  private record Bound(
      WeightFolder folder, VectorKernels kernels, List<Matrix> matrices, List<Tensor> tensors)
      implements AutoCloseable {
    static Bound of(Path path, int threads) {
      WeightFolder folder = WeightFolder.open(path);
      List<Tensor> tensors = new ArrayList<>();
      List<Matrix> matrices = new ArrayList<>();
      for (String name : folder.names()) {
        StoredTensor stored = folder.tensor(name);
        boolean read =
            stored.spec().shape().size() == 2
                && (folder.config().tiedEmbeddings() || !name.contains("embed_tokens"));
        if (read) {
          try (Scope scope = Scope.open()) {
            DType dtype = DType.valueOf(stored.type().name());
            tensors.add(Scope.keep(Tensor.over(stored.data(), dtype, stored.spec().sizes())));
          }
          matrices.add(Matrix.of(tensors.getLast()));
        }
      }
      return new Bound(folder, VectorKernels.open(threads), matrices, tensors);
    }

    long bytes() {
      return matrices.stream().mapToLong(Matrix::bytes).sum();
    }

    /** The best of twenty readings, which is what the memory can do. */
    double gigabytesPerSecond() {
      double best = 0;
      int seen = 0;
      for (int i = 0; i < 20; i++) {
        long begun = System.nanoTime();
        seen |= kernels.read(matrices);
        best = Math.max(best, bytes() / (double) (System.nanoTime() - begun));
      }
      if (seen == 0) {
        throw new IllegalStateException("the weights are all zero");
      }
      return best;
    }

    @Override
    public void close() {
      kernels.close();
      tensors.forEach(Tensor::close);
      folder.close();
    }
  }
}
