package dev.banyan.cluster;

import dev.banyan.cluster.follow.EventTail;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** Follows files of event lines, and folders in which more of them may appear. */
public final class EventFollower implements AutoCloseable {
  private final List<Path> places;
  private final Map<Path, EventTail> tails = new TreeMap<>();

  /**
   * @param places files, which need not be there yet, and folders of {@code *.jsonl}
   */
  public EventFollower(List<Path> places) {
    this.places = List.copyOf(places);
  }

  /** Hands over what was written since the last call. */
  public void poll(Consumer<EventLine> lines) throws IOException {
    for (Path place : places) {
      if (Files.isDirectory(place)) {
        try (Stream<Path> inside = Files.list(place)) {
          inside
              .filter(file -> file.toString().endsWith(".jsonl"))
              .forEach(file -> tails.computeIfAbsent(file, EventTail::new));
        }
      } else {
        tails.computeIfAbsent(place, EventTail::new);
      }
    }
    for (EventTail tail : tails.values()) {
      tail.poll(lines);
    }
  }

  @Override
  public void close() throws IOException {
    for (EventTail tail : tails.values()) {
      tail.close();
    }
  }
}
