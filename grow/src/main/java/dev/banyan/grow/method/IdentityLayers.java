package dev.banyan.grow.method;

import dev.banyan.grow.Exactness;
import java.util.ArrayList;
import java.util.List;

/**
 * Block expansion of LLaMA-Pro (Wu et al., arXiv 2401.02415, section 3.2): after each group of
 * layers a copy of its last one is inserted whose attention and feed-forward outputs are zero, so
 * that only the residual passes. Groups are as even as they can be.
 */
public final class IdentityLayers implements DepthMethod {
  @Override
  public Stack stack(int from, int to) {
    List<Integer> layers = new ArrayList<>();
    List<Integer> silent = new ArrayList<>();
    int added = to - from;
    int inserted = 0;
    for (int layer = 0; layer < from; layer++) {
      layers.add(layer);
      while (inserted < (long) added * (layer + 1) / from) {
        silent.add(layers.size());
        layers.add(layer);
        inserted++;
      }
    }
    return new Stack(layers, silent);
  }

  @Override
  public Exactness exactness() {
    return Exactness.BITWISE;
  }

  @Override
  public String why() {
    return "new layers add zero";
  }
}
