package dev.banyan.weights.config;

import dev.banyan.core.UserInputException;
import dev.banyan.weights.JsonText;
import dev.banyan.weights.StoredType;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/**
 * {@code config.json} to {@link ModelConfig}. Follows what the config classes of transformers 5.18
 * do with each key, and takes the spellings of transformers 4: {@code torch_dtype}, {@code
 * rope_theta} with {@code rope_scaling} (which wins over {@code rope_parameters}, as there), {@code
 * num_experts}.
 */
final class ConfigReader {

  /** More layers than any model has; a hostile number must not ask for a list of 2 billion. */
  private static final int MAX_LAYERS = 100_000;

  private final String file;
  private final JsonNode root;
  private final ConfigKeys keys;
  private final Family family;

  private ConfigReader(String file, JsonNode root) {
    this.file = file;
    this.root = root;
    this.keys = new ConfigKeys(file, "", root);
    String modelType = keys.text("model_type");
    this.family =
        Family.named(modelType == null ? "" : modelType)
            .orElseThrow(
                () ->
                    new UserInputException(
                        String.format(
                            Locale.ROOT,
                            "%s: model_type %s is not a family Banyan knows; it knows %s",
                            file,
                            modelType == null
                                ? "is not given, which"
                                : "'" + JsonText.oneLine(modelType) + "'",
                            Family.names())));
  }

  static ModelConfig read(String file, byte[] json) {
    JsonNode root = JsonText.parse(file, json);
    if (!root.isObject()) {
      throw new UserInputException(file + ": is no JSON object; expected a model's config.json");
    }
    try {
      return new ConfigReader(file, root).config();
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw new UserInputException(file + ": " + e.getMessage(), e);
    }
  }

  private ModelConfig config() {
    var defaults = family.defaults();
    int layers = keys.size("num_hidden_layers", defaults.layers());
    if (layers > MAX_LAYERS) {
      throw keys.wrong(
          "num_hidden_layers", keys.value("num_hidden_layers"), "at most " + MAX_LAYERS);
    }
    int hiddenSize = keys.size("hidden_size", defaults.hiddenSize());
    int intermediateSize = keys.size("intermediate_size", defaults.intermediateSize());
    int maxPositions = keys.size("max_position_embeddings", defaults.maxPositions());
    String activation = keys.text("hidden_act");
    if (activation != null && !activation.equals("silu") && !activation.equals("swish")) {
      throw keys.wrong("hidden_act", keys.value("hidden_act"), "silu, which these families use");
    }
    var attention = attention(defaults, hiddenSize, layers);
    return new ModelConfig(
        family,
        keys.size("vocab_size", defaults.vocabSize()),
        hiddenSize,
        intermediateSize,
        layers,
        attention,
        family == Family.LLAMA && keys.flag("mlp_bias", false),
        family.hasExperts() ? experts(intermediateSize) : null,
        rope(maxPositions),
        keys.number("rms_norm_eps", family == Family.MIXTRAL ? 1e-5 : 1e-6),
        keys.flag("tie_word_embeddings", false),
        maxPositions,
        keys.number("initializer_range", 0.02),
        tokens(),
        type(),
        otherKeys());
  }

  private AttentionConfig attention(Family.Defaults defaults, int hiddenSize, int layers) {
    int heads = keys.size("num_attention_heads", defaults.heads());
    // absent means the family's number, null means as many as heads
    int keyValueHeads =
        keys.has("num_key_value_heads") || defaults.keyValueHeads() == 0
            ? keys.size("num_key_value_heads", heads)
            : defaults.keyValueHeads();
    int headDim =
        keys.has("head_dim") || defaults.headDim() == 0
            ? keys.size("head_dim", Math.max(hiddenSize / heads, 1))
            : defaults.headDim();
    boolean inputBias =
        switch (family) {
          case QWEN2 -> true;
          case QWEN2_MOE -> keys.flag("qkv_bias", true);
          case LLAMA, QWEN3, QWEN3_MOE -> keys.flag("attention_bias", false);
          case MISTRAL, MIXTRAL -> false;
        };
    boolean outputBias =
        switch (family) {
          case LLAMA, QWEN3, QWEN3_MOE -> inputBias;
          case QWEN2, QWEN2_MOE, MISTRAL, MIXTRAL -> false;
        };
    return new AttentionConfig(
        heads, keyValueHeads, headDim, inputBias, outputBias, windows(layers));
  }

