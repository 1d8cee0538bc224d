package dev.banyan.cluster.write;

import dev.banyan.cluster.CollectiveOp;
import dev.banyan.cluster.EventKind;
import dev.banyan.cluster.EventLine;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Event lines as {@code BNEV}: four bytes magic, a 32-bit version, then records of {@value #RECORD}
 * bytes, all little-endian: t_ns 8, rank 4, comm 4, seq 8, op 2, algo 2, bytes 8, channel 4, peer
 * 4, dir 1, ev 1, two bytes of zero. {@code comm} and {@code algo} are places in the string table.
 * A record whose {@code ev} is {@value #TABLE} adds one string to it (its {@code bytes} field is
 * the length; the UTF-8 text follows, filled up with zeros to whole records), so a file can be
 * followed while it grows. {@code comm} records are followed by their ranks, 32 bits each, filled
 * up the same way.
 */
public final class BinaryEventLines extends LockedLines {
  public static final int MAGIC = 0x56454e42; // "BNEV"
  public static final int VERSION = 1;
  public static final int RECORD = 48;
  public static final int HEADER = 8;

  /** The {@code ev} of a record that adds a string to the table. */
  public static final int TABLE = 255;

  /** The longest string and twice the most ranks of one record's tail, in bytes. */
  public static final int LONGEST_TAIL = 1 << 24;

  private final Map<String, Integer> table = new HashMap<>();
  private final ByteBuffer buffer = ByteBuffer.allocate(1 << 16).order(ByteOrder.LITTLE_ENDIAN);

  public BinaryEventLines(OutputStream to) {
    super(to);
    buffer.putInt(MAGIC).putInt(VERSION);
  }

  @Override
  public void event(
      long tNanos,
      int rank,
      String comm,
      long seq,
      CollectiveOp op,
      String algo,
      long bytes,
      int channel,
      int peer,
      EventLine.Direction dir,
      EventKind ev) {
    locked(
        () -> {
          int commAt = place(comm);
          int algoAt = place(algo);
          put(
              tNanos,
              rank,
              commAt,
              seq,
              op.ordinal(),
              algoAt,
              bytes,
              channel,
              peer,
              dir,
              ev.ordinal());
        });
  }

  @Override
  public void hello(EventLine.Hello hello) {
    locked(
        () -> {
          int host = place(hello.host());
          // pid stands in seq, the wall clock in bytes, the world's size in peer.
          put(
              hello.tNanos(),
              hello.rank(),
              host,
              hello.pid(),
              0,
              0,
              hello.wallNanos(),
              0,
              hello.world(),
              EventLine.Direction.NONE,
              EventKind.HELLO.ordinal());
        });
  }

  @Override
  public void group(EventLine.Group group) {
    locked(
        () -> {
          int comm = place(group.comm());
          List<Integer> ranks = group.ranks();
          byte[] tail = new byte[4 * ranks.size()];
          ByteBuffer into = ByteBuffer.wrap(tail).order(ByteOrder.LITTLE_ENDIAN);
          ranks.forEach(into::putInt);
          none(0, 0, comm, 0, tail.length, EventKind.COMM.ordinal());
          tail(tail);
        });
  }

  @Override
  public void heartbeat(long tNanos, int rank, long step) {
    locked(() -> none(tNanos, rank, 0, step, 0, EventKind.HB.ordinal()));
  }

  @Override
  public void gone(EventLine.Gone gone) {
    locked(
        () ->
            none(gone.tNanos(), gone.rank(), place(gone.proof()), 0, 0, EventKind.GONE.ordinal()));
  }

  @Override
  public void stat(EventLine.Stat stat) {
    locked(
        () -> {
          int state = place(stat.state());
          int wchan = place(stat.wchan());
          none(stat.tNanos(), stat.rank(), state, wchan, 0, EventKind.STAT.ordinal());
        });
  }

  private void none(long tNanos, int rank, int string, long seq, long bytes, int ev)
      throws IOException {
    put(tNanos, rank, string, seq, 0, 0, bytes, 0, -1, EventLine.Direction.NONE, ev);
  }

  private int place(String text) throws IOException {
    Integer known = table.get(text);
    if (known != null) {
      return known;
    }
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    none(0, 0, table.size(), 0, utf8.length, TABLE);
    tail(utf8);
    table.put(text, table.size());
    return table.size() - 1;
  }

  private void put(
      long tNanos,
      int rank,
      int string,
      long seq,
      int op,
      int algo,
      long bytes,
      int channel,
      int peer,
      EventLine.Direction dir,
      int ev)
      throws IOException {
    if (buffer.remaining() < RECORD) {
      drain();
    }
    buffer.putLong(tNanos).putInt(rank).putInt(string).putLong(seq);
    buffer.putShort((short) op).putShort((short) algo).putLong(bytes).putInt(channel).putInt(peer);
    buffer.put((byte) dir.ordinal()).put((byte) ev).putShort((short) 0);
  }

  private void tail(byte[] bytes) throws IOException {
    int whole = (bytes.length + RECORD - 1) / RECORD * RECORD;
    drain();
    to.write(bytes);
    to.write(new byte[whole - bytes.length]);
  }

  @Override
  void drain() throws IOException {
    to.write(buffer.array(), 0, buffer.position());
    buffer.clear();
  }
}
