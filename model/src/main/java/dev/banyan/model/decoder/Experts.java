package dev.banyan.model.decoder;

import dev.banyan.model.RouterRecord;
import dev.banyan.tensor.DType;
import dev.banyan.tensor.Guard;
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
 * @param watch where routing is noted in training
 */
record Experts(
    Linear router,
    int perToken,
    boolean normalizes,
    List<Dense> experts,
    @Nullable Dense shared,
    @Nullable Linear sharedGate,
    RouterWatch watch)
    implements FeedForward {

  @Override
  public Tensor added(Tensor residual, Tensor x, Arithmetic arithmetic) {
    return residual.add(apply(x, arithmetic));
  }

  private Tensor apply(Tensor x, Arithmetic arithmetic) {
    long tokens = x.size(0);
    Tensor scores = arithmetic.apply(x, router);
    Routing routing = routing(scores);
    RouterRecord noted = watch.record();
    if (noted != null && Guard.recordsGradients()) {
      noted.add(scores, routing.choices());
    }
    Tensor flatWeights = routing.weights();
    long[] choices = routing.choices();
    Tensor sum = Tensor.zeros(DType.F32, tokens, x.size(1));
    for (int expert = 0; expert < experts.size(); expert++) {
      long[] slots = slotsOf(expert, choices);
      if (slots.length == 0) {
        continue;
      }
      long[] chosen = rowsOf(slots);
      Tensor rows = Tensor.of(chosen);
      Tensor out = experts.get(expert).apply(x.indexSelect(0, rows), arithmetic.select(chosen));
      Tensor weighed = out.mul(flatWeights.indexSelect(0, Tensor.of(slots)));
      sum = sum.indexAdd(0, rows, weighed);
    }
    if (shared != null && sharedGate != null) {
      Tensor gate = gate(arithmetic.apply(x, sharedGate));
      sum = sum.add(shared.apply(x, arithmetic).mul(gate));
    }
    return sum;
  }

  /**
   * Who goes where.
   *
   * @param weights [tokens * perToken, 1]
   * @param choices [tokens * perToken], the expert of each
   */
  @SuppressWarnings("ArrayRecordComponent") // handed on, never compared
  private record Routing(Tensor weights, long[] choices) {}

  private Routing routing(Tensor scores) {
    if (!Guard.recordsGradients()) {
      return plainRouting(scores.toFloats(), (int) scores.size(0));
    }
    Tensor.TopK chosen = scores.softmax(1).topk(perToken);
    Tensor weights = chosen.values();
    if (normalizes) {
      weights = weights.div(weights.sum(1, true));
    }
    return new Routing(weights.reshape(scores.size(0) * perToken, 1), chosen.indices().toLongs());
  }

  /** The same token by token in doubles: libtorch's order of sums may change with their number. */
  private Routing plainRouting(float[] scores, int tokens) {
    int count = scores.length / tokens;
    float[] weights = new float[tokens * perToken];
    long[] choices = new long[weights.length];
    double[] chosen = new double[perToken];
    for (int token = 0; token < tokens; token++) {
      double[] left = new double[count];
      double all = 0;
      double highest = Double.NEGATIVE_INFINITY;
      for (int i = 0; i < count; i++) {
        highest = Math.max(highest, scores[token * count + i]);
      }
      for (int i = 0; i < count; i++) {
        left[i] = StrictMath.exp(scores[token * count + i] - highest);
        all += left[i];
      }
      double sum = 0;
      for (int rank = 0; rank < perToken; rank++) {
        int best = 0;
        for (int i = 1; i < count; i++) {
          best = left[i] > left[best] ? i : best;
        }
        choices[token * perToken + rank] = best;
        chosen[rank] = left[best];
        sum += left[best];
        left[best] = -1;
      }
      for (int rank = 0; rank < perToken; rank++) {
        weights[token * perToken + rank] = (float) (chosen[rank] / (normalizes ? sum : all));
      }
    }
    return new Routing(Tensor.of(weights, weights.length, 1), choices);
  }

  private static Tensor gate(Tensor scores) {
    if (Guard.recordsGradients()) {
      return scores.sigmoid();
    }
    float[] values = scores.toFloats();
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (1 / (1 + StrictMath.exp(-values[i])));
    }
    return Tensor.of(values, values.length, 1);
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
