package dev.banyan.cluster.read;

import dev.banyan.cluster.EventKind;
import dev.banyan.cluster.EventLine;
import dev.banyan.cluster.Unreadable;
import java.io.IOException;
import java.util.Arrays;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Goes through the event lines of one stream. {@link #next} fills the fields; nothing is made anew
 * per event. Lines that cannot be understood are told to a listener and passed by.
 */
public abstract sealed class EventCursor implements AutoCloseable
    permits JsonEventCursor, BinaryEventCursor {
  /** More broken places than this are only counted. */
  static final int MOST_TOLD = 20;

  /**
   * What happened; {@code HELLO}, {@code COMM}, {@code GONE} and {@code STAT} fill {@link #line}.
   */
  public EventKind ev = EventKind.HB;

  public long tNanos;
  public int rank;

  /** Place of the communicator's name in this cursor's own table, see {@link #name}. */
  public int comm;

  /** Number of the operation; of a heartbeat its step. */
  public long seq;

  /** Number in {@link dev.banyan.cluster.CollectiveOp}. */
  public int op;

  /** Place of the algorithm's name. */
  public int algo;

  public long bytes;
  public int channel;
  public int peer;

  /** Number in {@link EventLine.Direction}. */
  public int dir;

  /** The whole line when it is no plain event. */
  public @Nullable EventLine line;

  /** Whether a {@code comm} line goes on in the next. */
  public boolean more;

  final String path;
  private final Consumer<Unreadable> broken;
  private int told;
  private String[] names = new String[16];
  private int count;

  EventCursor(String path, Consumer<Unreadable> broken) {
    this.path = path;
    this.broken = broken;
  }

  /**
   * Goes to the next event.
   *
   * @return false when the stream has no whole line left now; a file that grows may have one later
   */
  public abstract boolean next() throws IOException;

  /** Tells what is left at the end of a stream that grows no more. */
  public abstract void finish();

  /** The text of a place in the table of names. */
  public final String name(int place) {
    return names[place];
  }

  /** How many names there are. */
  public final int names() {
    return count;
  }

  final int addName(String name) {
    if (count == names.length) {
      names = Arrays.copyOf(names, 2 * count);
    }
    names[count] = name;
    return count++;
  }

  final void tell(long offset, String reason) {
    told++;
    if (told <= MOST_TOLD) {
      broken.accept(new Unreadable(path, offset, reason));
    } else if (told == MOST_TOLD + 1) {
      broken.accept(new Unreadable(path, offset, "… and more that are not listed"));
    }
  }

  /** How many places could not be understood. */
  public final long broken() {
    return told;
  }

  @Override
  public abstract void close() throws IOException;
}
