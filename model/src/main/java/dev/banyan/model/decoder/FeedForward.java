package dev.banyan.model.decoder;

import dev.banyan.tensor.Tensor;

/** What stands between the attention of one layer and the next: [tokens, hidden] to the same. */
sealed interface FeedForward permits Dense, Experts {
  /** residual + what this gives for x, perhaps in place of the residual. */
  Tensor added(Tensor residual, Tensor x, Arithmetic arithmetic);
}
