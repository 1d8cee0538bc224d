package dev.banyan.serve.http;

import dev.banyan.core.UserInputException;
import dev.banyan.serve.ApiKeys;
import dev.banyan.serve.GatewaySettings;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.Optional;
import javax.net.ServerSocketFactory;

/**
 * Where a server will listen, checked before anything slow is started.
 *
 * @param keys who may ask; without them only this machine can connect
 */
public record Listening(InetSocketAddress at, Optional<ApiKeys> keys, ServerSocketFactory sockets) {
  private static final int MOST_BODY_BYTES = 8 << 20;
  private static final int MOST_CONNECTIONS = 4096;

  /**
   * Checks host, keys and certificates.
   *
   * @throws UserInputException when there is no such host, a file is not as it should be, or others
   *     than this machine could connect without a key
   */
  public static Listening of(GatewaySettings.Address address, Optional<Path> keys) {
    InetSocketAddress at = new InetSocketAddress(address.host(), address.port());
    if (at.isUnresolved()) {
      throw new UserInputException("there is no host '" + address.host() + "'");
    }
    if (!at.getAddress().isLoopbackAddress() && keys.isEmpty()) {
      throw new UserInputException(
          address.host()
              + " can be reached from outside, which needs a file of keys; 'banyan serve key' makes"
              + " its lines");
    }
    return new Listening(
        at,
        keys.map(ApiKeys::read),
        address.tls().map(PemTls::sockets).orElseGet(ServerSocketFactory::getDefault));
  }

  /**
   * Listens. Who may not ask is refused before the body of what he asks is read.
   *
   * @throws UserInputException when the port is taken
   */
  public HttpServer open(HttpServer.Handler handler) throws IOException {
    try {
      return new HttpServer(
          sockets, at, MOST_CONNECTIONS, MOST_BODY_BYTES, Doorkeeper.gate(keys), handler);
    } catch (BindException e) {
      throw taken(e);
    }
  }

  /**
   * Looks whether it could listen now, before something that takes long or begins files anew.
   *
   * @throws UserInputException when the port is taken
   */
  public void requireFree() throws IOException {
    try (var probe = new ServerSocket()) {
      probe.bind(at);
    } catch (BindException e) {
      throw taken(e);
    }
  }

  private UserInputException taken(BindException e) {
    return new UserInputException(
        "%s:%d cannot be listened at: %s"
            .formatted(at.getHostString(), at.getPort(), e.getMessage()),
        e);
  }
}
