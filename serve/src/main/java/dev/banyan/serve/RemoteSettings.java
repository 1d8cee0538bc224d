package dev.banyan.serve;

import dev.banyan.core.UserInputException;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What a gateway before servers that already run is opened with.
 *
 * @param spans file of OpenTelemetry spans, OTLP/JSON, a line each request
 */
public record RemoteSettings(
    Backends backends,
    GatewaySettings.Address address,
    GatewaySettings.Access access,
    Optional<Path> spans) {

  /**
   * The servers, and how they are asked.
   *
   * @param urls addresses, with or without {@code /v1}
   * @param model what clients call the model of all of them, which of each is the one of that name
   *     or its first; empty to leave each its own names
   * @param key file with the key they want; without it, and without keys of the gateway's own, the
   *     client's {@code Authorization} is passed on
   * @param awaits whether those that do not answer at the start are asked until they do; the first
   *     is waited for
   */
  public record Backends(
      List<URI> urls, Optional<String> model, Optional<Path> key, boolean awaits) {
    public Backends {
      urls = List.copyOf(urls);
      if (urls.isEmpty()) {
        throw new UserInputException("a gateway needs at least one backend");
      }
    }
  }

  /** On loopback, without keys. */
  public static RemoteSettings of(List<URI> urls, int port) {
    return new RemoteSettings(
        new Backends(urls, Optional.empty(), Optional.empty(), false),
        GatewaySettings.Address.loopback(port),
        GatewaySettings.Access.FREE,
        Optional.empty());
  }

  private RemoteSettings before(Backends others) {
    return new RemoteSettings(others, address, access, spans);
  }

  /** The same under one name of the model. */
  public RemoteSettings calling(String model) {
    return before(new Backends(backends.urls, Optional.of(model), backends.key, backends.awaits));
  }

  /** The same with the key the backends want. */
  public RemoteSettings withBackendKey(Path file) {
    return before(new Backends(backends.urls, backends.model, Optional.of(file), backends.awaits));
  }

  /** The same, asking those that do not answer yet until they do. */
  public RemoteSettings awaiting() {
    return before(new Backends(backends.urls, backends.model, backends.key, true));
  }

  /** The same at another host. */
  public RemoteSettings at(String host) {
    return new RemoteSettings(backends, address.at(host), access, spans);
  }

  /** The same with keys. */
  public RemoteSettings withKeys(Path file) {
    return new RemoteSettings(backends, address, access.withKeys(file), spans);
  }

  /** The same with another bound on answers in the making. */
  public RemoteSettings withMostOpen(int most) {
    return new RemoteSettings(backends, address, access.withMostOpen(most), spans);
  }

  /** The same with a file of spans. */
  public RemoteSettings recording(Path file) {
    return new RemoteSettings(backends, address, access, Optional.of(file));
  }
}
