package dev.banyan.cli.serve;

import dev.banyan.cli.frame.Common;
import dev.banyan.core.ExitCode;
import dev.banyan.core.Json;
import dev.banyan.serve.EngineProfile;
import dev.banyan.serve.EngineSpeed;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code banyan serve profile MODEL}. */
@Command(
    name = "profile",
    description = "Measures what an engine's steps cost on this machine, for the simulator.",
    footer = {
      "  banyan serve profile life/tune/model --out mine.json",
      "  banyan serve simulate trace.csv --profile mine.json"
    })
public final class ServeProfileCommand implements Callable<ExitCode> {
  @Mixin private Common common = new Common();

  @Parameters(paramLabel = "MODEL", description = "A Hugging Face model folder.")
  private Path model = Path.of(".");

  @Option(
      names = "--out",
      paramLabel = "FILE.json",
      defaultValue = "profile.json",
      description = "Where the profile goes (default: ${DEFAULT-VALUE}).")
  private Path file = Path.of("profile.json");

  @Option(
      names = "--blocks",
      paramLabel = "N",
      defaultValue = "1024",
      description = "Blocks of 16 tokens of KV memory it shall have (default: ${DEFAULT-VALUE}).")
  private int blocks = 1024;

  @Option(names = "--fast", description = "Of the quicker arithmetic.")
  private boolean fast;

  @Override
  public ExitCode call() throws IOException {
    EngineProfile profile = EngineSpeed.profile(model, !fast, blocks, common.seed());
    Json.write(file, profile);
    common
        .out()
        .printf(
            "prefill %.3f ms + %.4f ms per token; decode %.3f ms + %.4f ms per request"
                + " + %.3f µs per context token%n%s%n",
            1e3 * profile.prefill().seconds(),
            1e3 * profile.prefill().tokenSeconds(),
            1e3 * profile.decode().seconds(),
            1e3 * profile.decode().requestSeconds(),
            1e6 * profile.decode().contextTokenSeconds(),
            file);
    common.emit(common.result().put("profile", profile).put("file", file.toString()));
    return ExitCode.DONE;
  }
}
