package dev.banyan.train.pack;

import dev.banyan.core.UserInputException;
import dev.banyan.train.Example;
import java.util.Arrays;
import java.util.function.Function;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Fills rows of a fixed length with examples in their order, without end: greedy next-fit. A text
 * is cut wherever a row ends and goes on in the next one, so rows of text have no padding but where
 * fewer than {@value #SHORTEST_PIECE} tokens would fit. A conversation is kept whole if a row can
 * hold it, since an answer without its question teaches nothing. No label crosses from one example
 * into another; where a document is cut, the last label of a piece is the first token of the next.
 *
 * <p>What comes next depends only on {@link #state()}, two numbers: a packer made from them goes on
 * with the same rows. Not safe for several threads.
 */
public final class Packer {
  /** A text is not begun in the last few tokens of a row. */
  public static final int SHORTEST_PIECE = 16;

  /**
   * Where packing stands.
   *
   * @param position the position in the {@link DataOrder} of the next example to place
   * @param offset how many of its tokens are already placed
   */
  public record State(long position, int offset) {
    /** The very beginning. */
    public static final State START = new State(0, 0);

    public State {
      if (position < 0 || offset < 0) {
        throw new IllegalArgumentException("state %d/%d is negative".formatted(position, offset));
      }
    }
  }

  private final LongFunction<Example> records;
  private final DataOrder order;
  private final Function<Example, Tokens> encoder;
  private final int length;
  private final int pad;
  private long position;
  private int offset;
  private @Nullable Tokens open;
  private boolean openIsText;

  /**
   * A packer that goes on from {@code state}.
   *
   * @param records gives the example of a record number
   * @param order which record comes when
   * @param encoder gives the tokens of an example
   * @param length tokens per row
   * @param pad the id that fills what stays empty
   */
  public Packer(
      LongFunction<Example> records,
      DataOrder order,
      Function<Example, Tokens> encoder,
      int length,
      int pad,
      State state) {
    if (length < 2) {
      throw new IllegalArgumentException("a row of %d tokens is too short".formatted(length));
    }
    this.records = records;
    this.order = order;
    this.encoder = encoder;
    this.length = length;
    this.pad = pad;
    this.position = state.position();
    this.offset = state.offset();
  }

  /** Where packing stands: behind the last row given. */
  public State state() {
    return new State(position, offset);
  }

  /** The epoch the next example belongs to. */
  public long epoch() {
    return order.epoch(position);
  }

  /**
   * The next row; at least one token of it is learned.
   *
   * @throws UserInputException if no example of a whole epoch teaches anything
   */
  public PackedRow next() {
    var row = new PackedRow(new int[length], new int[length], new int[length], new int[length]);
    Arrays.fill(row.tokens(), pad);
    Arrays.fill(row.labels(), PackedRow.IGNORED);
    int filled = 0;
    int segment = 0;
    long first = position;
    while (filled < length) {
      if (filled == 0 && position - first > order.records()) {
        throw new UserInputException(
            "no example teaches anything in rows of %d tokens: every answer is empty"
                .formatted(length));
      }
      Tokens tokens = openExample();
      // the last token is only ever a label
      int left = tokens.size() - 1 - offset;
      if (left <= 0) {
        close();
        continue;
      }
      int taken = Math.min(left, length - filled);
      if (filled > 0 && !mayBegin(tokens, left, length - filled)) {
        break;
      }
      if (place(tokens, taken, row, filled, segment)) {
        filled += taken;
        segment++;
      }
      offset += taken;
      if (offset >= tokens.size() - 1) {
        close();
      }
    }
    for (int at = filled; at < length; at++) {
      row.segments()[at] = segment;
      row.positions()[at] = at - filled;
    }
    return row;
  }

  private boolean mayBegin(Tokens tokens, int left, int space) {
    if (left <= space) {
      return true;
    }
    boolean keepWhole = !openIsText && tokens.size() - 1 <= length && offset == 0;
    return !keepWhole && space >= SHORTEST_PIECE;
  }

  /** Copies a piece into the row; false, and nothing done, if nothing of it is learned. */
  private boolean place(Tokens tokens, int taken, PackedRow row, int at, int segment) {
    boolean learns = false;
    for (int i = 1; i <= taken; i++) {
      learns |= tokens.isLearned(offset + i);
    }
    if (!learns) {
      return false;
    }
    for (int i = 0; i < taken; i++) {
      row.tokens()[at + i] = tokens.id(offset + i);
      row.positions()[at + i] = i;
      row.segments()[at + i] = segment;
      if (tokens.isLearned(offset + i + 1)) {
        row.labels()[at + i] = tokens.id(offset + i + 1);
      }
    }
    return true;
  }

  private Tokens openExample() {
    Tokens tokens = open;
    if (tokens == null) {
      Example example = records.apply(order.record(position));
      tokens = encoder.apply(example);
      open = tokens;
      openIsText = example instanceof Example.TextExample;
    }
    return tokens;
  }

  private void close() {
    open = null;
    offset = 0;
    position++;
  }
}
