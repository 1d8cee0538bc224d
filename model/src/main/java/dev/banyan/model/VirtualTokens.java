package dev.banyan.model;

import dev.banyan.model.adapter.StoredMatrix;
import dev.banyan.tensor.Scope;
import dev.banyan.tensor.Tensor;
import dev.banyan.weights.config.ModelConfig;
import java.util.ArrayList;
import java.util.List;

/**
 * Keys and values of learned tokens that stand before a text. The tokens of prompt tuning are
 * embeddings, but what they become in each layer depends on nothing behind them, so that once they
 * went through the model they are keys and values as those of prefix tuning are.
 *
 * @param keyValues F32 [2 · layers, kvHeads, tokens, headDim]: keys of layer 0, its values, keys of
 *     layer 1, …; keys as they are kept, so not to be turned by their positions
 */
record VirtualTokens(Tensor keyValues) implements AutoCloseable {
  /** Prefix tuning's, stored as [tokens, 2 · layers · kvHeads · headDim]. */
  static VirtualTokens ofPrefix(StoredMatrix stored, ModelConfig config) {
    var attention = config.attention();
    try (Scope scope = Scope.open()) {
      Tensor byToken =
          stored
              .tensor()
              .view(
                  stored.rows(),
                  2L * config.layers(),
                  attention.keyValueHeads(),
                  attention.headDim());
      return new VirtualTokens(Scope.keep(byToken.permute(1, 2, 0, 3).contiguous()));
    }
  }

  /** What sequence 0 of a store holds. */
  static VirtualTokens ofKept(ContiguousKvStore kv, ModelConfig config) {
    try (Scope scope = Scope.open()) {
      List<Tensor> layers = new ArrayList<>();
      for (int layer = 0; layer < config.layers(); layer++) {
        KvStore.Seen kept = kv.kept(layer, 0);
        layers.add(kept.keys());
        layers.add(kept.values());
      }
      return new VirtualTokens(Scope.keep(Tensor.stack(layers, 0)));
    }
  }

  int tokens() {
    return (int) keyValues.size(2);
  }

  /** Puts them at the beginning of a sequence that is empty. */
  void begin(KvStore kv, int sequence) {
    if (kv.length(sequence) != 0) {
      throw new IllegalArgumentException(
          "sequence %d has %d tokens; virtual tokens come first"
              .formatted(sequence, kv.length(sequence)));
    }
    try (Scope scope = Scope.open()) {
      for (int layer = 0; layer < keyValues.size(0) / 2; layer++) {
        KvStore.Seen unused =
            kv.extend(
                layer,
                sequence,
                keyValues.select(0, 2L * layer),
                keyValues.select(0, 2L * layer + 1));
      }
    }
    kv.advance(sequence, tokens());
    if (kv.length(sequence) != tokens()) {
      throw new IllegalArgumentException("virtual tokens need a store that keeps them");
    }
  }

  @Override
  public void close() {
    keyValues.close();
  }
}
