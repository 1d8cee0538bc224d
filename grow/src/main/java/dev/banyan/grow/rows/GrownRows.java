package dev.banyan.grow.rows;

import dev.banyan.grow.Recipe;
import dev.banyan.grow.TensorRecipe;
import dev.banyan.weights.StoredType;
import dev.banyan.weights.TensorSpec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;

/**
 * The rows of a target that is not written anywhere: made when they are asked for.
 *
 * @see #exact
 */
public final class GrownRows implements Rows {
  private final Recipe recipe;
  private final Rows sources;
  private final Map<String, TensorRecipe> tensors;
  private final Map<String, GrownTensor> open = new HashMap<>();
  private final Arena arena;

  private GrownRows(Recipe recipe, Rows sources, Map<String, TensorRecipe> tensors, Arena arena) {
    this.recipe = recipe;
    this.sources = sources;
    this.tensors = tensors;
    this.arena = arena;
  }

  /** As they would be stored. */
  public static GrownRows of(Recipe recipe, Rows sources, Arena arena) {
    return new GrownRows(recipe, sources, recipe.byName(), arena);
  }

  /** In doubles: what the recipe says before anything is rounded to be stored. */
  public static GrownRows exact(Recipe recipe, Rows sources, Arena arena) {
    Map<String, TensorRecipe> tensors = new HashMap<>();
    recipe.byName().forEach((name, tensor) -> tensors.put(name, tensor.as(StoredType.F64)));
    return new GrownRows(recipe, sources, tensors, arena);
  }

  private TensorRecipe tensor(String name) {
    TensorRecipe tensor = tensors.get(name);
    if (tensor == null) {
      throw new IllegalArgumentException("the recipe makes no tensor '" + name + "'");
    }
    return tensor;
  }

  @Override
  public TensorSpec spec(String name) {
    return tensor(name).spec();
  }

  @Override
  public void read(String name, long first, int count, MemorySegment into) {
    open.computeIfAbsent(name, each -> new GrownTensor(recipe, tensor(each), sources, arena))
        .make(first, count, into);
  }
}
