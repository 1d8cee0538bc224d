package dev.banyan.model.decoder;

import dev.banyan.tensor.DType;
import dev.banyan.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A sparse mixture (Shazeer et al. 2017, as in Mixtral and Qwen): softmax over all experts in f32,
 * the {@code perToken} most probable are run on the token and summed by probability. Each expert
 * runs once, on the tokens routed to it.
 *
 * @param router [experts, hidden]
 * @param normalizes probabilities of the chosen are scaled to sum to one
 * @param shared an expert every token passes, null without
 * @param sharedGate [1, hidden], its sigmoid weighs {@code shared}
 */
record Experts(
    Tensor router,
    int perToken,
    boolean normalizes,
    List<Dense> experts,
    @Nullable Dense shared,
    @Nullable Linear sharedGate)
    implements FeedForward {

  @Override
  public Tensor apply(Tensor x) {
    long tokens = x.size(0);
    Tensor.TopK chosen = x.to(DType.F32).linear(router.to(DType.F32)).softmax(1).topk(perToken);
    Tensor weights = chosen.values();
    if (normalizes) {
      weights = weights.div(weights.sum(1, true));
    }
    Tensor flatWeights = weights.reshape(tokens * perToken, 1);
    long[] choices = chosen.indices().toLongs();
    Tensor sum = Tensor.zeros(DType.F32, tokens, x.size(1));
    for (int expert = 0; expert < experts.size(); expert++) {
      long[] slots = slotsOf(expert, choices);
      if (slots.length == 0) {
        continue;
      }
      Tensor rows = Tensor.of(rowsOf(slots));
      Tensor out = experts.get(expert).apply(x.indexSelect(0, rows)).to(DType.F32);
      Tensor weighed = out.mul(flatWeights.indexSelect(0, Tensor.of(slots)));
      sum = sum.indexAdd(0, rows, weighed);
    }
    if (shared != null && sharedGate != null) {
      Tensor gate = sharedGate.apply(x).to(DType.F32).sigmoid();
      sum = sum.add(shared.apply(x).to(DType.F32).mul(gate));
    }
    return sum;
  }

  /** Where in the flat list of choices this expert was chosen. */
  private static long[] slotsOf(int expert, long[] choices) {
    long[] slots = new long[choices.length];
    int found = 0;
    for (int slot = 0; slot < choices.length; slot++) {
      if (choices[slot] == expert) {
        slots[found++] = slot;
      }
    }
    return java.util.Arrays.copyOf(slots, found);
  }

  private long[] rowsOf(long[] slots) {
    long[] rows = new long[slots.length];
    for (int i = 0; i < slots.length; i++) {
      rows[i] = slots[i] / perToken;
    }
    return rows;
  }
}
