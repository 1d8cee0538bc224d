package dev.banyan.model;

/** How exactly the frequencies of rotary positions are held. */
public enum RotaryFrequencies {
  /** In f32, as transformers holds them when it loads a folder. */
  EXACT,
  /**
   * Rounded to the type the weights are stored as, which is what {@code model.to(torch.bfloat16)}
   * does to them in PyTorch. For comparing with logits recorded from a model that was cast so.
   */
  AS_STORED
}
