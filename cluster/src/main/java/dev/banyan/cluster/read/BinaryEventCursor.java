package dev.banyan.cluster.read;

import dev.banyan.cluster.CollectiveOp;
import dev.banyan.cluster.EventKind;
import dev.banyan.cluster.EventLine;
import dev.banyan.cluster.Unreadable;
import dev.banyan.cluster.write.BinaryEventLines;
import java.io.IOException;
import java.io.InputStream;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** Event lines in their binary form; {@link BinaryEventLines} says what it looks like. */
public final class BinaryEventCursor extends EventCursor {
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle SHORT =
      MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
  private static final EventKind[] KINDS = EventKind.values();
  private static final int RECORD = BinaryEventLines.RECORD;
  private static final int MOST_BROKEN = 1000;

  private final InputStream in;
  private byte[] buffer = new byte[RECORD << 13];
  private int from;
  private int to;
  private long begin;
  private boolean started;
  private boolean ended;

  public BinaryEventCursor(InputStream in, String path, Consumer<Unreadable> broken) {
    super(path, broken);
    this.in = in;
  }

  @Override
  public boolean next() throws IOException {
    if (!started && !start()) {
      return false;
    }
    while (!ended) {
      if (to - from < RECORD && !fill(RECORD)) {
        return false;
      }
      int at = from;
      int kind = buffer[at + 45] & 0xff;
      if (kind == BinaryEventLines.TABLE) {
        if (!table(at)) {
          return false;
        }
        continue;
      }
      if (!fields(at, kind)) {
        from += RECORD;
        continue;
      }
      if (ev == EventKind.COMM && !group(at)) {
        return false;
      }
      from += ev == EventKind.COMM ? 0 : RECORD;
      return true;
    }
    return false;
  }

  private boolean start() throws IOException {
    if (!fill(BinaryEventLines.HEADER)) {
      return false;
    }
    started = true;
    if ((int) INT.get(buffer, from) != BinaryEventLines.MAGIC) {
      tell(0, "does not begin with BNEV");
      ended = true;
    }
    int version = (int) INT.get(buffer, from + 4);
    if (!ended && version != BinaryEventLines.VERSION) {
      tell(4, "is of version " + version + "; version " + BinaryEventLines.VERSION + " is known");
      ended = true;
    }
    from += BinaryEventLines.HEADER;
    return !ended;
  }

  private boolean fields(int at, int kind) {
    op = (short) SHORT.get(buffer, at + 24);
    algo = (short) SHORT.get(buffer, at + 26) & 0xffff;
    dir = buffer[at + 44];
    rank = (int) INT.get(buffer, at + 8);
    comm = (int) INT.get(buffer, at + 12);
    peer = (int) INT.get(buffer, at + 40);
    if (kind >= KINDS.length
        || op < 0
        || op >= CollectiveOp.count()
        || dir < 0
        || dir > 2
        || rank < -1
        || rank > RankDump.MOST_RANKS
        || peer < -1
        || peer > RankDump.MOST_RANKS
        || (needsNames(kind) && (comm < 0 || comm >= names() || algo >= names()))) {
      tell(begin + at, "is no record of an event");
      if (broken() >= MOST_BROKEN) {
        ended = true;
      }
      return false;
    }
    line = null;
    more = false;
    ev = KINDS[kind];
    tNanos = (long) LONG.get(buffer, at);
    seq = (long) LONG.get(buffer, at + 16);
    bytes = (long) LONG.get(buffer, at + 28);
    channel = (int) INT.get(buffer, at + 36);
    return described();
  }

  private static boolean needsNames(int kind) {
    return kind != EventKind.HB.ordinal();
  }

  private boolean described() {
    switch (ev) {
      case HELLO ->
          line = new EventLine.Hello(name(comm), rank, seq, Math.max(0, peer), tNanos, bytes);
      case GONE -> line = new EventLine.Gone(tNanos, rank, name(comm));
      case STAT -> {
        if (seq < 0 || seq >= names()) {
          tell(begin + from, "names a text that is not in the table");
          return false;
        }
        line = new EventLine.Stat(tNanos, rank, name(comm), name((int) seq));
      }
      default -> {}
    }
    return true;
  }

  /** Reads the ranks behind a group's record. */
  private boolean group(int at) throws IOException {
    int length = tail(at, bytes);
    if (length < 0) {
      return false;
    }
    List<Integer> ranks = new ArrayList<>(length / 4);
    for (int i = 0; i + 4 <= length; i += 4) {
      int member = (int) INT.get(buffer, from + RECORD + i);
      if (member >= 0 && member <= RankDump.MOST_RANKS) {
        ranks.add(member);
      }
    }
    line = new EventLine.Group(name(comm), ranks);
    from += RECORD + whole(length);
    return true;
  }

  private boolean table(int at) throws IOException {
    int length = tail(at, (long) LONG.get(buffer, at + 28));
    if (length < 0) {
      return false;
    }
    addName(new String(buffer, from + RECORD, length, StandardCharsets.UTF_8));
    from += RECORD + whole(length);
    return true;
  }

  /** Makes sure that a record's tail is in the buffer; its length, or −1 when it is not. */
  private int tail(int at, long length) throws IOException {
    if (length < 0 || length > BinaryEventLines.LONGEST_TAIL) {
      tell(begin + at, "has a text or list of " + length + " bytes");
      ended = true;
      return -1;
    }
    return fill(RECORD + whole((int) length)) ? (int) length : -1;
  }

  private static int whole(int length) {
    return (length + RECORD - 1) / RECORD * RECORD;
  }

  /** Has at least so many bytes behind {@link #from}; false when the stream has no more now. */
  private boolean fill(int bytes) throws IOException {
    if (from > 0) {
      System.arraycopy(buffer, from, buffer, 0, to - from);
      begin += from;
      to -= from;
      from = 0;
    }
    while (to < bytes) {
      if (to == buffer.length) {
        // Grows with what has really come, whatever a length says.
        buffer = java.util.Arrays.copyOf(buffer, (int) Math.min(2L * to, (long) bytes + RECORD));
      }
      int read = in.read(buffer, to, buffer.length - to);
      if (read <= 0) {
        return false;
      }
      to += read;
    }
    return true;
  }

  /** Tells what is left at the end of a stream that grows no more. */
  @Override
  public void finish() {
    if (to > from && !ended) {
      tell(begin + from, "ends in the middle of a record");
    }
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
