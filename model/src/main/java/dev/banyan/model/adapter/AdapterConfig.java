package dev.banyan.model.adapter;

import dev.banyan.core.Json;
import dev.banyan.core.UserInputException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import tools.jackson.databind.JsonNode;

/**
 * {@code adapter_config.json} as PEFT 0.21 writes it.
 *
 * @param rankStabilized scaled by alpha / sqrt(rank) instead of alpha / rank (Kalajdzievski 2023)
 * @param alphas alpha of modules whose name ends like the key, which is a regular expression
 */
public record AdapterConfig(
    Method method, double alpha, boolean rankStabilized, Map<Pattern, Double> alphas) {
  /** The methods that can be applied. */
  public enum Method {
    /** W + scale · B · A (Hu et al. 2021, arXiv 2106.09685). */
    LORA,
    /** Outputs of keys and values and inputs of feed-forward scaled (Liu et al. 2022). */
    IA3
  }

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
    String type = root.path("peft_type").asString("");
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
    Method method =
        switch (type) {
          case "LORA" -> Method.LORA;
          case "IA3" -> Method.IA3;
          default ->
              throw new UserInputException(
                  "%s: peft_type is '%s'; LORA and IA3 can be applied".formatted(file, type));
        };
    return new AdapterConfig(
        method,
        root.path("lora_alpha").asDouble(8),
        root.path("use_rslora").asBoolean(false),
        alphas(file, root.path("alpha_pattern")));
  }

  private static Map<Pattern, Double> alphas(Path file, JsonNode patterns) {
    var alphas = new LinkedHashMap<Pattern, Double>();
    for (var entry : patterns.properties()) {
      String key = entry.getKey();
      try {
        String pattern = key.startsWith("^") ? key + ".*" : "(.*\\.)?(" + key + ")";
        alphas.put(Pattern.compile(pattern), entry.getValue().asDouble());
      } catch (PatternSyntaxException e) {
        throw new UserInputException(
            "%s: alpha_pattern '%s' is no regular expression".formatted(file, key), e);
      }
    }
    return alphas;
  }

  /** What B · A of a module is multiplied by. */
  public double scale(String module, int rank) {
    double own = alpha;
    for (var entry : alphas.entrySet()) {
      if (entry.getKey().matcher(module).matches()) {
        own = entry.getValue();
        break;
      }
    }
    return own / (rankStabilized ? Math.sqrt(rank) : rank);
  }
}
