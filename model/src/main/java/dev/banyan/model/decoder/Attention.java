package dev.banyan.model.decoder;

import dev.banyan.model.Batch;
import dev.banyan.model.KvStore;
import dev.banyan.tensor.Tensor;
import dev.banyan.weights.config.AttentionConfig;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Causal attention with grouped key-value heads (Ainslie et al. 2023), in f32.
 *
 * @param inputs query, key and value layers
 * @param queryNorm weight [headDim] of the norm over single heads, null without; {@code keyNorm}
 *     likewise
 * @param window how many tokens back a token sees, itself included; 0 for all
 */
record Attention(
    AttentionConfig config,
    int layer,
    int window,
    List<Linear> inputs,
    Linear output,
    @Nullable Tensor queryNorm,
    @Nullable Tensor keyNorm,
    double normEps) {

  /** What all layers of one forward pass share. */
  record Pass(
      Batch batch, KvStore kv, RotaryTable.Angles angles, Masks masks, Arithmetic arithmetic) {}

  /** residual + attention of x, both [tokens, hidden], perhaps in place of the residual. */
  Tensor added(Tensor residual, Tensor x, Pass pass) {
    Arithmetic arithmetic = pass.arithmetic();
    List<Tensor> qkv = arithmetic.project(x, inputs);
    Tensor seen = arithmetic.attend(this, qkv.get(0), qkv.get(1), qkv.get(2), pass);
    return arithmetic.added(residual, output, seen);
  }

  double scale() {
    return 1 / Math.sqrt(config.headDim());
  }
}
