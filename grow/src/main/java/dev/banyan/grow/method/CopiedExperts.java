package dev.banyan.grow.method;

import dev.banyan.grow.Exactness;
import dev.banyan.grow.Mixture;
import dev.banyan.grow.TensorRecipe;
import java.util.ArrayList;
import java.util.List;

/**
 * Sparse upcycling (Komatsuzaki et al., arXiv 2212.05055, section 3; the Scale-Out of
 * EfficientScale, arXiv 2408.06567): every expert is the dense layer, the router is new. Weights
 * that are renormalised over the chosen experts sum to one, so the sum is the dense layer whatever
 * the router says.
 */
public record CopiedExperts(Mixture mixture) implements ExpertMethod {
  @Override
  public int expertWidth(int width) {
    return width;
  }

  @Override
  public List<TensorRecipe> layer(DenseLayer dense, ExpertLayer names) {
    List<TensorRecipe> layer = new ArrayList<>();
    layer.add(ExpertMethod.router(dense, names, mixture));
    for (int expert = 0; expert < mixture.experts(); expert++) {
      layer.add(dense.gate(names.gate(expert), 0, dense.width()));
      layer.add(dense.up(names.up(expert), 0, dense.width()));
      layer.add(dense.down(names.down(expert), 0, dense.width(), 1));
    }
    layer.addAll(
        ExpertMethod.silentShared(dense, names, sharedWidth(names.family(), dense.width())));
    return layer;
  }

  @Override
  public Exactness exactness() {
    return Exactness.EXACT;
  }

  @Override
  public boolean rounds() {
    return false;
  }

  @Override
  public String why() {
    return "equal experts, weights that sum to one";
  }
}
