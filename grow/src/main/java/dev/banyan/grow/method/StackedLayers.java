package dev.banyan.grow.method;

import dev.banyan.grow.Exactness;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Layer l is layer l mod L: the whole stack again on top of itself (StackBERT, Gong et al., ICML
 * 2019; G_stack, Du et al., arXiv 2405.15319, which found it the best of its kind).
 */
public final class StackedLayers implements DepthMethod {
  @Override
  public Stack stack(int from, int to) {
    return new Stack(IntStream.range(0, to).map(l -> l % from).boxed().toList(), List.of());
  }

  @Override
  public Exactness exactness() {
    return Exactness.INEXACT;
  }

  @Override
  public String why() {
    return "layers run again on what they have changed";
  }
}
