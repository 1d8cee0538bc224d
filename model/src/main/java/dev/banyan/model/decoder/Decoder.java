package dev.banyan.model.decoder;

import dev.banyan.model.Batch;
import dev.banyan.model.KvStore;
import dev.banyan.model.Precision;
import dev.banyan.model.RotaryFrequencies;
import dev.banyan.tensor.DType;
import dev.banyan.tensor.Scope;
import dev.banyan.tensor.Tensor;
import dev.banyan.weights.config.ExpertNaming;
import dev.banyan.weights.config.ExpertsConfig;
import dev.banyan.weights.config.Family;
import dev.banyan.weights.config.ModelConfig;
import dev.banyan.weights.config.ParameterLayout;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The decoder transformer of all families: embedding, layers of attention and feed-forward around a
 * residual stream in f32, a last norm, the output matrix. Families differ by what the {@link
 * ModelConfig} says and by which tensors there are.
 */
public final class Decoder implements AutoCloseable {
  private final ModelConfig config;
  private final Tensor embedding;
  private final List<Layer> layers = new ArrayList<>();
  private final Tensor lastNorm;
  private final Linear head;
  private final RotaryTable rotary;
  private final List<Tensor> views = new ArrayList<>();

  private record Layer(
      Tensor attentionNorm, Attention attention, Tensor feedForwardNorm, FeedForward feedForward) {}

  /**
   * A decoder over these parameters, which it does not own.
   *
   * @param source the tensor of each name of {@link ParameterLayout}
   */
  public Decoder(
      ModelConfig config,
      ExpertNaming naming,
      Precision precision,
      RotaryFrequencies frequencies,
      ParameterSource source) {
    this.config = config;
    DType dtype = precision == Precision.BF16 ? DType.BF16 : DType.F32;
    var parts = new Parts(config, naming, dtype, source, views);
    this.embedding = parts.tensor("model.embed_tokens.weight");
    for (int layer = 0; layer < config.layers(); layer++) {
      layers.add(parts.layer(layer));
    }
    this.lastNorm = parts.tensor("model.norm.weight");
    String head = config.tiedEmbeddings() ? "model.embed_tokens.weight" : "lm_head.weight";
    this.head = new Linear(source.matrix(head), null, dtype);
    this.rotary = new RotaryTable(config, frequencies);
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
    try (Masks masks = new Masks(batch)) {
      return hidden(new Attention.Pass(batch, kv, rotary.at(batch.positions()), masks));
    }
  }

  private Tensor hidden(Attention.Pass pass) {
    Batch batch = pass.batch();
    double eps = config.rmsNormEps();
    Tensor x = Scope.keep(embedding.embedding(Tensor.of(batch.ids())).to(DType.F32));
    try {
      for (Layer layer : layers) {
        Tensor next;
        // what a layer makes on its way is freed with it
        try (Scope scope = Scope.open()) {
          Tensor seen =
              x.add(layer.attention.apply(x.rmsNorm(layer.attentionNorm.to(DType.F32), eps), pass));
          next =
              Scope.keep(
                  seen.add(
                      layer.feedForward.apply(
                          seen.rmsNorm(layer.feedForwardNorm.to(DType.F32), eps))));
        }
        x.close();
        x = next;
      }
      for (Batch.Sequence sequence : batch.sequences()) {
        pass.kv().advance(sequence.kv(), sequence.length());
      }
      return x.rmsNorm(lastNorm.to(DType.F32), eps);
    } finally {
      x.close();
    }
  }

  /** Scores of every token of the vocabulary, f32 [rows, vocabulary], for hidden [rows, hidden]. */
  public Tensor logits(Tensor hidden) {
    return head.apply(hidden).to(DType.F32);
  }

  @Override
  public void close() {
    rotary.close();
    views.forEach(Tensor::close);
  }

  /** Finds a layer's tensors by transformers' names. */
  private record Parts(
      ModelConfig config,
      ExpertNaming naming,
      DType dtype,
      ParameterSource source,
      List<Tensor> views) {
    Tensor tensor(String name) {
      return source.parameter(name);
    }

    Linear linear(String name, boolean bias) {
      return new Linear(
          source.matrix(name + ".weight"), bias ? source.matrix(name + ".bias") : null, dtype);
    }

    Layer layer(int layer) {
      String prefix = ParameterLayout.layerPrefix(layer);
      ExpertsConfig experts = config.experts();
      return new Layer(
          tensor(prefix + "input_layernorm.weight"),
          attention(layer, prefix + "self_attn."),
          tensor(prefix + "post_attention_layernorm.weight"),
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
          linear(prefix + "q_proj", attention.inputBias()),
          linear(prefix + "k_proj", attention.inputBias()),
          linear(prefix + "v_proj", attention.inputBias()),
          linear(prefix + "o_proj", attention.outputBias()),
          norms ? tensor(prefix + "q_norm.weight") : null,
          norms ? tensor(prefix + "k_norm.weight") : null,
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
        gate = new Linear(tensor(block + "shared_expert_gate.weight"), null, DType.F32);
      }
      return new Experts(
          tensor(block + "gate.weight"),
          experts.perToken(),
          experts.normalizesTopK(),
          list,
          shared,
          gate);
    }

    private Dense packedExpert(String block, int expert, int width) {
      Tensor both = source.matrix(block + "experts.gate_up_proj");
      Tensor down = source.matrix(block + "experts.down_proj");
      return new Dense(
          new Linear(part(both, expert, 0, width), null, dtype),
          new Linear(part(both, expert, width, width), null, dtype),
          new Linear(part(down, expert, 0, (int) down.size(1)), null, dtype));
    }

    private Tensor part(Tensor packed, int expert, int from, int rows) {
      try (Scope scope = Scope.open()) {
        Tensor view = Scope.keep(packed.select(0, expert).narrow(0, from, rows));
        views.add(view);
        return view;
      }
    }
  }
}
