package dev.banyan.cli.serve;

import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Where the running gateway is, for the commands that talk to one. */
final class GatewayFlags {
  @Option(
      names = "--url",
      paramLabel = "URL",
      defaultValue = "http://127.0.0.1:8000",
      description = "The gateway (default: ${DEFAULT-VALUE}).")
  private String url = "http://127.0.0.1:8000";

  @Mixin private ClientFlags as = new ClientFlags();

  GatewayClient client() {
    return as.client(url);
  }
}
