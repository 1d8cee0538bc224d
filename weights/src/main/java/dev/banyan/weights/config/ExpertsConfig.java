package dev.banyan.weights.config;

import java.util.List;

/**
 * A mixture of experts: a router picks {@code perToken} of {@code count} feed-forward networks for
 * each token.
 *
 * @param intermediateSize width inside one expert
 * @param sharedIntermediateSize width of the expert every token passes, behind a sigmoid gate; 0
 *     for none
 * @param normalizesTopK the chosen experts' probabilities are scaled to sum to one
 * @param sparseStep every {@code sparseStep}-th layer has experts
 * @param denseLayers layers that have none whatever the step
 * @param auxiliaryLossWeight weight of the load-balancing loss in training
 */
public record ExpertsConfig(
    int count,
    int perToken,
    int intermediateSize,
    int sharedIntermediateSize,
    boolean normalizesTopK,
    int sparseStep,
    List<Integer> denseLayers,
    double auxiliaryLossWeight) {
  public ExpertsConfig {
    denseLayers = List.copyOf(denseLayers);
    if (perToken < 1 || perToken > count) {
      throw new IllegalArgumentException(
          "num_experts_per_tok " + perToken + " is not between 1 and the " + count + " experts");
    }
    if (sparseStep < 1) {
      throw new IllegalArgumentException(
          "decoder_sparse_step " + sparseStep + " is smaller than 1");
    }
  }

  /** Whether layer {@code layer}, counted from 0, has experts. */
  public boolean has(int layer) {
    return !denseLayers.contains(layer) && (layer + 1) % sparseStep == 0;
  }
}