  /** Per layer, how far attention looks back; 0 is all the way. */
  private List<Integer> windows(int layers) {
    if (family == Family.LLAMA) {
      return Collections.nCopies(layers, 0);
    }
    int absent = keys.has("sliding_window") || family == Family.MIXTRAL ? 0 : 4096;
    int window = keys.integer("sliding_window", absent);
    if (window < 0) {
      throw keys.wrong("sliding_window", keys.value("sliding_window"), "null or at least 0");
    }
    if (family.switchesWindow() && !keys.flag("use_sliding_window", false)) {
      window = 0;
    }
    boolean lists = family.listsLayerTypes();
    int maxWindowLayers = lists ? keys.integer("max_window_layers", 28) : 0;
    List<String> types = lists ? keys.texts("layer_types") : null;
    if (types != null && types.size() != layers) {
      throw new UserInputException(
          String.format(
              Locale.ROOT,
              "%s: layer_types has %d entries, num_hidden_layers says %d",
              file,
              types.size(),
              layers));
    }
    var windows = new ArrayList<Integer>();
    for (int layer = 0; layer < layers; layer++) {
      boolean slides =
          types != null
              ? slides(types.get(layer), window)
              : switch (family) {
                case QWEN2, QWEN3 -> layer >= maxWindowLayers;
                case QWEN2_MOE -> layer % 2 == 0 && layer < maxWindowLayers;
                default -> true;
              };
      windows.add(slides ? window : 0);
    }
    return windows;
  }

  private boolean slides(String type, int window) {
    if (type.equals("full_attention")) {
      return false;
    }
    if (type.equals("sliding_attention") && window > 0) {
      return true;
    }
    throw new UserInputException(
        String.format(
            Locale.ROOT,
            "%s: layer_types has '%s'%s, expected full_attention or sliding_attention",
            file,
            JsonText.oneLine(type),
            type.equals("sliding_attention") ? " but no sliding_window is set" : ""));
  }

  private ExpertsConfig experts(int intermediateSize) {
    boolean mixtral = family == Family.MIXTRAL;
    int count =
        switch (family) {
          case MIXTRAL -> 8;
          case QWEN2_MOE -> 60;
          default -> 128;
        };
    int perToken =
        switch (family) {
          case MIXTRAL -> 2;
          case QWEN2_MOE -> 4;
          default -> 8;
        };
    // both spellings may be there; they must not contradict each other
    int local = keys.size("num_local_experts", keys.size("num_experts", count));
    if (keys.size("num_experts", local) != local) {
      throw new UserInputException(
          String.format(
              Locale.ROOT,
              "%s: num_experts is %s, num_local_experts is %d; they mean the same",
              file,
              keys.integer("num_experts"),
              local));
    }
    return new ExpertsConfig(
        local,
        keys.size("num_experts_per_tok", perToken),
        mixtral
            ? intermediateSize
            : keys.size("moe_intermediate_size", family == Family.QWEN2_MOE ? 1408 : 768),
        family == Family.QWEN2_MOE ? keys.size("shared_expert_intermediate_size", 5632) : 0,
        mixtral || keys.flag("norm_topk_prob", false),
        mixtral ? 1 : keys.integer("decoder_sparse_step", 1),
        mixtral ? List.of() : keys.integers("mlp_only_layers"),
        keys.number("router_aux_loss_coef", 0.001));
  }

