package dev.banyan.model.decoder;

import dev.banyan.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * x · weightᵀ + bias.
 *
 * @param weight [outputs, inputs]
 * @param bias [outputs]
 */
record Linear(Weight weight, @Nullable Tensor bias) {}
