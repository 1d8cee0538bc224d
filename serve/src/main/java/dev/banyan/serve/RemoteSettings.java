package dev.banyan.serve;

import dev.banyan.core.UserInputException;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What a gateway before servers that already run is opened with.
 *
 * @param backends addresses, with or without {@code /v1}
 * @param model what clients call the model of all of them, which of each is the one of that name or
 *     its first; empty to leave each its own names
 * @param backendKey file with the key the backends want; without it, and without {@code keys}, the
 *     client's own {@code Authorization} is passed on
 * @param awaits whether backends that do not answer at the start are asked until they do; the first
 *     is waited for
 * @param host where it listens; anything but loopback needs {@code keys}
 * @param port 0 for any free one
 * @param keys file of key hashes and limits, see {@link ApiKeys}
 * @param tls certificate chain and key
 * @param spans file of OpenTelemetry spans, OTLP/JSON, a line each request
 * @param mostOpen answers in the making; more are refused with 429
 */
public record RemoteSettings(
    List<URI> backends,
    Optional<String> model,
    Optional<Path> backendKey,
    boolean awaits,
    String host,
    int port,
    Optional<Path> keys,
    Optional<GatewaySettings.Tls> tls,
    Optional<Path> spans,
    int mostOpen) {
  public RemoteSettings {
    backends = List.copyOf(backends);
    if (backends.isEmpty()) {
      throw new UserInputException("a gateway needs at least one backend");
    }
    GatewaySettings.requirePort(port);
    if (mostOpen < 1) {
      throw new UserInputException("most-open is " + mostOpen + ", must be at least 1");
    }
  }

  /** On loopback, without keys. */
  public static RemoteSettings of(List<URI> backends, int port) {
    return new RemoteSettings(
        backends,
        Optional.empty(),
        Optional.empty(),
        false,
        "127.0.0.1",
        port,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        2048);
  }
}
