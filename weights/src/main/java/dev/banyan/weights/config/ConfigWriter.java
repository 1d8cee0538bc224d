package dev.banyan.weights.config;

import dev.banyan.weights.JsonText;
import dev.banyan.weights.StoredType;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * {@link ModelConfig} to {@code config.json}, laid out as transformers lays it out: keys sorted,
 * two spaces. Transformers 4 finds {@code torch_dtype}, {@code rope_theta}, {@code rope_scaling}
 * and {@code num_experts}; transformers 5 {@code dtype}, {@code rope_parameters} and {@code
 * num_local_experts}.
 */
final class ConfigWriter {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private ConfigWriter() {}

  static String write(ModelConfig config) {
    var keys = new TreeMap<String, @Nullable Object>(config.otherKeys());
    keys.putIfAbsent("architectures", List.of(config.family().architecture()));
    keys.putIfAbsent("hidden_act", "silu");
    keys.put("model_type", config.family().modelType());
    keys.put("vocab_size", config.vocabSize());
    keys.put("hidden_size", config.hiddenSize());
    keys.put("intermediate_size", config.intermediateSize());
    keys.put("num_hidden_layers", config.layers());
    keys.put("rms_norm_eps", config.rmsNormEps());
    keys.put("tie_word_embeddings", config.tiedEmbeddings());
    keys.put("max_position_embeddings", config.maxPositions());
    keys.put("initializer_range", config.initializerRange());
    putTokens(keys, config.tokens());
    putAttention(keys, config);
    putRope(keys, config.rope());
    if (config.experts() != null) {
      putExperts(keys, config.family(), config.experts());
    }
    if (config.type() != null) {
      keys.put("dtype", torchName(config.type()));
      keys.put("torch_dtype", torchName(config.type()));
    }
    return print(keys);
  }

  private static void putTokens(Map<String, @Nullable Object> keys, SpecialTokens tokens) {
    keys.put("bos_token_id", tokens.bos());
    keys.put("pad_token_id", tokens.pad());
    keys.put(
        "eos_token_id",
        switch (tokens.eos().size()) {
          case 0 -> null;
          case 1 -> tokens.eos().getFirst();
          default -> tokens.eos();
        });
  }

  private static void putAttention(Map<String, @Nullable Object> keys, ModelConfig config) {
    var attention = config.attention();
    Family family = config.family();
    keys.put("num_attention_heads", attention.heads());
    keys.put("num_key_value_heads", attention.keyValueHeads());
    keys.put("head_dim", attention.headDim());
    switch (family) {
      case LLAMA, QWEN3, QWEN3_MOE -> keys.put("attention_bias", attention.inputBias());
      case QWEN2_MOE -> keys.put("qkv_bias", attention.inputBias());
      case QWEN2, MISTRAL, MIXTRAL -> {}
    }
    if (family == Family.LLAMA) {
      keys.put("mlp_bias", config.mlpBias());
      return;
    }
    int window = attention.windows().stream().max(Integer::compare).orElse(0);
    keys.put("sliding_window", window == 0 ? null : window);
    if (family.switchesWindow()) {
      keys.put("use_sliding_window", window > 0);
    }
    if (family.listsLayerTypes()) {
      keys.put(
          "layer_types",
          attention.windows().stream()
              .map(size -> size > 0 ? "sliding_attention" : "full_attention")
              .toList());
      keys.put("max_window_layers", maxWindowLayers(family, attention.windows()));
    }
  }

  /** For readers that do not know layer_types: how many layers from the start have no window. */
  private static int maxWindowLayers(Family family, List<Integer> windows) {
    if (family == Family.QWEN2_MOE) {
      for (int layer = windows.size(); layer > 0; layer--) {
        if (windows.get(layer - 1) > 0) {
          return layer;
        }
      }
      return windows.size();
    }
    int full = 0;
    while (full < windows.size() && windows.get(full) == 0) {
      full++;
    }
    return full;
  }

  private static void putRope(Map<String, @Nullable Object> keys, RopeConfig rope) {
    var parameters = new TreeMap<String, @Nullable Object>();
    parameters.put("rope_type", rope.scaling().typeName());
    switch (rope.scaling()) {
      case RopeConfig.None none -> {}
      case RopeConfig.Linear linear -> parameters.put("factor", linear.factor());
      case RopeConfig.Llama3 llama3 -> {
        parameters.put("factor", llama3.factor());
        parameters.put("low_freq_factor", llama3.lowFrequencyFactor());
        parameters.put("high_freq_factor", llama3.highFrequencyFactor());
        parameters.put("original_max_position_embeddings", llama3.originalPositions());
      }
      case RopeConfig.Yarn yarn -> {
        parameters.put("factor", yarn.factor());
        parameters.put("original_max_position_embeddings", yarn.originalPositions());
        parameters.put("beta_fast", yarn.betaFast());
        parameters.put("beta_slow", yarn.betaSlow());
        putIfGiven(parameters, "attention_factor", yarn.attentionFactor());
        putIfGiven(parameters, "mscale", yarn.mscale());
        putIfGiven(parameters, "mscale_all_dim", yarn.mscaleAllDim());
        if (!yarn.truncate()) {
          parameters.put("truncate", false);
        }
      }
    }
    boolean plain = rope.scaling() instanceof RopeConfig.None;
    keys.put("rope_scaling", plain ? null : new TreeMap<>(parameters));
    keys.put("rope_theta", rope.theta());
    parameters.put("rope_theta", rope.theta());
    keys.put("rope_parameters", parameters);
  }

  private static void putIfGiven(
      Map<String, @Nullable Object> keys, String key, @Nullable Double value) {
    if (value != null) {
      keys.put(key, value);
    }
  }

  private static void putExperts(
      Map<String, @Nullable Object> keys, Family family, ExpertsConfig experts) {
    keys.put("num_experts_per_tok", experts.perToken());
    keys.put("router_aux_loss_coef", experts.auxiliaryLossWeight());
    if (family != Family.QWEN2_MOE) {
      keys.put("num_local_experts", experts.count());
    }
    if (family == Family.MIXTRAL) {
      return;
    }
    keys.put("num_experts", experts.count());
    keys.put("moe_intermediate_size", experts.intermediateSize());
    keys.put("norm_topk_prob", experts.normalizesTopK());
    keys.put("decoder_sparse_step", experts.sparseStep());
    keys.put("mlp_only_layers", experts.denseLayers());
    if (family == Family.QWEN2_MOE) {
      keys.put("shared_expert_intermediate_size", experts.sharedIntermediateSize());
    }
  }

  private static String torchName(StoredType type) {
    return switch (type) {
      case F32 -> "float32";
      case F16 -> "float16";
      case BF16 -> "bfloat16";
      case F64 -> "float64";
      case F8_E4M3 -> "float8_e4m3fn";
      case F8_E5M2 -> "float8_e5m2";
      default -> throw new IllegalArgumentException("a model is not stored as " + type);
    };
  }

  private static String print(Map<String, @Nullable Object> keys) {
    ObjectNode node = JSON.createObjectNode();
    keys.forEach((key, value) -> node.set(key, JSON.<JsonNode>valueToTree(value)));
    return JsonText.pretty(node);
  }
}
