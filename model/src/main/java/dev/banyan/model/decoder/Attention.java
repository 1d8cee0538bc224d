package dev.banyan.model.decoder;

import dev.banyan.model.Batch;
import dev.banyan.model.KvStore;
import dev.banyan.tensor.DType;
import dev.banyan.tensor.Tensor;
import dev.banyan.weights.config.AttentionConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Causal attention with grouped key-value heads (Ainslie et al. 2023), in f32.
 *
 * @param queryNorm weight [headDim] of the norm over single heads, null without; {@code keyNorm}
 *     likewise
 * @param window how many tokens back a token sees, itself included; 0 for all
 */
record Attention(
    AttentionConfig config,
    int layer,
    int window,
    Linear query,
    Linear key,
    Linear value,
    Linear output,
    @Nullable Tensor queryNorm,
    @Nullable Tensor keyNorm,
    double normEps) {

  /** What all layers of one forward pass share. */
  record Pass(Batch batch, KvStore kv, RotaryTable.Angles angles, Masks masks) {}

  /** x [tokens, hidden] to [tokens, hidden]. */
  Tensor apply(Tensor x, Pass pass) {
    int headDim = config.headDim();
    long tokens = x.size(0);
    Tensor q = query.apply(x).to(DType.F32).view(tokens, config.heads(), headDim);
    Tensor k = key.apply(x).to(DType.F32).view(tokens, config.keyValueHeads(), headDim);
    Tensor v = value.apply(x).to(DType.F32).view(tokens, config.keyValueHeads(), headDim);
    if (queryNorm != null && keyNorm != null) {
      q = q.rmsNorm(queryNorm.to(DType.F32), normEps);
      k = k.rmsNorm(keyNorm.to(DType.F32), normEps);
    }
    q = RotaryTable.rotate(q, pass.angles());
    k = RotaryTable.rotate(k, pass.angles());
    Tensor seen;
    if (pass.batch().packing() != null) {
      seen = packed(q, k, v, pass.batch().packing(), pass.masks());
    } else if (isDecode(pass.batch())) {
      seen = decoded(q, k, v, pass);
    } else {
      seen = ragged(q, k, v, pass);
    }
    return output.apply(seen.reshape(tokens, config.queryWidth()));
  }

  private double scale() {
    return 1 / Math.sqrt(config.headDim());
  }

  private Tensor packed(Tensor q, Tensor k, Tensor v, Batch.Packing packing, Masks masks) {
    boolean plain = packing.documents() == null && (window == 0 || window >= packing.time());
    return rows(q, packing)
        .attention(
            rows(k, packing),
            rows(v, packing),
            plain ? Optional.empty() : Optional.of(masks.packed(window)),
            plain,
            scale())
        .transpose(1, 2);
  }

  /** [rows * time, heads, headDim] to [rows, heads, time, headDim]. */
  private static Tensor rows(Tensor x, Batch.Packing packing) {
    return x.view(packing.rows(), packing.time(), x.size(1), x.size(2)).transpose(1, 2);
  }

  private static boolean isDecode(Batch batch) {
    return batch.tokens() == batch.sequences().size();
  }

  /** One new token per sequence, all sequences at once. */
  private Tensor decoded(Tensor q, Tensor k, Tensor v, Pass pass) {
    int[] sequences = pass.batch().sequences().stream().mapToInt(Batch.Sequence::kv).toArray();
    int[] pasts = new int[sequences.length];
    for (int i = 0; i < sequences.length; i++) {
      pasts[i] = pass.kv().length(sequences[i]);
    }
    var all = pass.kv().extendEach(layer, sequences, k.unsqueeze(2), v.unsqueeze(2));
    return q.unsqueeze(2)
        .attention(
            all.keys().to(DType.F32),
            all.values().to(DType.F32),
            Optional.of(pass.masks().each(pasts, window)),
            false,
            scale());
  }

  private Tensor ragged(Tensor q, Tensor k, Tensor v, Pass pass) {
    List<Tensor> parts = new ArrayList<>();
    for (Batch.Sequence sequence : pass.batch().sequences()) {
      int past = pass.kv().length(sequence.kv());
      var all = pass.kv().extend(layer, sequence.kv(), heads(k, sequence), heads(v, sequence));
      int total = past + sequence.length();
      boolean plain = past == 0 && (window == 0 || window >= total);
      parts.add(
          heads(q, sequence)
              .unsqueeze(0)
              .attention(
                  all.keys().to(DType.F32).unsqueeze(0),
                  all.values().to(DType.F32).unsqueeze(0),
                  plain
                      ? Optional.empty()
                      : Optional.of(pass.masks().after(past, sequence.length(), window)),
                  plain,
                  scale())
              .squeeze(0)
              .transpose(0, 1));
    }
    return parts.size() == 1 ? parts.getFirst() : Tensor.cat(parts, 0);
  }

  /** The tokens of one sequence, [heads, length, headDim]. */
  private static Tensor heads(Tensor x, Batch.Sequence sequence) {
    return x.narrow(0, sequence.start(), sequence.length()).transpose(0, 1);
  }
}
