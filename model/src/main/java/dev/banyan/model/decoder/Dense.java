package dev.banyan.model.decoder;

import dev.banyan.tensor.Tensor;

/** SwiGLU (Shazeer 2020): down(silu(gate(x)) * up(x)). */
record Dense(Linear gate, Linear up, Linear down) implements FeedForward {
  @Override
  public Tensor added(Tensor residual, Tensor x, Arithmetic arithmetic) {
    return arithmetic.added(residual, down, arithmetic.gated(x, gate, up));
  }

  /** What it gives for x alone, a new tensor. */
  Tensor apply(Tensor x, Arithmetic arithmetic) {
    return arithmetic.apply(arithmetic.gated(x, gate, up), down);
  }
}
