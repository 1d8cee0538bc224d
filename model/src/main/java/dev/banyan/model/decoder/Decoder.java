package dev.banyan.model.decoder;

import dev.banyan.model.Batch;
import dev.banyan.model.KvStore;
import dev.banyan.model.Mode;
import dev.banyan.model.Opening;
import dev.banyan.model.Precision;
import dev.banyan.model.RouterRecord;
import dev.banyan.tensor.DType;
import dev.banyan.tensor.Guard;
import dev.banyan.tensor.Libtorch;
import dev.banyan.tensor.Scope;
import dev.banyan.tensor.Tensor;
import dev.banyan.tensor.VectorKernels;
import dev.banyan.weights.config.ExpertNaming;
import dev.banyan.weights.config.ExpertsConfig;
import dev.banyan.weights.config.Family;
import dev.banyan.weights.config.ModelConfig;
import dev.banyan.weights.config.ParameterLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The decoder transformer of all families: embedding, layers of attention and feed-forward around a
 * residual stream in f32, a last norm, the output matrix. Families differ by what the {@link
 * ModelConfig} says and by which tensors there are.
 */
public final class Decoder implements AutoCloseable {
  /** Up to here vector kernels are quicker than libtorch. */
  private static final int FEW_TOKENS = 16;

  private final ModelConfig config;
  private final Tensor embedding;
  private final List<Layer> layers = new ArrayList<>();
  private final Tensor lastNorm;
  private final Linear head;
  private final RotaryTable rotary;
  private final boolean vectorsOnly;
  private final TorchArithmetic torch;
  private final RouterWatch watch = new RouterWatch();
  private @Nullable VectorArithmetic vectors;

  private record Layer(
      Tensor attentionNorm, Attention attention, Tensor feedForwardNorm, FeedForward feedForward) {}

  /**
   * A decoder over these parameters, which it does not own.
   *
   * @param source the tensor of each name of {@link ParameterLayout}
   */
  public Decoder(ModelConfig config, ExpertNaming naming, Opening opening, ParameterSource source) {
    this.config = config;
    this.vectorsOnly = opening.mode() == Mode.EXACT || opening.int8();
    boolean bf16 = opening.precision() == Precision.BF16;
    this.torch = new TorchArithmetic(bf16 ? DType.BF16 : DType.F32);
    var parts = new Parts(config, naming, source, watch);
    this.embedding = source.parameter("model.embed_tokens.weight");
    for (int layer = 0; layer < config.layers(); layer++) {
      layers.add(parts.layer(layer));
    }
    this.lastNorm = source.vector("model.norm.weight");
    String head = config.tiedEmbeddings() ? "model.embed_tokens.weight" : "lm_head.weight";
    this.head =
        new Linear(
            head.substring(0, head.length() - ".weight".length()), source.matrix(head), null);
    this.rotary = new RotaryTable(config, opening.frequencies());
  }

  /**
   * What the last norm gives for every token, f32 [tokens, hidden]; made in the caller's scope.
   *
   * @throws IllegalArgumentException for a token id outside the vocabulary
   */
  public Tensor hidden(Batch batch, KvStore kv) {
    for (int id : batch.ids()) {
      if (id < 0 || id >= config.vocabSize()) {
        throw new IllegalArgumentException(
            "token id " + id + " is not in the vocabulary of " + config.vocabSize());
      }
    }
    return hidden(embedding.embedding(Tensor.of(batch.ids())).to(DType.F32), batch, kv);
  }

  /**
   * Keys and values of one sequence's first tokens, which are given as embeddings f32 [tokens,
   * hidden].
   */
  public void begin(Tensor embeddings, KvStore kv) {
    int[] none = new int[(int) embeddings.size(0)];
    Tensor unused = hidden(embeddings, Batch.of(none), kv);
  }

  private Tensor hidden(Tensor x, Batch batch, KvStore kv) {
    Arithmetic arithmetic = AdaptedArithmetic.of(arithmetic(batch.tokens()), AdaptedRows.of(batch));
    try (Masks masks = new Masks(batch)) {
      return hidden(
          x, new Attention.Pass(batch, kv, rotary.at(batch.positions()), masks, arithmetic));
    }
  }

  /** Where routers note what they do from now on; null for nowhere. */
  public void watchRouters(@Nullable RouterRecord record) {
    watch.set(record);
  }

  /** Who computes a pass over this many tokens here and now. */
  private Arithmetic arithmetic(int tokens) {
    if (Guard.recordsGradients()) {
      return torch;
    }
    boolean few = tokens <= FEW_TOKENS && VectorKernels.available();
    if (vectorsOnly || few) {
      if (vectors == null) {
        vectors = new VectorArithmetic(Libtorch.threads());
      }
      return vectors;
    }
    return torch;
  }

