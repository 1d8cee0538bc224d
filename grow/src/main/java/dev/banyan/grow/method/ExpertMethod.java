package dev.banyan.grow.method;

import dev.banyan.grow.Exactness;
import dev.banyan.grow.Fill;
import dev.banyan.grow.Mixture;
import dev.banyan.grow.TensorRecipe;
import dev.banyan.weights.StoredType;
import dev.banyan.weights.TensorSpec;
import dev.banyan.weights.config.Family;
import java.util.ArrayList;
import java.util.List;

/** A way for a dense layer to become a mixture of experts. All of them renormalise over top-k. */
public interface ExpertMethod {
  /** Narrowest shared expert of a family that must have one and whose method needs none. */
  int LEAST_SHARED = 64;

  /**
   * Weights of a shared expert's gate that leave its sigmoid at exactly a half in every arithmetic,
   * and its input not zero: llama.cpp computes that sigmoid as silu(x)/x. Float16 has no such
   * number.
   */
  Fill ALMOST_ZERO = new Fill(0x1p-100, 0);

  /** Units of one expert, of {@code width} of the dense layer. */
  int expertWidth(int width);

  /** Units of the shared expert. */
  default int sharedWidth(Family family, int width) {
    return family == Family.QWEN2_MOE ? Math.min(width, LEAST_SHARED) : 0;
  }

  /** Router and experts of one layer. */
  List<TensorRecipe> layer(DenseLayer dense, ExpertLayer names);

  Exactness exactness();

  /** Whether weights are multiplied by what 16 bits cannot hold. */
  boolean rounds();

  String why();

  /** The method of a flag. */
  static ExpertMethod of(Mixture mixture) {
    return switch (mixture.method()) {
      case COPY -> new CopiedExperts(mixture);
      case GRANULAR -> new GranularExperts(mixture);
      case SHARED_CARRY -> new SharedCarry(mixture);
      case DROP -> new DropUpcycling(mixture);
      case NOISE -> new NoiseUpcycling(mixture);
    };
  }

  /** A router [experts, hidden] of fresh rows, each {@code repeated} times. */
  static TensorRecipe router(DenseLayer dense, ExpertLayer names, Mixture mixture) {
    return TensorRecipe.fresh(
        TensorSpec.of(names.router(), dense.type(), mixture.total(), dense.hidden()),
        Fill.normal(mixture.routerDeviation()),
        mixture.shards());
  }

  /** A shared expert that says nothing, for a family that cannot be without. */
  static List<TensorRecipe> silentShared(DenseLayer dense, ExpertLayer names, int width) {
    List<TensorRecipe> shared = new ArrayList<>();
    if (width > 0) {
      shared.add(dense.gate(names.shared("gate"), 0, width));
      shared.add(dense.up(names.shared("up"), 0, width));
      shared.add(dense.down(names.shared("down"), 0, width, 0));
      shared.add(sharedGate(dense, names));
    }
    return shared;
  }

  /** Its sigmoid is a half. */
  static TensorRecipe sharedGate(DenseLayer dense, ExpertLayer names) {
    StoredType type = dense.type() == StoredType.F16 ? StoredType.F32 : dense.type();
    return TensorRecipe.fresh(
        TensorSpec.of(names.sharedGate(), type, 1, dense.hidden()), ALMOST_ZERO, 1);
  }
}
