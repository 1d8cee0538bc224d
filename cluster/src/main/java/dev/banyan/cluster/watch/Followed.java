package dev.banyan.cluster.watch;

import dev.banyan.cluster.Unreadable;
import dev.banyan.cluster.ingest.EventStream;
import dev.banyan.cluster.read.BinaryEventCursor;
import dev.banyan.cluster.read.EventCursor;
import dev.banyan.cluster.read.JsonEventCursor;
import dev.banyan.cluster.read.Sniff;
import java.io.FileInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** An event file that may still grow. */
public final class Followed implements AutoCloseable {
  private final EventStream stream;

  private Followed(EventStream stream) {
    this.stream = stream;
  }

  /**
   * Opens a file.
   *
   * @param streams makes a stream of a cursor
   * @return null when it holds no event lines, or nothing yet
   */
  public static @Nullable Followed begin(
      Path path, Consumer<Unreadable> broken, Function<EventCursor, EventStream> streams) {
    try {
      Sniff.Kind kind = Sniff.of(path);
      boolean binary = kind == Sniff.Kind.EVENTS_BINARY;
      if (!binary && kind != Sniff.Kind.EVENTS_JSON) {
        return null;
      }
      var in = new FileInputStream(path.toFile());
      String name = path.toString();
      return new Followed(
          streams.apply(
              binary
                  ? new BinaryEventCursor(in, name, broken)
                  : new JsonEventCursor(in, name, broken)));
    } catch (IOException e) {
      return null; // gone again, or not yet ours to read: looked at again at the next poll
    }
  }

  /** Takes what is new. */
  public void advance() throws IOException {
    stream.advance(Long.MAX_VALUE);
  }

  public long events() {
    return stream.events();
  }

  @Override
  public void close() throws IOException {
    stream.close();
  }
}
