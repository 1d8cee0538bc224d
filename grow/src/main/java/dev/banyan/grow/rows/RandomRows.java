package dev.banyan.grow.rows;

import dev.banyan.core.Seed;
import dev.banyan.weights.StoredType;
import dev.banyan.weights.TensorSpec;
import dev.banyan.weights.config.ExpertNaming;
import dev.banyan.weights.config.ModelConfig;
import dev.banyan.weights.config.ParameterLayout;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;

/**
 * A model nobody trained, made where it is read: matrices normal with deviation 1/sqrt(columns), so
 * that activations keep their size, norm gains around one, biases small.
 */
public final class RandomRows implements Rows {
  private final Map<String, TensorSpec> specs = new HashMap<>();
  private final Seed seed;

  public RandomRows(ModelConfig config, StoredType type, Seed seed) {
    this.seed = seed;
    ParameterLayout.of(config, type, ExpertNaming.SEPARATE)
        .forEach(spec -> specs.put(spec.name(), spec));
  }

  @Override
  public TensorSpec spec(String name) {
    TensorSpec spec = specs.get(name);
    if (spec == null) {
      throw new IllegalArgumentException("no tensor " + name);
    }
    return spec;
  }

  @Override
  public void read(String name, long first, int count, MemorySegment into) {
    TensorSpec spec = spec(name);
    int columns = Math.toIntExact(Rows.columns(spec));
    boolean vector = spec.shape().size() < 2;
    boolean norm = vector && name.endsWith("norm.weight");
    double deviation = vector ? 0.1 : name.contains("embed") ? 1 : 1 / Math.sqrt(columns);
    for (int i = 0; i < count; i++) {
      RowRandom random = new RowRandom(seed, "random", name, first + i);
      for (int j = 0; j < columns; j++) {
        long at = ((long) i * columns + j) * spec.type().bytes();
        Numbers.put(spec.type(), into, at, (norm ? 1 : 0) + deviation * random.normal(j));
      }
    }
  }
}
