package dev.banyan.cluster;

import dev.banyan.cluster.write.BinaryEventLines;
import dev.banyan.cluster.write.JsonEventLines;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Writes event lines. Any thread may call; lines are whole. Nothing is flushed but by {@link
 * #flush} and {@link #close}: call flush after every event that must be seen at once (one {@code
 * write} of the system each).
 *
 * <pre>{@code
 * try (var lines = EventLineWriter.json(Files.newOutputStream(file))) {
 *   lines.write(new EventLine.Hello("node-0", 0, pid, 4, System.nanoTime(), wallNanos));
 *   lines.write(new EventLine.Group("world", List.of(0, 1, 2, 3)));
 *   lines.event(t, 0, "world", 0, CollectiveOp.ALL_REDUCE, "ring", 4096, 0, -1,
 *       EventLine.Direction.NONE, EventKind.ENTER);
 * }
 * }</pre>
 */
public interface EventLineWriter extends AutoCloseable {
  /** UTF-8 JSON lines of at most 64 KiB. */
  static EventLineWriter json(OutputStream to) {
    return new JsonEventLines(to);
  }

  /** The binary form: magic {@code BNEV}, then records of 48 bytes, little-endian. */
  static EventLineWriter binary(OutputStream to) {
    return new BinaryEventLines(to);
  }

  /** A new file: binary when its name ends in {@code .bnev}, else JSON lines. */
  static EventLineWriter open(Path file) throws IOException {
    OutputStream to = Files.newOutputStream(file);
    return file.toString().endsWith(".bnev") ? binary(to) : json(to);
  }

  /** One event, without making an object of it; the fields of {@link EventLine.Event}. */
  void event(
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
      EventKind ev);

  void hello(EventLine.Hello hello);

  void group(EventLine.Group group);

  void heartbeat(long tNanos, int rank, long step);

  void gone(EventLine.Gone gone);

  void stat(EventLine.Stat stat);

  /**
   * Writes any line.
   *
   * @throws UncheckedIOException when the stream cannot be written, as every method here
   */
  default void write(EventLine line) {
    switch (line) {
      case EventLine.Hello hello -> hello(hello);
      case EventLine.Group group -> group(group);
      case EventLine.Heartbeat beat -> heartbeat(beat.tNanos(), beat.rank(), beat.step());
      case EventLine.Gone gone -> gone(gone);
      case EventLine.Stat stat -> stat(stat);
      case EventLine.Event e ->
          event(
              e.tNanos(),
              e.rank(),
              e.comm(),
              e.seq(),
              e.op(),
              e.algo(),
              e.bytes(),
              e.channel(),
              e.peer(),
              e.dir(),
              e.ev());
    }
  }

  /** Writes all lines. */
  default void writeAll(List<? extends EventLine> lines) {
    lines.forEach(this::write);
  }

  /** Hands what was written to the system. */
  void flush();

  @Override
  void close();
}
