package dev.banyan.cli.serve;

import dev.banyan.cli.frame.Common;
import dev.banyan.core.ExitCode;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import tools.jackson.databind.JsonNode;

/** {@code banyan serve status}: what a running gateway does. */
@Command(
    name = "status",
    description = "Instances, memory and requests of a running gateway.",
    footer = "  banyan serve status")
public final class ServeStatusCommand implements Callable<ExitCode> {
  @Mixin private Common common = new Common();

  @Mixin private GatewayFlags gateway = new GatewayFlags();

  @Override
  public ExitCode call() throws IOException {
    JsonNode status = gateway.client().ask("GET", "/status");
    JsonNode counts = status.path("counts");
    common
        .out()
        .printf(
            "%s: %d requests now, %d since the start; %d moved running, %d waiting, %d saved%n",
            status.path("model").asString(""),
            status.path("requests").size(),
            counts.path("requests").asLong(0),
            counts.path("moves").asLong(0),
            counts.path("requeued").asLong(0),
            counts.path("replayed").asLong(0));
    for (JsonNode each : status.path("instances")) {
      JsonNode memory = each.path("load").path("memory");
      int total = memory.path("totalBlocks").asInt(0);
      common
          .out()
          .printf(
              "instance %-3d %-16s %4d of %d blocks  %3d running  %3d waiting%s%s%n",
              each.path("id").asInt(0),
              each.has("url")
                  ? each.path("kind").asString("") + " " + each.path("url").asString("")
                  : "process " + each.path("process").asLong(0),
              total - memory.path("freeBlocks").asInt(0),
              total,
              each.path("figures").path("running").asInt(0),
              each.path("figures").path("waiting").asInt(0),
              each.path("draining").asBoolean(false) ? "  draining" : "",
              each.path("up").asBoolean(true) ? "" : "  down");
    }
    common.emit(
        common
            .result()
            .put("instances", status.path("instances").size())
            .put("requests", counts.path("requests").asLong(0))
            .put("moves", counts.path("moves").asLong(0))
            .put("replayed", counts.path("replayed").asLong(0)));
    return ExitCode.DONE;
  }
}
