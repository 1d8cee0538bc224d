package dev.banyan.train;

import java.nio.file.Path;
import java.util.List;

/** One record of training data, with the place it was read from. */
public sealed interface Example {
  /** Where the record starts. */
  Origin origin();

  /**
   * A place in a file.
   *
   * @param line counted from 1
   */
  record Origin(Path file, long line) {
    @Override
    public String toString() {
      return file + ":" + line;
    }
  }

  /** Who speaks. */
  enum Role {
    SYSTEM,
    USER,
    ASSISTANT
  }

  /** What one speaker says. */
  record Turn(Role role, String text) {}

  /** Plain text: every token is learned. */
  record TextExample(Origin origin, String text) implements Example {}

  /** A conversation: only what the assistant says is learned. */
  record ChatExample(Origin origin, List<Turn> turns) implements Example {
    public ChatExample {
      turns = List.copyOf(turns);
      if (turns.stream().noneMatch(turn -> turn.role() == Role.ASSISTANT)) {
        throw new IllegalArgumentException(origin + ": a conversation without an answer");
      }
    }
  }
}
