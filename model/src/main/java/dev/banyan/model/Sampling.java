package dev.banyan.model;

import dev.banyan.core.Json;
import dev.banyan.core.UserInputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/**
 * How the next token is chosen from its scores. The steps are taken in transformers' order:
 * repetition penalty, (OpenAI's) presence and frequency penalties, temperature, top-k, top-p,
 * min-p.
 *
 * @param temperature scores are divided by it; 0 takes the best token
 * @param topK only the k best tokens; 0 for all
 * @param topP only the fewest best tokens that together have this probability; 1 for all
 * @param minP only tokens at least this fraction as probable as the best; 0 for all
 * @param repetitionPenalty scores of tokens that were in prompt or answer are divided by it when
 *     positive and multiplied when negative (Keskar et al. 2019); 1 for none
 * @param presencePenalty taken from the score of a token that was in the answer
 * @param frequencyPenalty taken for each time it was
 */
public record Sampling(
    double temperature,
    int topK,
    double topP,
    double minP,
    double repetitionPenalty,
    double presencePenalty,
    double frequencyPenalty) {
  public Sampling {
    require(temperature >= 0 && Double.isFinite(temperature), "temperature", temperature, ">= 0");
    require(topK >= 0, "top-k", topK, ">= 0");
    require(topP > 0 && topP <= 1, "top-p", topP, "above 0 and at most 1");
    require(minP >= 0 && minP <= 1, "min-p", minP, "between 0 and 1");
    require(
        repetitionPenalty > 0 && Double.isFinite(repetitionPenalty),
        "repetition-penalty",
        repetitionPenalty,
        "above 0");
    require(Double.isFinite(presencePenalty), "presence-penalty", presencePenalty, "a number");
    require(Double.isFinite(frequencyPenalty), "frequency-penalty", frequencyPenalty, "a number");
  }

  private static void require(boolean holds, String name, double value, String rule) {
    if (!holds) {
      throw new UserInputException("%s is %s, must be %s".formatted(name, value, rule));
    }
  }

  /** Always the most probable token. */
  public static Sampling greedy() {
    return new Sampling(0, 0, 1, 0, 1, 0, 0);
  }

  /** Draws from the model's own distribution, sharpened or flattened by {@code temperature}. */
  public static Sampling atTemperature(double temperature) {
    return new Sampling(temperature, 0, 1, 0, 1, 0, 0);
  }

  /** True when the scores alone decide. */
  public boolean isPlainGreedy() {
    return temperature == 0
        && repetitionPenalty == 1
        && presencePenalty == 0
        && frequencyPenalty == 0;
  }

  /**
   * What a model folder's {@code generation_config.json} recommends; greedy without one.
   *
   * @throws UserInputException when the file is no JSON or a value cannot be
   */
  public static Sampling read(Path folder) {
    JsonNode config = generationConfig(folder);
    double temperature =
        config.path("do_sample").asBoolean(false) ? config.path("temperature").asDouble(1) : 0;
    return new Sampling(
        temperature,
        temperature == 0 ? 0 : config.path("top_k").asInt(50),
        temperature == 0 ? 1 : config.path("top_p").asDouble(1),
        temperature == 0 ? 0 : config.path("min_p").asDouble(0),
        config.path("repetition_penalty").asDouble(1),
        0,
        0);
  }

  /** The ids that end an answer: {@code eos_token_id} of {@code generation_config.json}. */
  public static Set<Integer> stopIds(Path folder) {
    var ids = new LinkedHashSet<Integer>();
    JsonNode eos = generationConfig(folder).path("eos_token_id");
    if (eos.isArray()) {
      eos.forEach(id -> ids.add(id.asInt(-1)));
    } else if (eos.isInt()) {
      ids.add(eos.intValue());
    }
    return ids;
  }

  private static JsonNode generationConfig(Path folder) {
    Path file = folder.resolve("generation_config.json");
    return Files.exists(file) ? Json.read(file, JsonNode.class) : Json.mapper().createObjectNode();
  }
}
