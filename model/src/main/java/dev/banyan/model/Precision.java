package dev.banyan.model;

/** What matrices are multiplied in; attention, norms, the router and the loss are always f32. */
public enum Precision {
  F32,
  /** Weights and inputs of the linear layers are rounded to bfloat16, sums are kept in f32. */
  BF16
}
