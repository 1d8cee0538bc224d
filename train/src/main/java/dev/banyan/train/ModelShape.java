package dev.banyan.train;

import dev.banyan.core.UserInputException;
import dev.banyan.weights.StoredType;
import dev.banyan.weights.config.ModelConfig;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;

/**
 * The size of a fresh Llama.
 *
 * @param hidden width of the residual stream; a multiple of twice {@code heads}
 * @param keyValueHeads divides {@code heads}
 * @param feedForward width inside a feed-forward layer
 * @param tied whether the output matrix is the embedding matrix
 */
public record ModelShape(
    int hidden, int layers, int heads, int keyValueHeads, int feedForward, boolean tied) {
  public ModelShape {
    if (hidden % (2 * heads) != 0) {
      throw new UserInputException(
          "hidden is %d and heads is %d; hidden must be a multiple of twice the heads"
              .formatted(hidden, heads));
    }
    if (heads % keyValueHeads != 0) {
      throw new UserInputException(
          "heads is %d and kv-heads is %d; heads must be a multiple of kv-heads"
              .formatted(heads, keyValueHeads));
    }
  }

  /** The configuration of such a Llama for this vocabulary and these special tokens. */
  public ModelConfig llama(int vocabulary, int positions, int beginId, int endId, int padId) {
    var keys = new LinkedHashMap<String, Object>();
    keys.put("model_type", "llama");
    keys.put("architectures", java.util.List.of("LlamaForCausalLM"));
    keys.put("vocab_size", vocabulary);
    keys.put("hidden_size", hidden);
    keys.put("intermediate_size", feedForward);
    keys.put("num_hidden_layers", layers);
    keys.put("num_attention_heads", heads);
    keys.put("num_key_value_heads", keyValueHeads);
    keys.put("head_dim", hidden / heads);
    keys.put("max_position_embeddings", positions);
    keys.put("tie_word_embeddings", tied);
    keys.put("rms_norm_eps", 1e-5);
    keys.put("rope_theta", 10000.0);
    keys.put("initializer_range", 0.02);
    keys.put("bos_token_id", beginId);
    keys.put("eos_token_id", endId);
    keys.put("pad_token_id", padId);
    byte[] json =
        dev.banyan.core.Json.mapper().writeValueAsString(keys).getBytes(StandardCharsets.UTF_8);
    return ModelConfig.parse("a fresh model", json).withType(StoredType.F32);
  }
}
