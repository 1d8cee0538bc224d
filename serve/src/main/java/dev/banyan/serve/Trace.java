package dev.banyan.serve;

import dev.banyan.serve.read.TraceReader;
import java.nio.file.Path;
import java.util.List;

/**
 * Requests that were recorded somewhere.
 *
 * @param name of the file
 * @param format {@code azure}, {@code burstgpt}, {@code vidur}, {@code splitwise}, {@code mooncake}
 *     or {@code llmservingsim}
 * @param requests in order of arrival, the first at 0 or soon after
 * @param failed rows without prompt or output, left out
 */
public record Trace(String name, String format, List<TraceRequest> requests, int failed) {
  public Trace {
    requests = List.copyOf(requests);
  }

  /**
   * Reads a trace in any of these formats, told apart by its first line.
   *
   * @throws dev.banyan.core.UserInputException when it is no such file; the message names the line
   */
  public static Trace read(Path file) {
    return TraceReader.read(file);
  }

  /** From the first arrival to the last. */
  public double seconds() {
    return requests.getLast().arrivalSeconds() - requests.getFirst().arrivalSeconds();
  }
}
