package dev.banyan.grow.method;

import dev.banyan.grow.Exactness;
import dev.banyan.grow.Mixture;
import dev.banyan.grow.TensorRecipe;
import dev.banyan.grow.TensorRecipe.Noise;
import java.util.List;

/**
 * Upcycling with noise (Nakamura et al., arXiv 2502.19261, section 4.2, the baseline of Komatsuzaki
 * et al., arXiv 2212.05055, appendix B): normal noise of deviation 0.02 on half of the weights of
 * every expert.
 */
public record NoiseUpcycling(Mixture mixture) implements ExpertMethod {
  private static final double SHARE = 0.5;

  @Override
  public int expertWidth(int width) {
    return width;
  }

  @Override
  public List<TensorRecipe> layer(DenseLayer dense, ExpertLayer names) {
    return new CopiedExperts(mixture)
        .layer(dense, names).stream()
            .map(
                tensor ->
                    tensor.sources().isEmpty() || tensor.spec().name().contains("shared_expert")
                        ? tensor
                        : tensor.with(new Noise(mixture.noiseDeviation(), SHARE)))
            .toList();
  }

  @Override
  public Exactness exactness() {
    return mixture.noiseDeviation() == 0 ? Exactness.EXACT : Exactness.INEXACT;
  }

  @Override
  public boolean rounds() {
    return false;
  }

  @Override
  public String why() {
    return "noise on half of the weights";
  }
}
