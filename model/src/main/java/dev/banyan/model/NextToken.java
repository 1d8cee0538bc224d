package dev.banyan.model;

import dev.banyan.core.Seed;
import dev.banyan.model.generate.History;
import dev.banyan.model.generate.Sampler;

/**
 * Chooses the tokens of one answer, one by one, for an engine that runs many answers. What is drawn
 * depends on the seed and the token's place alone, as in {@link Generator}, so an answer that is
 * begun here and ended elsewhere is the same answer.
 */
public final class NextToken {
  private final Sampling sampling;
  private final Seed seed;
  private final History history;

  /** For an answer to these tokens. */
  public NextToken(Sampling sampling, Seed seed, int[] prompt) {
    this.sampling = sampling;
    this.seed = seed;
    this.history = new History(prompt);
  }

  /** A token of the answer; the penalties count it. */
  public void add(int id) {
    history.add(id);
  }

  /**
   * The token at {@code position}, counted from the beginning of the prompt.
   *
   * @param scores the model's logits, one per token; negative infinity forbids one
   */
  public int choose(float[] scores, int position) {
    double uniform = sampling.temperature() == 0 ? 0 : seed.stream("sample", position).nextDouble();
    return Sampler.choose(scores, sampling, history, uniform);
  }
}
