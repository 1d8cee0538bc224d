package dev.banyan.train.replay;

import dev.banyan.core.UserInputException;
import dev.banyan.plan.StepGraph;
import dev.banyan.plan.Storage;
import dev.banyan.plan.TensorSlot;
import dev.banyan.train.StepValues;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;

/** The storages that outlive a step, each with memory of its own. */
final class Persistent implements AutoCloseable {
  private final Arena arena = Arena.ofConfined();
  private final Map<Integer, MemorySegment> segments = new HashMap<>();

  Persistent(StepGraph graph, StepValues values) {
    Map<Integer, TensorSlot> largest = Slots.largest(graph.tensors());
    for (Storage storage : graph.storages()) {
      if (storage.isPersistent()) {
        TensorSlot tensor = largest.get(storage.id());
        MemorySegment segment = arena.allocate(storage.bytes(), graph.alignment());
        segments.put(storage.id(), segment);
        if (tensor != null && storage.bytes() > 0) {
          requireInside(graph, storage, tensor);
          values.fill(storage, tensor, segment);
        }
      }
    }
  }

  private static void requireInside(StepGraph graph, Storage storage, TensorSlot tensor) {
    if (Slots.endBytes(tensor) > storage.bytes()) {
      throw new UserInputException(
          "%s: tensor %d ends at byte %d of storage %d '%s', which has %d"
              .formatted(
                  graph.source(),
                  tensor.id(),
                  Slots.endBytes(tensor),
                  storage.id(),
                  storage.name(),
                  storage.bytes()));
    }
  }

  MemorySegment of(int storage) {
    MemorySegment segment = segments.get(storage);
    if (segment == null) {
      throw new IllegalStateException("storage " + storage + " is not alive");
    }
    return segment;
  }

  @Override
  public void close() {
    arena.close();
  }
}
