package dev.banyan.model.decoder;

import dev.banyan.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * x · weightᵀ + bias.
 *
 * @param name transformers' name of the layer, by which adapters know it
 * @param weight [outputs, inputs]
 * @param bias [outputs]
 */
record Linear(String name, Weight weight, @Nullable Tensor bias) {}
