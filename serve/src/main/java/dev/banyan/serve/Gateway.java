package dev.banyan.serve;

import dev.banyan.core.UserInputException;
import dev.banyan.serve.gateway.Server;
import dev.banyan.serve.process.EngineSettings;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * An OpenAI-compatible server over several instances of one model, each a process. A running
 * request moves between them with its keys and values; when an instance dies its requests go on
 * elsewhere. Listens on loopback only. This process computes nothing and loads no libtorch.
 *
 * <pre>{@code
 * try (var gateway = Gateway.open(Path.of("life/tune/model"), 2, 8000)) {
 *   // POST http://127.0.0.1:8000/v1/chat/completions
 * }
 * }</pre>
 */
public final class Gateway implements AutoCloseable {
  private static final int BLOCKS = 1024;
  private static final int BLOCK_TOKENS = 16;
  private static final int STEP_TOKENS = 256;
  private static final int MOST_REQUESTS = 64;

  private final Server server;

  private Gateway(Server server) {
    this.server = server;
  }

  /**
   * Starts instances of a model folder and listens.
   *
   * @param port 0 for any free one
   * @throws UserInputException when the model is not sound or the port is taken
   * @throws IOException when a process cannot be started
   */
  public static Gateway open(Path model, int instances, int port) throws IOException {
    return open(model, Map.of(), instances, port, true);
  }

  /**
   * {@link #open(Path, int, int)} with adapters.
   *
   * @param adapters folders by the name they have after the model's, {@code model:name}
   * @param exact whether an answer may not depend on its company; false is quicker
   */
  public static Gateway open(
      Path model, Map<String, String> adapters, int instances, int port, boolean exact)
      throws IOException {
    if (instances < 1) {
      throw new UserInputException("instances is " + instances + ", must be at least 1");
    }
    int threads = Math.max(1, Runtime.getRuntime().availableProcessors() / instances);
    var settings =
        new EngineSettings(
            0,
            model.toString(),
            "",
            adapters,
            "",
            BLOCKS,
            BLOCK_TOKENS,
            STEP_TOKENS,
            MOST_REQUESTS,
            exact,
            threads,
            "banyan",
            false);
    var at = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    Path name = model.toAbsolutePath().normalize().getFileName();
    return new Gateway(
        Server.start(settings, instances, at, name == null ? "model" : name.toString()));
  }

  /** Where it listens. */
  public int port() {
    return server.port();
  }

  /** Process numbers of the instances. */
  public List<Long> processes() {
    return server.processes();
  }

  /** Asks every running request to move to another instance; gives how many were asked. */
  public int moveAll() {
    return server.moveAll();
  }

  /** Requests that moved while they ran, since the start. */
  public long moves() {
    return server.moves();
  }

  /** For each of them, seconds in no batch. */
  public double[] stoppedSeconds() {
    return server.stoppedSeconds();
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