  private RopeConfig rope(int maxPositions) {
    JsonNode scaling = keys.value("rope_scaling");
    JsonNode parameters = keys.value("rope_parameters");
    boolean old = scaling != null && !(scaling.isObject() && scaling.isEmpty());
    String prefix = old ? "rope_scaling." : "rope_parameters.";
    JsonNode node = old ? scaling : parameters;
    if (node != null && !node.isObject()) {
      throw keys.wrong(old ? "rope_scaling" : "rope_parameters", node, "an object");
    }
    var rope =
        new ConfigKeys(file, prefix, node == null ? JsonNodeFactory.instance.objectNode() : node);
    double absent = family == Family.MIXTRAL ? 1e6 : 1e4;
    double theta = rope.number("rope_theta", keys.number("rope_theta", absent));
    double turned = rope.number("partial_rotary_factor", keys.number("partial_rotary_factor", 1));
    if (turned != 1) {
      throw rope.wrong(
          "partial_rotary_factor", rope.value("partial_rotary_factor"), "1: whole heads turn");
    }
    String type = rope.text("rope_type");
    if (type == null) {
      type = rope.text("type");
    }
    return new RopeConfig(theta, scaling(type == null ? "default" : type, rope, maxPositions));
  }

  private RopeConfig.Scaling scaling(String type, ConfigKeys rope, int maxPositions) {
    return switch (type) {
      case "default" -> new RopeConfig.None();
      case "linear" -> new RopeConfig.Linear(needed(rope, "factor"));
      case "llama3" ->
          new RopeConfig.Llama3(
              needed(rope, "factor"),
              needed(rope, "low_freq_factor"),
              needed(rope, "high_freq_factor"),
              rope.size("original_max_position_embeddings", maxPositions));
      case "yarn" ->
          new RopeConfig.Yarn(
              needed(rope, "factor"),
              rope.size("original_max_position_embeddings", maxPositions),
              rope.number("attention_factor"),
              rope.number("beta_fast", 32),
              rope.number("beta_slow", 1),
              rope.number("mscale"),
              rope.number("mscale_all_dim"),
              rope.flag("truncate", true));
      default ->
          throw rope.wrong(
              "rope_type", rope.value("rope_type"), "one of default, linear, llama3, yarn");
    };
  }

  private static double needed(ConfigKeys rope, String key) {
    Double value = rope.number(key);
    if (value == null) {
      throw rope.wrong(key, null, "a number");
    }
    return value;
  }

  private SpecialTokens tokens() {
    boolean llamaLike =
        family == Family.LLAMA || family == Family.MISTRAL || family == Family.MIXTRAL;
    Integer bos = Integer.valueOf(1);
    if (keys.has("bos_token_id") || !llamaLike) {
      bos = keys.integer("bos_token_id");
    }
    List<Integer> eos =
        keys.has("eos_token_id") || !llamaLike ? keys.integers("eos_token_id") : List.of(2);
    return new SpecialTokens(bos, eos, keys.integer("pad_token_id"));
  }

  private @Nullable StoredType type() {
    String name = keys.text("dtype");
    if (name == null) {
      name = keys.text("torch_dtype");
    }
    keys.has("torch_dtype");
    if (name == null || name.equals("auto")) {
      return null;
    }
    return switch (name.startsWith("torch.") ? name.substring(6) : name) {
      case "float32", "float" -> StoredType.F32;
      case "float16", "half" -> StoredType.F16;
      case "bfloat16" -> StoredType.BF16;
      case "float64", "double" -> StoredType.F64;
      case "float8_e4m3fn" -> StoredType.F8_E4M3;
      case "float8_e5m2" -> StoredType.F8_E5M2;
      default -> throw keys.wrong("dtype", keys.value("dtype"), "float32, float16 or bfloat16");
    };
  }

  private SortedMap<String, JsonNode> otherKeys() {
    var others = new TreeMap<String, JsonNode>();
    root.forEachEntry(
        (key, value) -> {
          if (!keys.asked().contains(key)) {
            others.put(key, value.deepCopy());
          }
        });
    return others;
  }
}
