package dev.banyan.plan;

import java.util.List;

/**
 * A tensor: a place in a storage with a shape.
 *
 * @param id its position in {@link StepGraph#tensors}
 * @param storage the storage it lies in
 * @param dtype PyTorch's name, for example {@code float32}
 * @param shape elements per dimension
 * @param strides elements between neighbours of a dimension
 * @param offset elements from the storage's start
 */
public record TensorSlot(
    int id, int storage, String dtype, List<Long> shape, List<Long> strides, long offset) {
  public TensorSlot {
    shape = List.copyOf(shape);
    strides = List.copyOf(strides);
  }
}
