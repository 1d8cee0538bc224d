package dev.banyan.model;

import dev.banyan.tensor.Tensor;

/** The loss that tests train with. */
final class NextTokens {
  private NextTokens() {}

  /** Mean negative log-likelihood of each row's tokens from the second on. */
  static Tensor loss(LanguageModel model, int[][] rows) {
    int time = rows[0].length;
    long[] targets = new long[rows.length * time];
    for (int row = 0; row < rows.length; row++) {
      for (int i = 0; i < time; i++) {
        targets[row * time + i] = i + 1 < time ? rows[row][i + 1] : Tensor.IGNORED;
      }
    }
    return model
        .forward(Batch.rectangle(rows), KvStore.none())
        .crossEntropy(Tensor.of(targets), true);
  }
}
