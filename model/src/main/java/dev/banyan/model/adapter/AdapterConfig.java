package dev.banyan.model.adapter;

import dev.banyan.core.Json;
import dev.banyan.core.UserInputException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;

/**
 * {@code adapter_config.json} as PEFT 0.21 writes it.
 *
 * @param ranks how LoRA's products are scaled; of no meaning for other methods
 * @param virtual what stands before the text; nothing for LoRA and IA3
 */
public record AdapterConfig(Method method, Ranks ranks, Virtual virtual) {
  /** The methods that can be applied. */
  public enum Method {
    /** W + scale · B · A (Hu et al. 2021, arXiv 2106.09685). */
    LORA,
    /** Outputs of keys and values and inputs of feed-forward scaled (Liu et al. 2022). */
    IA3,
    /** Learned embeddings before the text (Lester et al. 2021, arXiv 2104.08691). */
    PROMPT_TUNING,
    /** The same, learned through a small network that is not stored (Liu et al. 2021). */
    P_TUNING,
    /** Learned keys and values before the text in every layer (Li and Liang 2021). */
    PREFIX_TUNING;

    /** Whether it puts virtual tokens before the text instead of changing layers. */
    public boolean isVirtual() {
      return this == PROMPT_TUNING || this == P_TUNING || this == PREFIX_TUNING;
    }
  }

  /**
   * LoRA's ranks and scales.
   *
   * @param rank 0 where the file does not say
   * @param rankStabilized scaled by alpha / sqrt(rank) instead of alpha / rank (Kalajdzievski 2023)
   * @param alphas alpha of modules whose name ends like the key, which is a regular expression;
   *     {@code ranks} likewise
   */
  public record Ranks(
      double alpha,
      int rank,
      boolean rankStabilized,
      Map<Pattern, Double> alphas,
      Map<Pattern, Double> ranks) {
    /** What B · A of a module is multiplied by. */
    public double scale(String module, int rank) {
      double own = of(module, alphas, alpha);
      return own / (rankStabilized ? Math.sqrt(rank) : rank);
    }

    /** The rank of a module's matrices; 0 where the file does not say. */
    public int rank(String module) {
      return (int) of(module, ranks, rank);
    }

    private static double of(String module, Map<Pattern, Double> patterns, double usual) {
      for (var entry : patterns.entrySet()) {
        if (entry.getKey().matcher(new Budgeted(module)).matches()) {
          return entry.getValue();
        }
      }
      return usual;
    }
  }

  /** A name that may be looked at so often: a hostile expression would match for years. */
  private static final class Budgeted implements CharSequence {
    private static final int LOOKS = 1_000_000;

    private final String name;
    private int looks;

    Budgeted(String name) {
      this.name = name;
    }

    @Override
    public char charAt(int index) {
      if (++looks > LOOKS) {
        throw new UserInputException(
            "adapter_config.json: a key of alpha_pattern or rank_pattern takes too long to match "
                + name);
      }
      return name.charAt(index);
    }

    @Override
    public int length() {
      return name.length();
    }

    @Override
    public CharSequence subSequence(int start, int end) {
      return name.substring(start, end);
    }

    @Override
    public String toString() {
      return name;
    }
  }

  /**
   * Virtual tokens.
   *
   * @param layers of the model they were made for, and {@code heads} keys and values have in each;
   *     0 where the file does not say
   */
  public record Virtual(int tokens, int layers, int heads) {}

  /** Settings that change what is computed and are not supported; each is off in these values. */
  private static final List<String> OFF =
      List.of(
          "use_dora",
          "fan_in_fan_out",
          "lora_bias",
          "use_qalora",
          "use_bdlora",
          "modules_to_save",
          "layer_replication",
          "target_parameters",
          "trainable_token_indices",
          "alora_invocation_tokens",
          "arrow_config",
          "kasa_config",
          "monteclora_config",
          "velora_config");

  /**
   * Reads the file.
   *
   * @throws UserInputException when it is no such file, or needs what is not supported
   */
  public static AdapterConfig read(Path file) {
    JsonNode root = Json.read(file, JsonNode.class);
    if (!root.isObject()) {
      throw new UserInputException(file + ": is not a JSON object");
    }
    Method method = method(file, root.path("peft_type").asString(""));
    requireSupported(file, root);
    var ranks =
        new Ranks(
            number(file, root, "lora_alpha", 8),
            count(file, root, "r"),
            root.path("use_rslora").asBoolean(false),
            patterns(file, root, "alpha_pattern"),
            patterns(file, root, "rank_pattern"));
    var virtual =
        new Virtual(
            count(file, root, "num_virtual_tokens"),
            count(file, root, "num_layers"),
            count(file, root, "num_attention_heads"));
    if (method.isVirtual() && virtual.tokens() < 1) {
      throw new UserInputException(
          file + ": " + method + " needs num_virtual_tokens of at least 1");
    }
    return new AdapterConfig(method, ranks, virtual);
  }

  private static Method method(Path file, String type) {
    for (Method method : Method.values()) {
      if (method.name().equals(type)) {
        return method;
      }
    }
    throw new UserInputException(
        "%s: peft_type is '%s'; %s can be applied"
            .formatted(
                file,
                type,
                Arrays.stream(Method.values()).map(Enum::name).collect(Collectors.joining(", "))));
  }

  private static void requireSupported(Path file, JsonNode root) {
    for (String setting : OFF) {
      JsonNode value = root.path(setting);
      boolean off =
          value.isMissingNode()
              || value.isNull()
              || (value.isBoolean() && !value.booleanValue())
              || (value.isContainer() && value.isEmpty());
      if (!off) {
        throw new UserInputException(
            "%s: %s is %s, which is not supported".formatted(file, setting, value));
      }
    }
    if (!root.path("bias").asString("none").equals("none")) {
      throw new UserInputException(file + ": bias must be \"none\"");
    }
    if (count(file, root, "num_transformer_submodules") > 1) {
      throw new UserInputException(
          file + ": num_transformer_submodules must be 1; this adapter is for an encoder-decoder");
    }
  }

  private static double number(Path file, JsonNode root, String key, double usual) {
    JsonNode value = root.path(key);
    if (value.isMissingNode() || value.isNull()) {
      return usual;
    }
    if (!value.isNumber() || !Double.isFinite(value.doubleValue())) {
      throw new UserInputException("%s: %s is %s, must be a number".formatted(file, key, value));
    }
    return value.doubleValue();
  }

  /** A count from 1 on; 0 when it is not there. */
  private static int count(Path file, JsonNode root, String key) {
    double value = number(file, root, key, 0);
    boolean there = root.path(key).isNumber();
    if (there && (value < 1 || value > Integer.MAX_VALUE || value != Math.rint(value))) {
      throw new UserInputException(
          "%s: %s is %s, must be a whole number from 1 on".formatted(file, key, root.path(key)));
    }
    return (int) value;
  }

  private static Map<Pattern, Double> patterns(Path file, JsonNode root, String setting) {
    var patterns = new LinkedHashMap<Pattern, Double>();
    JsonNode node = root.path(setting);
    for (var entry : node.properties()) {
      String key = entry.getKey();
      try {
        patterns.put(Pattern.compile("(.*\\.)?(" + key + ")"), number(file, node, key, 0));
      } catch (PatternSyntaxException e) {
        throw new UserInputException(
            "%s: %s '%s' is no regular expression".formatted(file, setting, key), e);
      }
    }
    return patterns;
  }
}
