package dev.banyan.grow.recipe;

import dev.banyan.grow.Fill;
import dev.banyan.grow.Recipe;
import dev.banyan.grow.TensorRecipe;
import dev.banyan.grow.TensorRecipe.Redraw;
import dev.banyan.grow.rows.GrownTensor;
import dev.banyan.grow.rows.Numbers;
import dev.banyan.grow.rows.Rows;
import dev.banyan.weights.TensorSpec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * Measures mean and deviation of the units each expert drops (Drop-Upcycling draws new ones from
 * them) and writes them into the recipe. Reads the dense layers once for each expert.
 */
public final class DroppedValues {
  private DroppedValues() {}

  /** The recipe with what is drawn decided. */
  public static Recipe measured(Recipe recipe, Rows sources) {
    if (recipe.tensors().stream().allMatch(tensor -> tensor.redraw() == null)) {
      return recipe;
    }
    List<TensorRecipe> tensors = new ArrayList<>();
    for (TensorRecipe tensor : recipe.tensors()) {
      Redraw redraw = tensor.redraw();
      if (redraw == null) {
        tensors.add(tensor);
      } else {
        Fill values = measured(recipe, tensor, redraw, sources);
        tensors.add(
            tensor.with(new Redraw(redraw.expert(), redraw.rows(), redraw.share(), values)));
      }
    }
    return new Recipe(
        recipe.options(),
        recipe.sourceConfig(),
        recipe.targetConfig(),
        recipe.steps(),
        recipe.axes(),
        tensors,
        recipe.layers(),
        recipe.silent());
  }

  private static Fill measured(Recipe recipe, TensorRecipe tensor, Redraw redraw, Rows sources) {
    TensorRecipe whole =
        TensorRecipe.of(
            tensor.spec(), tensor.sources(), tensor.rows(), tensor.columns(), tensor.scale());
    TensorSpec spec = tensor.spec();
    int columns = Math.toIntExact(Rows.columns(spec));
    int rows = Math.toIntExact(Rows.rows(spec));
    double sum = 0;
    double squares = 0;
    long count = 0;
    try (Arena arena = Arena.ofConfined()) {
      var grown = new GrownTensor(recipe, whole, sources, arena);
      boolean[] dropped = grown.dropped(redraw, redraw.rows() ? rows : columns);
      MemorySegment row = arena.allocate((long) columns * spec.type().bytes(), 8);
      double[] values = new double[columns];
      for (int r = 0; r < rows; r++) {
        if (redraw.rows() && !dropped[r]) {
          continue;
        }
        grown.make(r, 1, row);
        Numbers.read(spec.type(), row, 0, values, 0, columns);
        for (int c = 0; c < columns; c++) {
          if (redraw.rows() || dropped[c]) {
            sum += values[c];
            squares += values[c] * values[c];
            count++;
          }
        }
      }
    }
    double mean = count == 0 ? 0 : sum / count;
    double variance = count == 0 ? 0 : squares / count - mean * mean;
    return new Fill(mean, Math.sqrt(Math.max(0, variance)));
  }
}
