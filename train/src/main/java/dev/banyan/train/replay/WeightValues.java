package dev.banyan.train.replay;

import dev.banyan.core.UserInputException;
import dev.banyan.plan.StepGraph;
import dev.banyan.plan.Storage;
import dev.banyan.plan.TensorSlot;
import dev.banyan.tensor.DType;
import dev.banyan.train.StepValues;
import dev.banyan.weights.StoredTensor;
import dev.banyan.weights.StoredType;
import dev.banyan.weights.TensorSpec;
import dev.banyan.weights.WeightFolder;
import java.lang.foreign.MemorySegment;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Parameters by name from a folder of weights, whole-number inputs by name. */
public final class WeightValues implements StepValues {
  private final Optional<WeightFolder> folder;
  private final Map<String, long[]> inputs;
  private final StepValues others;

  public WeightValues(
      Optional<WeightFolder> folder, Map<String, long[]> inputs, StepValues others) {
    this.folder = folder;
    this.inputs = Map.copyOf(inputs);
    this.others = others;
  }

  /** Whether the folder has every parameter of a step, by name and shape, and no other. */
  public static boolean fits(StepGraph graph, WeightFolder folder) {
    Map<Integer, TensorSlot> largest = Slots.largest(graph.tensors());
    Set<String> names = new HashSet<>();
    for (Storage storage : graph.storages()) {
      TensorSlot tensor = largest.get(storage.id());
      if (storage.kind() == Storage.Kind.PARAMETER && tensor != null) {
        names.add(storage.name());
        Optional<TensorSpec> spec = folder.spec(storage.name());
        if (spec.isEmpty() || !spec.get().shape().equals(tensor.shape())) {
          return false;
        }
      }
    }
    return names.size() == folder.names().size();
  }

  @Override
  public void fill(Storage storage, TensorSlot tensor, MemorySegment memory) {
    long[] given = inputs.get(storage.name());
    if (given != null) {
      whole(storage, tensor, given, memory);
    } else if (folder.isPresent()
        && storage.kind() == Storage.Kind.PARAMETER
        && Numbers.isReal(Slots.dtype(tensor))) {
      weight(folder.get(), storage, tensor, memory);
    } else {
      others.fill(storage, tensor, memory);
    }
  }

  private static void whole(
      Storage storage, TensorSlot tensor, long[] given, MemorySegment memory) {
    if (given.length != Slots.elements(tensor)) {
      throw new UserInputException(
          "input '%s' has %d values, the graph's is %s"
              .formatted(storage.name(), given.length, tensor.shape()));
    }
    Numbers.fillWhole(memory, Slots.dtype(tensor), i -> given[(int) i]);
  }

  private static void weight(
      WeightFolder folder, Storage storage, TensorSlot tensor, MemorySegment memory) {
    StoredTensor stored =
        folder
            .find(storage.name())
            .orElseThrow(
                () ->
                    new UserInputException(
                        "%s: has no tensor '%s', which the step has as a parameter"
                            .formatted(folder.path(), storage.name())));
    if (!stored.shape().equals(tensor.shape())) {
      throw new UserInputException(
          "%s: tensor '%s' is %s, the step's is %s"
              .formatted(folder.path(), storage.name(), stored.shape(), tensor.shape()));
    }
    DType dtype = Slots.dtype(tensor);
    if (dtype == DType.F32 && stored.type() == StoredType.F32) {
      memory.copyFrom(stored.data());
    } else {
      float[] values = stored.toFloats();
      int[] at = {0};
      Numbers.fill(memory, dtype, () -> values[at[0]++]);
    }
  }
}