  private Tensor hidden(Tensor embedded, Attention.Pass pass) {
    Batch batch = pass.batch();
    Arithmetic arithmetic = pass.arithmetic();
    double eps = config.rmsNormEps();
    Tensor x = Scope.keep(embedded);
    try {
      for (Layer layer : layers) {
        Tensor next;
        // what a layer makes on its way is freed with it
        try (Scope scope = Scope.open()) {
          Tensor seen =
              layer.attention.added(x, arithmetic.norm(x, layer.attentionNorm, eps), pass);
          next =
              layer.feedForward.added(
                  seen, arithmetic.norm(seen, layer.feedForwardNorm, eps), arithmetic);
          if (next != x) {
            Scope.keep(next);
          }
        }
        if (next != x) {
          x.close();
          x = next;
        }
      }
      for (Batch.Sequence sequence : batch.sequences()) {
        pass.kv().advance(sequence.kv(), sequence.length());
      }
      return arithmetic.lastNorm(x, lastNorm, eps);
    } finally {
      x.close();
    }
  }

  /** Scores of every token of the vocabulary, f32 [rows, vocabulary], for hidden [rows, hidden]. */
  public Tensor logits(Tensor hidden) {
    return arithmetic((int) hidden.size(0)).apply(hidden, head);
  }

  /** {@link #logits(Tensor)} of every token of a batch, each by its sequence's adapter. */
  public Tensor logits(Tensor hidden, Batch batch) {
    return AdaptedArithmetic.of(arithmetic((int) hidden.size(0)), AdaptedRows.of(batch))
        .apply(hidden, head);
  }

  /** The same for some of the tokens. */
  public Tensor logits(Tensor hidden, Batch batch, int[] tokens) {
    Tensor chosen = hidden.indexSelect(0, Tensor.of(tokens));
    long[] rows = Arrays.stream(tokens).asLongStream().toArray();
    return AdaptedArithmetic.of(arithmetic(tokens.length), AdaptedRows.of(batch).select(rows))
        .apply(chosen, head);
  }

  @Override
  public void close() {
    rotary.close();
    if (vectors != null) {
      vectors.close();
    }
  }

  /** Finds a layer's tensors by transformers' names. */
  private record Parts(
      ModelConfig config, ExpertNaming naming, ParameterSource source, RouterWatch watch) {
    Linear linear(String name, boolean bias) {
      return new Linear(
          name, source.matrix(name + ".weight"), bias ? source.vector(name + ".bias") : null);
    }

    private Linear exact(String name) {
      return new Linear(name, source.exactMatrix(name + ".weight"), null);
    }

    Layer layer(int layer) {
      String prefix = ParameterLayout.layerPrefix(layer);
      ExpertsConfig experts = config.experts();
      return new Layer(
          source.vector(prefix + "input_layernorm.weight"),
          attention(layer, prefix + "self_attn."),
          source.vector(prefix + "post_attention_layernorm.weight"),
          experts != null && experts.has(layer)
              ? experts(prefix, experts)
              : dense(prefix + "mlp.", config.mlpBias()));
    }

    private Attention attention(int layer, String prefix) {
      var attention = config.attention();
      boolean norms = config.family().normalizesQueriesAndKeys();
      return new Attention(
          attention,
          layer,
          attention.windows().get(layer),
          List.of(
              linear(prefix + "q_proj", attention.inputBias()),
              linear(prefix + "k_proj", attention.inputBias()),
              linear(prefix + "v_proj", attention.inputBias())),
          linear(prefix + "o_proj", attention.outputBias()),
          norms ? source.vector(prefix + "q_norm.weight") : null,
          norms ? source.vector(prefix + "k_norm.weight") : null,
          config.rmsNormEps());
    }

    private Dense dense(String prefix, boolean bias) {
      return new Dense(
          linear(prefix + "gate_proj", bias),
          linear(prefix + "up_proj", bias),
          linear(prefix + "down_proj", bias));
    }

    private Experts experts(String prefix, ExpertsConfig experts) {
      boolean mixtral = config.family() == Family.MIXTRAL;
      boolean packed = naming == ExpertNaming.PACKED;
      String block = prefix + (mixtral && !packed ? "block_sparse_moe." : "mlp.");
      List<Dense> list = new ArrayList<>();
      for (int expert = 0; expert < experts.count(); expert++) {
        String one = block + "experts." + expert + ".";
        if (packed) {
          list.add(packedExpert(block, expert, experts.intermediateSize()));
        } else if (mixtral) {
          list.add(
              new Dense(
                  linear(one + "w1", false), linear(one + "w3", false), linear(one + "w2", false)));
        } else {
          list.add(dense(one, false));
        }
      }
      @Nullable Dense shared = null;
      @Nullable Linear gate = null;
      if (experts.sharedIntermediateSize() > 0) {
        shared = dense(block + "shared_expert.", false);
        gate = exact(block + "shared_expert_gate");
      }
      return new Experts(
          exact(block + "gate"),
          experts.perToken(),
          experts.normalizesTopK(),
          list,
          shared,
          gate,
          watch);
    }

    private Dense packedExpert(String block, int expert, int width) {
      Weight both = source.matrix(block + "experts.gate_up_proj");
      Weight down = source.matrix(block + "experts.down_proj");
      // PEFT has no name for one expert of a stack, and no adapter reaches it
      String name = block + "experts";
      return new Dense(
          new Linear(name, both.part(expert, 0, width), null),
          new Linear(name, both.part(expert, width, width), null),
          new Linear(name, down.part(expert, 0, config.hiddenSize()), null));
    }
  }
}
