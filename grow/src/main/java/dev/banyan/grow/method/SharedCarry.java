package dev.banyan.grow.method;

import dev.banyan.grow.Exactness;
import dev.banyan.grow.Mixture;
import dev.banyan.grow.TensorRecipe;
import dev.banyan.weights.config.Family;
import java.util.ArrayList;
import java.util.List;

/**
 * Ours, for Qwen2-MoE: the shared expert carries the dense layer. The sigmoid of its gate is a
 * half, its down twice the dense one; routed experts have the dense gate and up and a down of zero.
 * Exact however a runtime weighs what it routes.
 */
public record SharedCarry(Mixture mixture) implements ExpertMethod {
  @Override
  public int expertWidth(int width) {
    return width;
  }

  @Override
  public int sharedWidth(Family family, int width) {
    return width;
  }

  @Override
  public List<TensorRecipe> layer(DenseLayer dense, ExpertLayer names) {
    int width = dense.width();
    List<TensorRecipe> layer = new ArrayList<>();
    layer.add(ExpertMethod.router(dense, names, mixture));
    for (int expert = 0; expert < mixture.experts(); expert++) {
      layer.add(dense.gate(names.gate(expert), 0, width));
      layer.add(dense.up(names.up(expert), 0, width));
      layer.add(dense.down(names.down(expert), 0, width, 0));
    }
    layer.add(dense.gate(names.shared("gate"), 0, width));
    layer.add(dense.up(names.shared("up"), 0, width));
    layer.add(dense.down(names.shared("down"), 0, width, 2));
    layer.add(ExpertMethod.sharedGate(dense, names));
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
    return "the shared expert is the dense layer, routed experts add zero";
  }
}
