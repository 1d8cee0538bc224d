package dev.banyan.cluster.follow;

import dev.banyan.cluster.CollectiveOp;
import dev.banyan.cluster.EventLine;
import dev.banyan.cluster.EventLine.Direction;
import dev.banyan.cluster.read.EventCursor;
import dev.banyan.cluster.read.JsonEventCursor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Follows a file of event lines that another process writes. */
public final class EventTail implements AutoCloseable {
  private final Path path;
  private @Nullable EventCursor cursor;

  /**
   * @param path need not be there yet
   */
  public EventTail(Path path) {
    this.path = path;
  }

  /** Hands over the whole lines that came since the last call; one still being written waits. */
  public void poll(Consumer<EventLine> lines) throws IOException {
    if (cursor == null && Files.exists(path)) {
      cursor = new JsonEventCursor(Files.newInputStream(path), path.toString(), broken -> {});
    }
    while (cursor != null && cursor.next()) {
      lines.accept(line(cursor));
    }
  }

  private static EventLine line(EventCursor at) {
    if (at.line != null) {
      return at.line;
    }
    return switch (at.ev) {
      case HB -> new EventLine.Heartbeat(at.tNanos, at.rank, at.seq);
      default ->
          new EventLine.Event(
              at.tNanos,
              at.rank,
              at.name(at.comm),
              at.seq,
              CollectiveOp.of(at.op),
              at.algo < 0 ? "" : at.name(at.algo),
              at.bytes,
              at.channel,
              at.peer,
              Direction.values()[at.dir],
              at.ev);
    };
  }

  @Override
  public void close() throws IOException {
    if (cursor != null) {
      cursor.close();
    }
  }
}
