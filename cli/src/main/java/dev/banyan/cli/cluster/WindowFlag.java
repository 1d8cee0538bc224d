package dev.banyan.cli.cluster;

import dev.banyan.core.UserInputException;
import picocli.CommandLine.Option;

/** {@code --window}. */
final class WindowFlag {
  @Option(
      names = "--window",
      paramLabel = "SECONDS",
      defaultValue = "4",
      description = "Length of the windows delays are taken over (default: ${DEFAULT-VALUE}).")
  private double window = 4;

  double seconds() {
    if (!(window > 0 && window <= 3600)) {
      throw new UserInputException("--window " + window + ": expected seconds, 0 to 3600");
    }
    return window;
  }
}
