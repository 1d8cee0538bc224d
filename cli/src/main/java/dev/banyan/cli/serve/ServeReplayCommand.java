package dev.banyan.cli.serve;

import dev.banyan.cli.frame.Common;
import dev.banyan.core.ExitCode;
import dev.banyan.serve.DecisionLog;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code banyan serve replay}: decisions of a log, taken again. */
@Command(
    name = "replay",
    description = "Takes the decisions of a log again and counts those that are the same.",
    footer = "  banyan serve replay decisions.jsonl")
public final class ServeReplayCommand implements Callable<ExitCode> {
  @Mixin private Common common = new Common();

  @Parameters(paramLabel = "FILE", description = "What 'banyan serve --decisions' wrote.")
  private Path file = Path.of(".");

  @Override
  public ExitCode call() throws IOException {
    DecisionLog.Replay replay = DecisionLog.replay(file);
    long all = replay.dispatches() + replay.rounds();
    common
        .out()
        .printf(
            "%d of %d decisions are the same (%d dispatches, %d rounds of pairing)%n",
            replay.identical(), all, replay.dispatches(), replay.rounds());
    if (replay.firstDiffering() > 0) {
      common.out().printf("the first that differs is in line %d%n", replay.firstDiffering());
    }
    common.emit(common.result().put("decisions", all).put("identical", replay.identical()));
    return replay.identical() == all ? ExitCode.DONE : ExitCode.NO;
  }
}
