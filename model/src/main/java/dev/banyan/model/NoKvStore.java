package dev.banyan.model;

import dev.banyan.tensor.KvPages;
import dev.banyan.tensor.Tensor;
import java.util.Optional;

/** The store that keeps nothing. */
final class NoKvStore implements KvStore {
  @Override
  public int length(int sequence) {
    return 0;
  }

  @Override
  public Seen extend(int layer, int sequence, Tensor keys, Tensor values) {
    return new Seen(keys, values);
  }

  @Override
  public Seen extendEach(int layer, int[] sequences, Tensor keys, Tensor values) {
    return new Seen(keys, values);
  }

  @Override
  public Optional<KvPages> pages(int layer, int sequence, int tokens) {
    return Optional.empty();
  }

  @Override
  public void advance(int sequence, int tokens) {}

  @Override
  public void close() {}
}
