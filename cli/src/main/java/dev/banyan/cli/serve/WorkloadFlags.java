package dev.banyan.cli.serve;

import dev.banyan.core.UserInputException;
import dev.banyan.serve.Trace;
import dev.banyan.serve.Workload;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Flags that describe the requests. */
final class WorkloadFlags {
  @Parameters(
      arity = "0..1",
      paramLabel = "TRACE",
      description = "A trace: Azure, BurstGPT, Vidur, splitwise, Mooncake or LLMServingSim.")
  private @Nullable Path trace;

  @Option(
      names = "--workload",
      paramLabel = "NAME",
      description = "Instead of a trace: S-S to L-L (prompts and outputs), or burstgpt-like.")
  private @Nullable String workload;

  @Option(
      names = "--requests",
      paramLabel = "N",
      defaultValue = "10000",
      description = "Requests per seed (default: ${DEFAULT-VALUE}).")
  private int requests = 10_000;

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
      names = "--high",
      paramLabel = "SHARE",
      defaultValue = "0",
      description = "Share of requests in the high class (default: ${DEFAULT-VALUE}).")
  private double high;

  @Option(
      names = "--low",
      paramLabel = "SHARE",
      defaultValue = "0",
      description = "Share of requests in the low class (default: ${DEFAULT-VALUE}).")
  private double low;

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

  Workload workload() {
    if ((trace == null) == (workload == null)) {
      throw new UserInputException("name either a TRACE or a --workload");
    }
    double asked = rate == null ? 0 : rate;
    if (rate != null && !(rate > 0 && Double.isFinite(rate))) {
      throw new UserInputException("--rate is " + rate + ", a number above 0 was expected");
    }
    Workload chosen;
    if (trace != null) {
      chosen = Workload.of(Trace.read(trace), requests, asked);
    } else {
      if (rate == null) {
        throw new UserInputException("a --workload needs a --rate, for example --rate 9.5");
      }
      chosen =
          new Workload(
              String.valueOf(workload),
              Optional.empty(),
              requests,
              asked,
              cv,
              0,
              0,
              mostPrompt,
              mostOutput);
    }
    return chosen.with(high, low).capped(mostPrompt, mostOutput);
  }
}
