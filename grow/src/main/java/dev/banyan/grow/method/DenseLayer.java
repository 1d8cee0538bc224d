package dev.banyan.grow.method;

import dev.banyan.grow.Fill;
import dev.banyan.grow.Recipe;
import dev.banyan.grow.TensorRecipe;
import dev.banyan.grow.TensorRecipe.Role;
import dev.banyan.grow.TensorRecipe.Source;
import dev.banyan.grow.TensorRecipe.Use;
import dev.banyan.weights.StoredType;
import dev.banyan.weights.TensorSpec;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A feed-forward layer of the source as one of the target: its gate and up write to units and read
 * the residual stream, its down reads units and writes to the stream.
 *
 * @param units the axis of units
 * @param width units of the target
 * @param silent whether down is to be zero
 */
public record DenseLayer(
    StoredType type,
    int hidden,
    int width,
    String units,
    List<Source> gate,
    List<Source> up,
    List<Source> down,
    boolean silent) {
  public DenseLayer {
    gate = List.copyOf(gate);
    up = List.copyOf(up);
    down = List.copyOf(down);
  }

  /** Gate of {@code size} units from unit {@code from} on, [size, hidden]. */
  public TensorRecipe gate(String name, int from, int size) {
    return writes(name, gate, from, size);
  }

  /** Up likewise. */
  public TensorRecipe up(String name, int from, int size) {
    return writes(name, up, from, size);
  }

  private TensorRecipe writes(String name, List<Source> sources, int from, int size) {
    return TensorRecipe.of(
        TensorSpec.of(name, type, size, hidden),
        sources,
        new Use(units, Role.WRITES, from, size),
        residual(Role.READS),
        1);
  }

  /** Down of the same units times {@code scale}, [hidden, size]. */
  public TensorRecipe down(String name, int from, int size, double scale) {
    TensorSpec spec = TensorSpec.of(name, type, hidden, size);
    if (silent || scale == 0) {
      return TensorRecipe.fresh(spec, Fill.ZERO, 1);
    }
    return TensorRecipe.of(
        spec, down, residual(Role.WRITES), new Use(units, Role.READS, from, size), scale);
  }

  private @Nullable Use residual(Role role) {
    return new Use(Recipe.RESIDUAL, role, 0, hidden);
  }
}
