package dev.banyan.cli.serve;

import dev.banyan.cli.frame.Common;
import dev.banyan.core.ExitCode;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

/** {@code banyan serve drain}: an instance gives its requests away. */
@Command(
    name = "drain",
    description = "A running gateway lets an instance give its requests to the others.",
    footer = "  banyan serve drain 0")
public final class ServeDrainCommand implements Callable<ExitCode> {
  @Mixin private Common common = new Common();

  @Mixin private GatewayFlags gateway = new GatewayFlags();

  @Parameters(paramLabel = "INSTANCE", description = "Its number in 'banyan serve status'.")
  private int instance;

  @Option(names = "--resume", description = "It takes requests again.")
  private boolean resume;

  @Override
  public ExitCode call() throws IOException {
    JsonNode answer = gateway.client().ask("POST", (resume ? "/resume/" : "/drain/") + instance);
    common
        .out()
        .printf(
            "instance %d %s; it has %d requests%n",
            instance,
            resume ? "takes requests" : "gives its requests away",
            answer.path("requests").asInt(0));
    common.emit(
        common
            .result()
            .put("instance", instance)
            .put("requests", answer.path("requests").asInt(0)));
    return ExitCode.DONE;
  }
}
