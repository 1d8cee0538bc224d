package dev.banyan.train.schedule;

/** The learning rate of every step of a run. Pure. */
public sealed interface Schedule permits Cosine, WarmupStableDecay {
  /**
   * The learning rate of a step.
   *
   * @param step counted from 0
   */
  double rate(long step);

  /** Rises linearly from highest / warmup in the first step to highest in step warmup - 1. */
  static double warmup(double highest, long step, int warmup) {
    return highest * (step + 1) / warmup;
  }
}
