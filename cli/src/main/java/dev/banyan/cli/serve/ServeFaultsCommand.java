package dev.banyan.cli.serve;

import dev.banyan.cli.frame.Common;
import dev.banyan.core.ExitCode;
import dev.banyan.core.Progress;
import dev.banyan.core.UserInputException;
import dev.banyan.serve.FaultRun;
import dev.banyan.serve.FaultTally;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code banyan serve faults --schedules N}. */
@Command(
    name = "faults",
    description =
        "Runs the migration protocol through randomised faults and checks what must hold.",
    footer = "  banyan serve faults --schedules 10000")
public final class ServeFaultsCommand implements Callable<ExitCode> {
  @Mixin private Common common = new Common();

  @Option(
      names = "--schedules",
      paramLabel = "N",
      defaultValue = "10000",
      description = "Randomised schedules (default: ${DEFAULT-VALUE}).")
  private long schedules = 10_000;

  @Option(
      names = "--threads",
      paramLabel = "N",
      defaultValue = "2",
      description = "The result does not depend on it (default: ${DEFAULT-VALUE}).")
  private int threads = 2;

  @Option(
      names = "--plant-double-owner",
      description = "Let a source that lost its answer resume without asking; must be caught.")
  private boolean plant;

  @Override
  public ExitCode call() throws IOException {
    if (schedules < 1 || threads < 1) {
      throw new UserInputException("--schedules and --threads must be at least 1");
    }
    FaultTally tally;
    try (Progress progress = common.progress("faults", schedules, "schedules")) {
      tally = FaultRun.run(schedules, plant, common.seed(), threads, progress);
    }
    common
        .out()
        .printf(
            "%,d schedules, %,d moves begun, %,d committed, %,d kept by their source after a stop%n",
            tally.schedules(), tally.attempts(), tally.committed(), tally.kept());
    tally.troubles().forEach((kind, times) -> common.out().printf("  %-18s %,d%n", kind, times));
    tally.violations().stream().limit(20).forEach(each -> common.out().println(each));
    common
        .out()
        .printf("%,d schedules in which something happened that must not%n", tally.violating());
    common.emit(
        common
            .result()
            .put("schedules", tally.schedules())
            .put("attempts", tally.attempts())
            .put("committed", tally.committed())
            .put("keptAfterStop", tally.kept())
            .put("troubles", tally.troubles())
            .put("violatingSchedules", tally.violating())
            .put("violations", tally.violations()));
    return tally.violating() == 0 ? ExitCode.DONE : ExitCode.NO;
  }
}
