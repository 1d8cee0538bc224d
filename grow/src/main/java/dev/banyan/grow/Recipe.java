package dev.banyan.grow;

import dev.banyan.weights.config.ModelConfig;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/**
 * How a target model is made from a source model, tensor by tensor; everything is decided, nothing
 * is computed yet.
 *
 * @param options what was asked for
 * @param sourceConfig what the source's {@code config.json} must say
 * @param targetConfig what the target's will
 * @param steps what happens, in words and figures
 * @param axes how dimensions grow, by name
 * @param tensors in the order of the target's state dict
 * @param layers which source layer each target layer comes from
 * @param silent target layers that begin as the identity
 */
public record Recipe(
    GrowthOptions options,
    ModelConfig sourceConfig,
    ModelConfig targetConfig,
    List<GrowthStep> steps,
    SequencedMap<String, Axis> axes,
    List<TensorRecipe> tensors,
    List<Integer> layers,
    List<Integer> silent) {
  /** The name of the residual stream's axis. */
  public static final String RESIDUAL = "residual";

  /** The file's name in a grown model folder. */
  public static final String FILE = "growth-recipe.json";

  public Recipe {
    steps = List.copyOf(steps);
    axes = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(axes));
    tensors = List.copyOf(tensors);
    layers = List.copyOf(layers);
    silent = List.copyOf(silent);
  }

  /** What all steps together do to the function. */
  public Exactness exactness() {
    return steps.stream().map(GrowthStep::exactness).reduce(Exactness.BITWISE, Exactness::and);
  }

  /** Where all fresh values come from. */
  public long seed() {
    return options.seed();
  }

  /** Whether storing rounds weights that were exact before. */
  public boolean rounds() {
    return steps.stream().anyMatch(GrowthStep::rounds);
  }

  /** Bytes of the target's weights. */
  public long bytes() {
    return tensors.stream().mapToLong(tensor -> tensor.spec().bytes()).sum();
  }

  /** The axis a tensor's rows or columns grow along. */
  public Axis axis(TensorRecipe.Use use) {
    Axis axis = axes.get(use.axis());
    if (axis == null) {
      throw new IllegalArgumentException("the recipe has no axis '" + use.axis() + "'");
    }
    return axis;
  }

  /** Sources by tensor name, for messages. */
  public Map<String, TensorRecipe> byName() {
    Map<String, TensorRecipe> named = new LinkedHashMap<>();
    tensors.forEach(tensor -> named.put(tensor.spec().name(), tensor));
    return named;
  }
}
