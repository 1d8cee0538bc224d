package dev.banyan.model;

import dev.banyan.tensor.KvPages;
import dev.banyan.tensor.Tensor;
import java.util.Optional;

/**
 * The keys and values of tokens that were seen before, by sequence and layer. Attention sees the
 * past only through this, so stores differ in where they keep it (nowhere, in one buffer per
 * sequence, later in blocks) and not in what is computed. Used by one thread.
 */
public interface KvStore extends AutoCloseable {
  /** Tokens kept of sequence {@code sequence}. */
  int length(int sequence);

  /**
   * Adds keys and values of new tokens in one layer and gives all of them, oldest first.
   *
   * @param keys [kvHeads, new, headDim], already rotated; {@code values} likewise
   * @return [kvHeads, {@link #length} + new, headDim], valid until the next call for this layer
   */
  Seen extend(int layer, int sequence, Tensor keys, Tensor values);

  /**
   * {@link #extend} by one token for several sequences at once.
   *
   * @param keys [sequences, kvHeads, 1, headDim], already rotated; {@code values} likewise
   * @return [sequences, kvHeads, longest, headDim]; a sequence's own end where it is shorter
   */
  Seen extendEach(int layer, int[] sequences, Tensor keys, Tensor values);

  /**
   * Where keys and values of a sequence lie in one layer, with room for {@code tokens} more after
   * {@link #length}, for kernels that write and read them in place. The new ones are written by the
   * caller.
   *
   * @return empty when nothing is kept
   */
  Optional<KvPages> pages(int layer, int sequence, int tokens);

  /** After all layers of a forward pass: {@code tokens} more of this sequence are kept. */
  void advance(int sequence, int tokens);

  @Override
  void close();

  /** Keys and values that attention may look at. */
  record Seen(Tensor keys, Tensor values) {}

  /** Keeps nothing: each token sees its own batch, as in training. */
  static KvStore none() {
    return new NoKvStore();
  }
}
