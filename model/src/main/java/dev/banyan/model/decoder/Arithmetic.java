package dev.banyan.model.decoder;

import dev.banyan.tensor.Tensor;
import java.util.List;

/**
 * The operations a decoder is made of, each as large as fusing pays. Two implementations compute
 * the same formulas: {@link TorchArithmetic} with gradients, {@link VectorArithmetic} in one fixed
 * order and in memory that is used again. Tensors that are given out may be overwritten by the next
 * call of the same operation, so the decoder uses each before it asks for another. {@link
 * AdaptedArithmetic} is one of the two with adapters for some rows.
 */
sealed interface Arithmetic permits AdaptedArithmetic, TorchArithmetic, VectorArithmetic {
  /** Root-mean-square normalisation of rows, weighted by f32 [width]. */
  Tensor norm(Tensor x, Tensor weight, double eps);

  /** {@link #norm} as a new tensor of its own. */
  Tensor lastNorm(Tensor x, Tensor weight, double eps);

  /** Linear layers of the same input [tokens, in], two or three; each f32 [tokens, out]. */
  List<Tensor> project(Tensor x, List<Linear> layers);

  /** silu(gate(x)) · up(x). */
  Tensor gated(Tensor x, Linear gate, Linear up);

  /** residual + layer(x), perhaps in place of the residual; f32. */
  Tensor added(Tensor residual, Linear layer, Tensor x);

  /** What tokens see through attention, [tokens, heads · headDim]. */
  Tensor attend(Attention attention, Tensor q, Tensor k, Tensor v, Attention.Pass pass);

  /** A linear layer whose result is a new tensor of its own, f32. */
  Tensor apply(Tensor x, Linear layer);

  /** silu(gate) · up of what {@link #project} gave, perhaps in place of the gate. */
  Tensor activated(Tensor gate, Tensor up);

  /** out + x · downᵀ · upᵀ in the rows of these low-rank parts, perhaps in place of {@code out}. */
  Tensor addedLowRank(Tensor out, Tensor x, List<AdaptedRows.Part> parts);

  /** What computes with these rows of the batch alone. */
  default Arithmetic select(long[] rows) {
    return this;
  }
}
