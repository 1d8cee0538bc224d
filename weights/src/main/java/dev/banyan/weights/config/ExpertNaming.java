package dev.banyan.weights.config;

/** How the weights of experts are named and cut in a file. */
public enum ExpertNaming {
  /** One tensor per expert and projection: what checkpoints hold and every reader knows. */
  SEPARATE,
  /**
   * One tensor per layer for all experts: {@code gate_up_proj} [experts, 2*width, hidden] with the
   * gates first and {@code down_proj} [experts, hidden, width], as transformers 5 holds them.
   */
  PACKED
}
