package dev.banyan.cli.serve;

import dev.banyan.core.UserInputException;
import dev.banyan.serve.Trace;
import dev.banyan.serve.Workload;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
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

  @Mixin private ArrivalFlags arrivals = new ArrivalFlags();

  Workload workload() {
    if ((trace == null) == (workload == null)) {
      throw new UserInputException("name either a TRACE or a --workload");
    }
    double rate = arrivals.rate();
    Workload chosen;
    if (trace != null) {
      chosen = Workload.of(Trace.read(trace), requests, rate);
    } else {
      if (rate == 0) {
        throw new UserInputException("a --workload needs a --rate, for example --rate 9.5");
      }
      chosen = Workload.generated(String.valueOf(workload), requests, rate, arrivals.cv());
    }
    return arrivals.capped(chosen.with(high, low));
  }
}
