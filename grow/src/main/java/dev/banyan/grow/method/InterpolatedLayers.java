package dev.banyan.grow.method;

import dev.banyan.grow.Exactness;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Layer l of L2 is layer floor(l L1 / L2): each again right after itself, the depth part of AKI-Pro
 * (EfficientScale, arXiv 2408.06567, section 3.2; the formula printed there is upside down).
 */
public final class InterpolatedLayers implements DepthMethod {
  @Override
  public Stack stack(int from, int to) {
    return new Stack(
        IntStream.range(0, to).map(l -> (int) ((long) l * from / to)).boxed().toList(), List.of());
  }

  @Override
  public Exactness exactness() {
    return Exactness.INEXACT;
  }

  @Override
  public String why() {
    return "layers run twice";
  }
}
