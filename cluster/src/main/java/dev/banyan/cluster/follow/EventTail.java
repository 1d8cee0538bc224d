package dev.banyan.cluster.follow;

import dev.banyan.cluster.read.EventCursor;
import dev.banyan.cluster.read.JsonEventCursor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Follows a file of event lines that another process writes. */
public final class EventTail implements AutoCloseable {
  private final Path path;
  private @Nullable EventCursor cursor;

  public EventTail(Path path) {
    this.path = path;
  }

  /** The file's cursor, once there is a file; its {@code next} is false until more was written. */
  public Optional<EventCursor> cursor() throws IOException {
    if (cursor == null && Files.exists(path)) {
      cursor = new JsonEventCursor(Files.newInputStream(path), path.toString(), broken -> {});
    }
    return Optional.ofNullable(cursor);
  }

  @Override
  public void close() throws IOException {
    if (cursor != null) {
      cursor.close();
    }
  }
}
