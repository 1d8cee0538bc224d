package dev.banyan.model.decoder;

import dev.banyan.tensor.Tensor;

/** Where a decoder finds its tensors, by transformers' names. */
public interface ParameterSource {
  /** The parameter itself, in the type it is held in. */
  Tensor parameter(String name);

  /** A norm's weight or a bias as f32; a model that is not trained may hold a converted copy. */
  Tensor vector(String name);

  /** A parameter for multiplying with. */
  Weight matrix(String name);

  /** A parameter for multiplying with in f32 whatever the model's precision. */
  Weight exactMatrix(String name);
}
