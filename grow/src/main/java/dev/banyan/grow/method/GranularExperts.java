package dev.banyan.grow.method;

import dev.banyan.core.UserInputException;
import dev.banyan.grow.Exactness;
import dev.banyan.grow.Mixture;
import dev.banyan.grow.TensorRecipe;
import java.util.ArrayList;
import java.util.List;

/**
 * Fine-grained upcycling with virtual groups (He et al., arXiv 2410.07524, section 3.2): each copy
 * is cut into G shards, and the G shards of a copy share one router row, so equal scores select
 * them together and top-k of a multiple of G is whole copies. Renormalised, a shard weighs 1/G of
 * its copy; the whole factor G goes on down, which is linear, where the paper spreads it over all
 * three matrices and is inexact under SwiGLU.
 */
public record GranularExperts(Mixture mixture) implements ExpertMethod {
  @Override
  public int expertWidth(int width) {
    if (width % mixture.shards() != 0) {
      throw new UserInputException(
          "--shards %d: a feed-forward layer of %d units does not divide by it"
              .formatted(mixture.shards(), width));
    }
    return width / mixture.shards();
  }

  @Override
  public List<TensorRecipe> layer(DenseLayer dense, ExpertLayer names) {
    int shards = mixture.shards();
    int size = expertWidth(dense.width());
    List<TensorRecipe> layer = new ArrayList<>();
    layer.add(ExpertMethod.router(dense, names, mixture));
    for (int expert = 0; expert < mixture.total(); expert++) {
      int from = expert % shards * size;
      layer.add(dense.gate(names.gate(expert), from, size));
      layer.add(dense.up(names.up(expert), from, size));
      layer.add(dense.down(names.down(expert), from, size, shards));
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
    return Integer.bitCount(mixture.shards()) != 1;
  }

  @Override
  public String why() {
    return "shards of a copy are chosen together, down times " + mixture.shards();
  }
}
