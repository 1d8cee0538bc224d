package dev.banyan.train.replay;

import dev.banyan.core.Seed;
import dev.banyan.core.UserInputException;
import dev.banyan.plan.StepGraph;
import dev.banyan.plan.Storage;
import dev.banyan.plan.TensorSlot;
import dev.banyan.tensor.DType;
import dev.banyan.train.StepValues;
import java.lang.foreign.MemorySegment;
import java.util.Base64;
import java.util.List;
import java.util.function.DoubleSupplier;
import java.util.function.LongUnaryOperator;
import java.util.random.RandomGenerator;

/**
 * Values like those of a fresh model: matrices of variance 1 / inputs, gains near 1, offsets near
 * 0, state 0, indices below what they index.
 */
public final class SeededValues implements StepValues {
  private final Seed seed;
  private final IndexBounds bounds;

  public SeededValues(StepGraph graph, Seed seed) {
    this.seed = seed;
    this.bounds = IndexBounds.of(graph);
  }

  @Override
  public void fill(Storage storage, TensorSlot tensor, MemorySegment memory) {
    RandomGenerator random = seed.stream("value", storage.id(), storage.name());
    switch (storage.kind()) {
      case OPTIMIZER_STATE -> memory.fill((byte) 0);
      case CONSTANT -> constant(storage, tensor, memory, random);
      case PARAMETER -> parameter(storage, tensor, memory, random);
      default -> input(storage, tensor, memory, random);
    }
  }

  private void constant(
      Storage storage, TensorSlot tensor, MemorySegment memory, RandomGenerator random) {
    if (storage.data().isEmpty()) {
      input(storage, tensor, memory, random);
      return;
    }
    byte[] bytes;
    try {
      bytes = Base64.getDecoder().decode(storage.data());
    } catch (IllegalArgumentException e) {
      throw new UserInputException(
          "constant '" + storage.name() + "': its data is no base64: " + e.getMessage(), e);
    }
    if (bytes.length != memory.byteSize()) {
      throw new UserInputException(
          "constant '%s' has %d bytes of data, its storage %d"
              .formatted(storage.name(), bytes.length, memory.byteSize()));
    }
    memory.copyFrom(MemorySegment.ofArray(bytes));
  }

  private void parameter(
      Storage storage, TensorSlot tensor, MemorySegment memory, RandomGenerator random) {
    List<Long> shape = tensor.shape();
    DType dtype = Slots.dtype(tensor);
    if (!Numbers.isReal(dtype)) {
      long bound = shape.isEmpty() ? 1 : bounds.of(storage.id());
      Numbers.fillWhole(memory, dtype, i -> i % bound);
    } else if (shape.size() > 1) {
      long inputs = Slots.elements(tensor) / Math.max(1, shape.getFirst());
      double scale = Math.sqrt(3.0 / Math.max(1, inputs));
      Numbers.fill(memory, dtype, () -> scale * (2 * random.nextFloat() - 1));
    } else {
      boolean gain = storage.name().endsWith("weight") || storage.name().endsWith("var");
      double mean = gain ? 1 : 0;
      Numbers.fill(memory, dtype, () -> mean + 0.02 * (2 * random.nextFloat() - 1));
    }
  }

  private void input(
      Storage storage, TensorSlot tensor, MemorySegment memory, RandomGenerator random) {
    DType dtype = Slots.dtype(tensor);
    if (Numbers.isReal(dtype)) {
      DoubleSupplier normal = random::nextGaussian;
      Numbers.fill(memory, dtype, normal);
    } else {
      long bound = dtype == DType.BOOL ? 2 : bounds.of(storage.id());
      LongUnaryOperator index = i -> random.nextLong(bound);
      Numbers.fillWhole(memory, dtype, index);
    }
  }
}
