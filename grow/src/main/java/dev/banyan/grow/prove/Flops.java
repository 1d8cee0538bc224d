package dev.banyan.grow.prove;

import dev.banyan.weights.config.ModelConfig;
import dev.banyan.weights.config.ParameterLayout;

/**
 * FLOPs of training: two per weight a token passes and forward pass, and as much again twice for
 * the backward one (Kaplan et al., arXiv 2001.08361, section 2.1), with attention's products over
 * half of the row on average.
 */
public final class Flops {
  private Flops() {}

  /** Per token of rows of {@code length}. */
  public static double perToken(ModelConfig config, int length) {
    double weights = ParameterLayout.activeParameters(config);
    if (!config.tiedEmbeddings()) {
      weights -= (double) config.vocabSize() * config.hiddenSize(); // looked up, not multiplied
    }
    double attention = 2.0 * config.layers() * config.attention().queryWidth() * length / 2;
    return 6 * (weights + attention);
  }
}
