package dev.banyan.weights.config;

import java.util.List;

/**
 * The shape of attention: {@code heads} query heads in groups that share {@code keyValueHeads}
 * heads of keys and values, each {@code headDim} wide.
 *
 * @param inputBias queries, keys and values have a bias
 * @param outputBias the output projection has one
 * @param windows per layer, how many positions a query sees back, itself included; 0 is all
 */
public record AttentionConfig(
    int heads,
    int keyValueHeads,
    int headDim,
    boolean inputBias,
    boolean outputBias,
    List<Integer> windows) {
  public AttentionConfig {
    windows = List.copyOf(windows);
    if (heads < 1 || keyValueHeads < 1 || heads % keyValueHeads != 0) {
      throw new IllegalArgumentException(
          "num_attention_heads "
              + heads
              + " is not a multiple of num_key_value_heads "
              + keyValueHeads);
    }
    if (headDim < 2 || headDim % 2 != 0) {
      throw new IllegalArgumentException(
          "head_dim " + headDim + " is odd: rotary positions need pairs");
    }
  }

  /** Width of all queries. */
  public int queryWidth() {
    return Math.multiplyExact(heads, headDim);
  }

  /** Width of all keys, and of all values. */
  public int keyValueWidth() {
    return Math.multiplyExact(keyValueHeads, headDim);
  }
}
