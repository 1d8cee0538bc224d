package dev.banyan.cli.serve;

import dev.banyan.cli.frame.Common;
import dev.banyan.core.ExitCode;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

/** {@code banyan serve scale}: more instances, or fewer. */
@Command(
    name = "scale",
    description = "A running gateway gets more instances, or fewer; none loses a request.",
    footer = "  banyan serve scale 3")
public final class ServeScaleCommand implements Callable<ExitCode> {
  @Mixin private Common common = new Common();

  @Mixin private GatewayFlags gateway = new GatewayFlags();

  @Parameters(paramLabel = "INSTANCES", description = "How many shall take requests.")
  private int instances;

  @Override
  public ExitCode call() throws IOException {
    JsonNode answer = gateway.client().ask("POST", "/scale/" + instances);
    common.out().printf("instances that take requests: %s%n", answer.path("instances"));
    common.emit(common.result().put("instances", answer.path("instances").size()));
    return ExitCode.DONE;
  }
}
