package dev.banyan.model;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Tokens for one forward pass, laid end to end. Either ragged (sequences of any length, each with
 * its own past in a {@link KvStore}) or packed (rows of one length for training, where a document
 * sees only itself).
 */
public final class Batch {
  private final int[] ids;
  private final int[] positions;
  private final List<Sequence> sequences;
  private final @Nullable Packing packing;

  /**
   * A run of tokens of one sequence.
   *
   * @param start index of its first token in the batch
   * @param length how many tokens
   * @param kv the sequence's number in the {@link KvStore}
   * @param adapter what its tokens go through besides the model; null for the model alone
   */
  public record Sequence(int start, int length, int kv, @Nullable LoadedAdapter adapter) {
    /** Without an adapter. */
    public Sequence(int start, int length, int kv) {
      this(start, length, kv, null);
    }
  }

  /**
   * Some new tokens of sequence {@code kv}, the first at {@code position}.
   *
   * @param adapter the sequence's; null for the model alone. What it puts before the text is put
   *     there by {@link LoadedAdapter#begin} and counts as positions
   */
  @SuppressWarnings("ArrayRecordComponent") // handed on, never compared
  public record Piece(int kv, int position, int[] ids, @Nullable LoadedAdapter adapter) {
    /** Without an adapter. */
    public Piece(int kv, int position, int[] ids) {
      this(kv, position, ids, null);
    }
  }

  /**
   * Rows of equal length.
   *
   * @param documents per token the number of its document, tokens of one document side by side;
   *     null when every row is one document
   */
  @SuppressWarnings("ArrayRecordComponent") // handed on, never compared
  public record Packing(int rows, int time, int @Nullable [] documents) {}

  private Batch(int[] ids, int[] positions, List<Sequence> sequences, @Nullable Packing packing) {
    this.ids = ids;
    this.positions = positions;
    this.sequences = List.copyOf(sequences);
    this.packing = packing;
    if (ids.length == 0) {
      throw new IllegalArgumentException("a batch needs at least one token");
    }
  }

  /** Pieces of sequences of any length. */
  public static Batch ragged(List<Piece> pieces) {
    int tokens = pieces.stream().mapToInt(piece -> piece.ids.length).sum();
    int[] ids = new int[tokens];
    int[] positions = new int[tokens];
    var sequences = new java.util.ArrayList<Sequence>();
    int at = 0;
    for (Piece piece : pieces) {
      sequences.add(new Sequence(at, piece.ids.length, piece.kv, piece.adapter));
      for (int i = 0; i < piece.ids.length; i++) {
        ids[at] = piece.ids[i];
        positions[at++] = piece.position + i;
      }
    }
    return new Batch(ids, positions, sequences, null);
  }

  /** One sequence from its beginning. */
  public static Batch of(int... ids) {
    return ragged(List.of(new Piece(0, 0, ids)));
  }

  /** Rows of equal length, each one text from its beginning. */
  public static Batch rectangle(int[][] rows) {
    int time = rows[0].length;
    int[] ids = new int[rows.length * time];
    int[] positions = new int[ids.length];
    for (int row = 0; row < rows.length; row++) {
      if (rows[row].length != time) {
        throw new IllegalArgumentException(
            "row " + row + " has " + rows[row].length + " tokens, row 0 has " + time);
      }
      for (int i = 0; i < time; i++) {
        ids[row * time + i] = rows[row][i];
        positions[row * time + i] = i;
      }
    }
    return packed(ids, positions, null, rows.length, time);
  }

  /**
   * Rows of packed documents, laid end to end.
   *
   * @param ids {@code rows * time} token ids
   * @param positions the position of each token in its document
   * @param documents the document of each token; null when every row is one document
   */
  public static Batch packed(
      int[] ids, int[] positions, int @Nullable [] documents, int rows, int time) {
    if (ids.length != rows * time
        || positions.length != ids.length
        || (documents != null && documents.length != ids.length)) {
      throw new IllegalArgumentException(
          "%d ids and %d positions for %d rows of %d"
              .formatted(ids.length, positions.length, rows, time));
    }
    var sequences = new java.util.ArrayList<Sequence>();
    for (int row = 0; row < rows; row++) {
      sequences.add(new Sequence(row * time, time, row));
    }
    return new Batch(ids, positions, sequences, new Packing(rows, time, documents));
  }

  /** Token ids, [tokens]. */
  public int[] ids() {
    return ids;
  }

  /** The position of each token in its text, [tokens]. */
  public int[] positions() {
    return positions;
  }

  public List<Sequence> sequences() {
    return sequences;
  }

  /** How the tokens lie in rows; null for a ragged batch. */
  public @Nullable Packing packing() {
    return packing;
  }

  public int tokens() {
    return ids.length;
  }

  /** The index of each sequence's last token. */
  public int[] lastTokens() {
    return sequences.stream().mapToInt(s -> s.start() + s.length() - 1).toArray();
  }
}
