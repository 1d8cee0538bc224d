package dev.banyan.cli.model;

import dev.banyan.weights.config.ModelConfig;
import dev.banyan.weights.config.ParameterLayout;

/** How many threads a model's operations are worth dividing among. */
final class Threads {
  /** Below this many parameters a second thread costs more than it gives. */
  private static final long SMALL_MODEL = 20_000_000;

  private Threads() {}

  /** One for a small model, otherwise one per core. */
  static int worthWhile(ModelConfig config) {
    return ParameterLayout.activeParameters(config) < SMALL_MODEL
        ? 1
        : Runtime.getRuntime().availableProcessors();
  }
}
