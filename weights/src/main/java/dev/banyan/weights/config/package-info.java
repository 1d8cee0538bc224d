/** {@code config.json} of transformers 4 and 5 as records, and the tensors a model of it has. */
@NullMarked
package dev.banyan.weights.config;

import org.jspecify.annotations.NullMarked;
