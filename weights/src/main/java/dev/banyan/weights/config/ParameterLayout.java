package dev.banyan.weights.config;

import dev.banyan.weights.StoredType;
import dev.banyan.weights.TensorSpec;
import java.util.ArrayList;
import java.util.List;

/**
 * The tensors a model has by its {@code config.json}: transformers' names and shapes, in the order
 * of its state dict. Matrices are [output, input].
 */
public final class ParameterLayout {
  private final ModelConfig config;
  private final StoredType type;
  private final ExpertNaming naming;
  private final List<TensorSpec> tensors = new ArrayList<>();

  private ParameterLayout(ModelConfig config, StoredType type, ExpertNaming naming) {
    this.config = config;
    this.type = type;
    this.naming = naming;
  }

  /** All tensors of a model of {@code config}, each stored as {@code type}. */
  public static List<TensorSpec> of(ModelConfig config, StoredType type, ExpertNaming naming) {
    var layout = new ParameterLayout(config, type, naming);
    layout.model();
    return List.copyOf(layout.tensors);
  }

  /** Parameters of a model of {@code config}: tied embeddings count once. */
  public static long parameters(ModelConfig config) {
    return of(config, StoredType.F32, ExpertNaming.PACKED).stream()
        .mapToLong(TensorSpec::elements)
        .reduce(0, Math::addExact);
  }

  /** Parameters one token passes through: of the experts only those it is routed to. */
  public static long activeParameters(ModelConfig config) {
    long idle = 0;
    ExpertsConfig experts = config.experts();
    if (experts != null) {
      long one = Math.multiplyExact(3L * config.hiddenSize(), experts.intermediateSize());
      for (int layer = 0; layer < config.layers(); layer++) {
        if (config.hasExperts(layer)) {
          idle += Math.multiplyExact(one, experts.count() - experts.perToken());
        }
      }
    }
    return parameters(config) - idle;
  }

  /** What stands before the names of layer {@code layer}: {@code model.layers.7.} */
  public static String layerPrefix(int layer) {
    return "model.layers." + layer + ".";
  }

  private void model() {
    add("model.embed_tokens.weight", config.vocabSize(), config.hiddenSize());
    ExpertsConfig experts = config.experts();
    for (int layer = 0; layer < config.layers(); layer++) {
      String prefix = layerPrefix(layer);
      attention(prefix + "self_attn.");
      if (experts != null && experts.has(layer)) {
        experts(prefix, experts);
      } else {
        feedForward(prefix + "mlp.", config.intermediateSize(), config.mlpBias());
      }
      add(prefix + "input_layernorm.weight", config.hiddenSize());
      add(prefix + "post_attention_layernorm.weight", config.hiddenSize());
    }
    add("model.norm.weight", config.hiddenSize());
    if (!config.tiedEmbeddings()) {
      add("lm_head.weight", config.vocabSize(), config.hiddenSize());
    }
  }

  private void attention(String prefix) {
    var attention = config.attention();
    int hidden = config.hiddenSize();
    linear(prefix + "q_proj", attention.queryWidth(), hidden, attention.inputBias());
    linear(prefix + "k_proj", attention.keyValueWidth(), hidden, attention.inputBias());
    linear(prefix + "v_proj", attention.keyValueWidth(), hidden, attention.inputBias());
    linear(prefix + "o_proj", hidden, attention.queryWidth(), attention.outputBias());
    if (config.family().normalizesQueriesAndKeys()) {
      add(prefix + "q_norm.weight", attention.headDim());
      add(prefix + "k_norm.weight", attention.headDim());
    }
  }

  private void feedForward(String prefix, int width, boolean bias) {
    linear(prefix + "gate_proj", width, config.hiddenSize(), bias);
    linear(prefix + "up_proj", width, config.hiddenSize(), bias);
    linear(prefix + "down_proj", config.hiddenSize(), width, bias);
  }

  private void experts(String prefix, ExpertsConfig experts) {
    boolean packed = naming == ExpertNaming.PACKED;
    boolean mixtral = config.family() == Family.MIXTRAL;
    String block = prefix + (mixtral && !packed ? "block_sparse_moe." : "mlp.");
    int hidden = config.hiddenSize();
    int width = experts.intermediateSize();
    add(block + "gate.weight", experts.count(), hidden);
    if (packed) {
      add(block + "experts.gate_up_proj", experts.count(), 2L * width, hidden);
      add(block + "experts.down_proj", experts.count(), hidden, width);
    } else {
      for (int expert = 0; expert < experts.count(); expert++) {
        String one = block + "experts." + expert + ".";
        add(one + (mixtral ? "w1" : "gate_proj") + ".weight", width, hidden);
        add(one + (mixtral ? "w3" : "up_proj") + ".weight", width, hidden);
        add(one + (mixtral ? "w2" : "down_proj") + ".weight", hidden, width);
      }
    }
    if (experts.sharedIntermediateSize() > 0) {
      feedForward(block + "shared_expert.", experts.sharedIntermediateSize(), false);
      add(block + "shared_expert_gate.weight", 1, hidden);
    }
  }

  private void linear(String name, long outputs, long inputs, boolean bias) {
    add(name + ".weight", outputs, inputs);
    if (bias) {
      add(name + ".bias", outputs);
    }
  }

  private void add(String name, long... shape) {
    tensors.add(TensorSpec.of(name, type, shape));
  }
}
