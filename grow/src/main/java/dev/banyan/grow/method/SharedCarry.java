package dev.banyan.grow.method;

import dev.banyan.grow.Exactness;
import dev.banyan.grow.Fill;
import dev.banyan.grow.Mixture;
import dev.banyan.grow.TensorRecipe;
import dev.banyan.weights.TensorSpec;
import dev.banyan.weights.config.Family;
import java.util.ArrayList;
import java.util.List;

/**
 * Ours, for Qwen2-MoE: the shared expert carries the dense layer. Its gate is 0, the sigmoid a
 * half, its down twice the dense one; routed experts have the dense gate and up and a down of zero.
 * Exact however a runtime weighs what it routes. A runtime that computes the sigmoid as silu(x)/x
 * has 0/0 there and needs gate weights of 1e-6, which cost an error of about 1e-5.
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
    layer.add(
        TensorRecipe.fresh(
            TensorSpec.of(names.sharedGate(), dense.type(), 1, dense.hidden()),
            new Fill(mixture.sharedGate(), 0),
            1));
    return layer;
  }

  @Override
  public Exactness exactness() {
    return mixture.sharedGate() == 0 ? Exactness.EXACT : Exactness.INEXACT;
  }

  @Override
  public boolean rounds() {
    return false;
  }

  @Override
  public String why() {
    return mixture.sharedGate() == 0
        ? "the shared expert is the dense layer, routed experts add zero"
        : "the shared expert's gate is not quite zero";
  }
}
