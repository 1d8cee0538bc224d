package dev.banyan.model;

import dev.banyan.tensor.Tensor;

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
  public void advance(int sequence, int tokens) {}

  @Override
  public void close() {}
}
