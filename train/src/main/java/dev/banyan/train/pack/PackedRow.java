package dev.banyan.train.pack;

/**
 * One row of a batch: pieces of documents one after the other, then padding. All arrays have the
 * row's length and belong to the row.
 *
 * <ul>
 *   <li>{@code tokens}: what goes in
 *   <li>{@code labels}: the token that comes next in the same document, or {@link #IGNORED} where
 *       nothing is to be learned; already shifted, so label t belongs to the output at t
 *   <li>{@code positions}: 0, 1, 2, … from the start of each piece
 *   <li>{@code segments}: the number of the piece, from 0; padding is a piece of its own. A token
 *       may attend only to tokens of its own segment
 * </ul>
 */
@SuppressWarnings("ArrayRecordComponent") // rows go straight into tensors and are never compared
public record PackedRow(int[] tokens, int[] labels, int[] positions, int[] segments) {
  /** The label that cross-entropy leaves out, as PyTorch's ignore_index. */
  public static final int IGNORED = -100;

  /** How many tokens of this row are learned. */
  public int learned() {
    int learned = 0;
    for (int label : labels) {
      learned += label == IGNORED ? 0 : 1;
    }
    return learned;
  }
}
