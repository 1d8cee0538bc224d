package dev.banyan.grow.method;

import dev.banyan.grow.Depth;
import dev.banyan.grow.Exactness;
import java.util.List;

/** A way to have more layers. */
public interface DepthMethod {
  /**
   * The stack of the target.
   *
   * @param layers source layer of each target layer
   * @param silent target layers whose outputs are zeroed
   */
  record Stack(List<Integer> layers, List<Integer> silent) {
    public Stack {
      layers = List.copyOf(layers);
      silent = List.copyOf(silent);
    }
  }

  Stack stack(int from, int to);

  /** What it does to the function. */
  Exactness exactness();

  /** In a few words. */
  String why();

  /** The method of a flag; lists are not one. */
  static DepthMethod of(Depth depth) {
    return switch (depth) {
      case IDENTITY -> new IdentityLayers();
      case STACK -> new StackedLayers();
      case INTERPOLATE -> new InterpolatedLayers();
      case LIST -> throw new IllegalArgumentException("a list is no method");
    };
  }
}
