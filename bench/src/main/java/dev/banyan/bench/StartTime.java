package dev.banyan.bench;

import dev.banyan.core.UserInputException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * How long a command takes from start to end, warm: the first run is not counted.
 *
 * @param seconds of each run, in the order they were run
 */
public record StartTime(List<Double> seconds) {
  public StartTime {
    seconds = List.copyOf(seconds);
  }

  public double median() {
    return Pairs.median(seconds);
  }

  public double least() {
    return Collections.min(seconds);
  }

  /**
   * Runs a command {@code runs} times after once to warm up.
   *
   * @throws UserInputException when it cannot be started or does not end with 0
   */
  public static StartTime measure(List<String> command, int runs) {
    List<Double> seconds = new ArrayList<>();
    for (int run = -1; run < runs; run++) {
      long begun = System.nanoTime();
      int code;
      try {
        code =
            ChildJvm.end(
                new ProcessBuilder(command)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start());
      } catch (IOException e) {
        throw new UserInputException(command.getFirst() + ": cannot be started", e);
      }
      if (code != 0) {
        throw new UserInputException("%s ended with %d".formatted(String.join(" ", command), code));
      }
      if (run >= 0) {
        seconds.add((System.nanoTime() - begun) / 1e9);
      }
    }
    return new StartTime(seconds);
  }
}
