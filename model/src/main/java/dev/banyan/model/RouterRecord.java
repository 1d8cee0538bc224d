package dev.banyan.model;

import dev.banyan.tensor.Scope;
import dev.banyan.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What the routers of a model did in passes that record gradients: the losses they are trained with
 * beside the text, and which experts were chosen. One thread at a time.
 */
public final class RouterRecord implements AutoCloseable {
  private final List<Tensor> balances = new ArrayList<>();
  private final List<Tensor> squares = new ArrayList<>();
  private long[] chosen = new long[0];

  /**
   * Notes one layer's routing; called by the layer.
   *
   * @param scores [tokens, experts], before the softmax
   * @param choices experts of all tokens, one after another
   */
  public void add(Tensor scores, long[] choices) {
    int experts = (int) scores.size(1);
    if (chosen.length < experts) {
      chosen = java.util.Arrays.copyOf(chosen, experts);
    }
    float[] shares = new float[experts];
    for (long choice : choices) {
      shares[(int) choice] += 1f / choices.length;
      chosen[(int) choice]++;
    }
    // Fedus et al., arXiv 2101.03961, equations 4 to 6: E sum_i f_i P_i, one when all are alike
    Tensor likely = scores.softmax(1).mean(0, false);
    balances.add(Scope.keep(likely.mul(Tensor.of(shares, experts)).sum().mul(experts)));
    // Zoph et al., arXiv 2202.08906, equation 5: mean of the squared log of the softmax's sum
    Tensor logSum = scores.sub(scores.logSoftmax(1)).narrow(1, 0, 1);
    squares.add(Scope.keep(logSum.pow(2).mean()));
  }

  /**
   * Both losses, weighed and meant over layers; empty when no layer has experts.
   *
   * @param balance weight of the load-balancing loss
   * @param z weight of the z-loss
   */
  public Optional<Tensor> loss(double balance, double z) {
    if (balances.isEmpty()) {
      return Optional.empty();
    }
    Tensor sum = mean(balances).mul(balance).add(mean(squares).mul(z));
    return Optional.of(sum);
  }

  /** The load-balancing loss, meant over layers; NaN without experts. */
  public double balance() {
    return balances.isEmpty() ? Double.NaN : mean(balances).item();
  }

  /** The z-loss, likewise. */
  public double z() {
    return squares.isEmpty() ? Double.NaN : mean(squares).item();
  }

  private static Tensor mean(List<Tensor> values) {
    Tensor sum = values.getFirst();
    for (Tensor value : values.subList(1, values.size())) {
      sum = sum.add(value);
    }
    return sum.mul(1.0 / values.size());
  }

  /** How often each expert was chosen, summed over layers. */
  public long[] chosen() {
    return chosen.clone();
  }

  @Override
  public void close() {
    balances.forEach(Tensor::close);
    squares.forEach(Tensor::close);
  }
}
