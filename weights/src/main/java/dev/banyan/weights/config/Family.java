package dev.banyan.weights.config;

import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The decoder families Banyan knows. They differ by data: what is here, and what {@code
 * config.json} says. The numbers are what transformers 5.18 assumes when {@code config.json} leaves
 * a key out.
 */
public enum Family {
  LLAMA("llama", "LlamaForCausalLM", new Defaults(32_000, 4096, 11_008, 32, 32, 0, 0, 2048)),
  MISTRAL(
      "mistral", "MistralForCausalLM", new Defaults(32_000, 4096, 14_336, 32, 32, 8, 0, 131_072)),
  QWEN2("qwen2", "Qwen2ForCausalLM", new Defaults(151_936, 4096, 22_016, 32, 32, 32, 0, 32_768)),
  QWEN3("qwen3", "Qwen3ForCausalLM", new Defaults(151_936, 4096, 22_016, 32, 32, 32, 128, 32_768)),
  MIXTRAL(
      "mixtral", "MixtralForCausalLM", new Defaults(32_000, 4096, 14_336, 32, 32, 8, 0, 131_072)),
  QWEN2_MOE(
      "qwen2_moe", "Qwen2MoeForCausalLM", new Defaults(151_936, 2048, 5632, 24, 16, 16, 0, 32_768)),
  QWEN3_MOE(
      "qwen3_moe", "Qwen3MoeForCausalLM", new Defaults(151_936, 2048, 6144, 24, 32, 4, 0, 32_768));

  private final String modelType;
  private final String architecture;

  @SuppressWarnings("ImmutableEnumChecker") // a record of numbers
  private final Defaults defaults;

  /**
   * Sizes when a key is absent; 0 key-value heads means as many as heads, 0 headDim hidden/heads.
   */
  record Defaults(
      int vocabSize,
      int hiddenSize,
      int intermediateSize,
      int layers,
      int heads,
      int keyValueHeads,
      int headDim,
      int maxPositions) {}

  Family(String modelType, String architecture, Defaults defaults) {
    this.modelType = modelType;
    this.architecture = architecture;
    this.defaults = defaults;
  }

  /** The value of {@code model_type}. */
  public String modelType() {
    return modelType;
  }

  /** The transformers class, the value of {@code architectures}. */
  public String architecture() {
    return architecture;
  }

  Defaults defaults() {
    return defaults;
  }

  /** True for the families whose feed-forward layers can be mixtures of experts. */
  public boolean hasExperts() {
    return this == MIXTRAL || this == QWEN2_MOE || this == QWEN3_MOE;
  }

  /** True when single heads of queries and keys are normalised before rotation. */
  public boolean normalizesQueriesAndKeys() {
    return this == QWEN3 || this == QWEN3_MOE;
  }

  /** True when each layer's kind of attention is listed ({@code layer_types}). */
  boolean listsLayerTypes() {
    return this == QWEN2 || this == QWEN3 || this == QWEN2_MOE;
  }

  /** True when a window counts only together with {@code use_sliding_window}. */
  boolean switchesWindow() {
    return listsLayerTypes() || this == QWEN3_MOE;
  }

  /** The family with this {@code model_type}. */
  public static Optional<Family> named(String modelType) {
    return Arrays.stream(values()).filter(family -> family.modelType.equals(modelType)).findFirst();
  }

  /** All values of {@code model_type} that are known, for messages. */
  public static String names() {
    return Arrays.stream(values()).map(Family::modelType).collect(Collectors.joining(", "));
  }
}
