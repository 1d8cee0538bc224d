package dev.banyan.model.decoder;

import dev.banyan.tensor.Tensor;

/** What stands between the attention of one layer and the next: [tokens, hidden] to the same. */
sealed interface FeedForward permits Dense, Experts {
  Tensor apply(Tensor x);
}
