package dev.banyan.serve.engine;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** What computes an engine's steps: a model, or a clock that takes as long as one would. */
public interface Forward extends AutoCloseable {
  /**
   * New tokens of a sequence.
   *
   * @param sequence its number
   * @param past tokens before these, whose keys and values are kept
   * @param blocks where they are kept, with room for the new ones; grows with the sequence
   * @param begins whether {@code blocks} differs from the last call's for other reasons than growth
   * @param everyScore whether scores of all tokens are wanted, not of the last only
   */
  @SuppressWarnings("ArrayRecordComponent") // handed on, never compared
  record Piece(
      int sequence,
      int past,
      int[] ids,
      List<Integer> blocks,
      boolean begins,
      boolean everyScore,
      String adapter) {}

  /**
   * One step for these pieces.
   *
   * @return per piece the scores of its last token, or of all its tokens end to end
   */
  List<float[]> step(List<Piece> pieces);

  /** Bytes of a block of keys and values; empty memory where none is kept. */
  java.nio.ByteBuffer block(int block);

  /**
   * Makes ready for steps over a block that comes from elsewhere, so that the first one takes no
   * longer than others. Any thread may call this at any time.
   */
  default void prepare(int block) {}

  /** Bytes per block. */
  long blockBytes();

  /** A guide for answers after a JSON schema; null when it can guide none. */
  @Nullable Guide guide(String schema);

  @Override
  void close();
}
