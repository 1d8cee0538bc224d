package dev.banyan.grow.method;

import dev.banyan.grow.Exactness;
import dev.banyan.grow.Fill;
import dev.banyan.grow.Mixture;
import dev.banyan.grow.TensorRecipe;
import dev.banyan.grow.TensorRecipe.Redraw;
import java.util.ArrayList;
import java.util.List;

/**
 * Drop-Upcycling (Nakamura et al., arXiv 2502.19261, section 3.2): in each expert a share of the
 * units is dropped and drawn anew from a normal distribution with the mean and deviation of what
 * was dropped. Gate, up and down of an expert drop the same units, as the paper says; its script
 * drops different ones. Mean and deviation are measured when the recipe is made.
 */
public record DropUpcycling(Mixture mixture) implements ExpertMethod {
  @Override
  public int expertWidth(int width) {
    return width;
  }

  @Override
  public List<TensorRecipe> layer(DenseLayer dense, ExpertLayer names) {
    List<TensorRecipe> layer = new ArrayList<>();
    layer.add(ExpertMethod.router(dense, names, mixture));
    for (int expert = 0; expert < mixture.experts(); expert++) {
      String key = names.key() + "expert." + expert;
      int width = dense.width();
      layer.add(dense.gate(names.gate(expert), 0, width).with(dropped(key, true)));
      layer.add(dense.up(names.up(expert), 0, width).with(dropped(key, true)));
      TensorRecipe down = dense.down(names.down(expert), 0, width, 1);
      layer.add(dense.silent() ? down : down.with(dropped(key, false)));
    }
    layer.addAll(
        ExpertMethod.silentShared(dense, names, sharedWidth(names.family(), dense.width())));
    return layer;
  }

  private Redraw dropped(String key, boolean rows) {
    return new Redraw(key, rows, mixture.dropShare(), Fill.ZERO);
  }

  @Override
  public Exactness exactness() {
    return Exactness.INEXACT;
  }

  @Override
  public boolean rounds() {
    return false;
  }

  @Override
  public String why() {
    return "a share of each expert's units is drawn anew";
  }
}
