package dev.banyan.model.decoder;

import dev.banyan.tensor.Tensor;

/** SwiGLU (Shazeer 2020): down(silu(gate(x)) * up(x)). */
record Dense(Linear gate, Linear up, Linear down) implements FeedForward {
  @Override
  public Tensor apply(Tensor x) {
    return down.apply(gate.apply(x).swiglu(up.apply(x)));
  }
}
