package dev.banyan.train;

import dev.banyan.core.Seed;
import dev.banyan.plan.StepGraph;
import dev.banyan.plan.Storage;
import dev.banyan.plan.TensorSlot;
import dev.banyan.train.replay.SeededValues;
import dev.banyan.train.replay.WeightValues;
import dev.banyan.weights.WeightFolder;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.Optional;

/** What stands in a step's parameters, state, inputs and constants before it runs. */
@FunctionalInterface
public interface StepValues {
  /**
   * Fills a storage that outlives the step; called once for each, in the order of their ids.
   *
   * @param tensor one that lies in it, for its type and shape; the largest there is
   * @param memory the storage's bytes
   */
  void fill(Storage storage, TensorSlot tensor, MemorySegment memory);

  /**
   * Random parameters and inputs, zero state, constants as the graph holds them; indices stay below
   * what they index. The same seed gives the same bits.
   */
  static StepValues seeded(StepGraph graph, Seed seed) {
    return new SeededValues(graph, seed);
  }

  /**
   * Parameters from a folder of weights by name, integer inputs as given by name, everything else
   * as {@code others} says.
   *
   * @throws dev.banyan.core.UserInputException when filling a parameter of another shape than the
   *     weight of its name, and when the folder has none of that name
   */
  static StepValues ofWeights(WeightFolder folder, Map<String, long[]> inputs, StepValues others) {
    return new WeightValues(Optional.of(folder), inputs, others);
  }

  /** Integer inputs as given by name, everything else as {@code others} says. */
  static StepValues ofInputs(Map<String, long[]> inputs, StepValues others) {
    return new WeightValues(Optional.empty(), inputs, others);
  }

  /** Whether the folder has every parameter of a step, by name and shape, and no other. */
  static boolean fits(StepGraph graph, WeightFolder folder) {
    return WeightValues.fits(graph, folder);
  }
}
