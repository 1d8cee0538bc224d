/**
 * Model weights as files: safetensors read by mapping and written block by block, shard indexes,
 * and the folder that holds them with their {@code config.json}. The door is {@link
 * dev.banyan.weights.WeightFolder}. Plain Java: nothing here needs libtorch.
 */
@NullMarked
package dev.banyan.weights;

import org.jspecify.annotations.NullMarked;
