package dev.banyan.cli.serve;

import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where the running gateway is, for the commands that talk to one. */
final class GatewayFlags {
  @Option(
      names = "--url",
      paramLabel = "URL",
      defaultValue = "http://127.0.0.1:8000",
      description = "The gateway (default: ${DEFAULT-VALUE}).")
  private String url = "http://127.0.0.1:8000";

  @Option(
      names = "--key",
      paramLabel = "KEY",
      defaultValue = "${env:BANYAN_KEY}",
      description = "Its API key (default: the environment's BANYAN_KEY).")
  private @Nullable String key;

  @Option(
      names = "--cert",
      paramLabel = "PEM",
      description = "Trust this certificate, for a gateway whose own one nobody signed.")
  private @Nullable Path certificate;

  GatewayClient client() {
    return new GatewayClient(url, key == null ? "" : key, Optional.ofNullable(certificate));
  }
}
