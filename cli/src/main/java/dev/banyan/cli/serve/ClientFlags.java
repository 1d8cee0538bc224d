package dev.banyan.cli.serve;

import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** As whom a server is asked, and whom it is believed to be. */
final class ClientFlags {
  @Option(
      names = "--key",
      paramLabel = "KEY",
      defaultValue = "${env:BANYAN_KEY}",
      description = "Its API key (default: the environment's BANYAN_KEY).")
  private @Nullable String key;

  @Option(
      names = "--cert",
      paramLabel = "PEM",
      description = "Trust this certificate, for a server whose own one nobody signed.")
  private @Nullable Path certificate;

  /** Empty for none. */
  String key() {
    return key == null ? "" : key;
  }

  GatewayClient client(String url) {
    return new GatewayClient(url, key(), Optional.ofNullable(certificate));
  }
}
