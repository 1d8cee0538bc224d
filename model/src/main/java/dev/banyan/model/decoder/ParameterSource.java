package dev.banyan.model.decoder;

import dev.banyan.tensor.Tensor;

/** Where a decoder finds its tensors, by transformers' names. */
public interface ParameterSource {
  /** The parameter itself, in the type it is held in. */
  Tensor parameter(String name);

  /** The parameter for multiplying with; a model that is not trained may hold a converted copy. */
  Tensor matrix(String name);
}
