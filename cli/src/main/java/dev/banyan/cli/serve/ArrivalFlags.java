package dev.banyan.cli.serve;

import dev.banyan.core.UserInputException;
import dev.banyan.serve.Workload;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** When requests arrive, and how long they may be at most. */
final class ArrivalFlags {
  @Option(
      names = "--rate",
      paramLabel = "R",
      description = "Mean requests per second; a trace is stretched to it, or left as it is.")
  private @Nullable Double rate;

  @Option(
      names = "--cv",
      paramLabel = "CV",
      defaultValue = "1",
      description = "Variation of generated gaps, 1 for Poisson (default: ${DEFAULT-VALUE}).")
  private double cv = 1;

  @Option(
      names = "--most-prompt",
      paramLabel = "TOKENS",
      defaultValue = "6144",
      description = "Longer prompts are cut (default: ${DEFAULT-VALUE}).")
  private int mostPrompt = Workload.CAP;

  @Option(
      names = "--most-output",
      paramLabel = "TOKENS",
      defaultValue = "6144",
      description = "Longer outputs are cut (default: ${DEFAULT-VALUE}).")
  private int mostOutput = Workload.CAP;

  /** Requests a second; 0 when none was asked for. */
  double rate() {
    if (rate == null) {
      return 0;
    }
    if (!(rate > 0 && Double.isFinite(rate))) {
      throw new UserInputException("--rate is " + rate + ", a number above 0 was expected");
    }
    return rate;
  }

  double cv() {
    if (!(cv > 0) || Double.isInfinite(cv)) {
      throw new UserInputException("--cv is " + cv + ", a number above 0 was expected");
    }
    return cv;
  }

  Workload capped(Workload workload) {
    return workload.capped(mostPrompt, mostOutput);
  }
}
