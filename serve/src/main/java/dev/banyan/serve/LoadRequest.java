package dev.banyan.serve;

import dev.banyan.core.UserInputException;
import dev.banyan.serve.read.LoadRequestReader;
import java.nio.file.Path;
import java.util.List;

/**
 * One request of a load test.
 *
 * @param arrivalSeconds when it is sent, since the test began; NaN where that is to be drawn
 * @param prompt text; in a chat the user's message
 * @param outputTokens asked for at most
 */
public record LoadRequest(double arrivalSeconds, String prompt, int outputTokens) {
  /**
   * Reads requests of one's own: JSON lines of {@code prompt} and, if it pleases, {@code
   * outputTokens} and {@code arrivalSeconds}, the latter in all lines, in order, or in none.
   *
   * @param outputTokens of lines that do not say
   * @throws UserInputException with the line that is not as it should be
   */
  public static List<LoadRequest> read(Path file, int outputTokens) {
    return LoadRequestReader.read(file, outputTokens);
  }

  /** The same at another time. */
  public LoadRequest at(double seconds) {
    return new LoadRequest(seconds, prompt, outputTokens);
  }
}
