package dev.banyan.serve;

import dev.banyan.core.UserInputException;
import dev.banyan.serve.gateway.Server;
import dev.banyan.serve.process.EngineSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;

/**
 * An OpenAI-compatible server over several instances of one model, each a process. A running
 * request moves between them with its keys and values; when an instance dies its requests go on
 * elsewhere, and another is started in its place. Without keys it listens on loopback only. This
 * process computes nothing and loads no libtorch.
 *
 * <pre>{@code
 * try (var gateway = Gateway.open(Path.of("life/tune/model"), 2, 8000)) {
 *   // POST http://127.0.0.1:8000/v1/chat/completions
 * }
 * }</pre>
 */
public final class Gateway implements AutoCloseable {
  /** Heap of an engine's process, at most; its weights, keys and values lie outside of it. */
  public static final long ENGINE_HEAP_BYTES = 1L << 30;

  private static final int BLOCKS = 1024;

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
    return open(GatewaySettings.of(model, instances, port));
  }

  /**
   * Starts instances and listens.
   *
   * @throws UserInputException when the model is not sound, the port is taken, a file of keys or
   *     certificates is not as it should be, or a host other than loopback has no keys
   * @throws IOException when a process cannot be started
   */
  public static Gateway open(GatewaySettings settings) throws IOException {
    return open(settings, remark -> {});
  }

  /**
   * The same.
   *
   * @param remarks told, in a line each, of instances that died and of those in their place
   */
  public static Gateway open(GatewaySettings settings, Consumer<String> remarks)
      throws IOException {
    GatewaySettings.Served served = settings.served();
    Path model = served.model();
    EngineSettings engine =
        served.paced().isEmpty()
            ? computing(served)
            : EngineSettings.paced(model, served.paced(), "banyan");
    Path name = model.toAbsolutePath().normalize().getFileName();
    String called = name == null ? "model" : name.toString();
    return new Gateway(Server.start(engine, settings, called, remarks));
  }

  private static EngineSettings computing(GatewaySettings.Served served) {
    int cores = Runtime.getRuntime().availableProcessors();
    var model =
        new EngineSettings.Model(
            served.model().toString(),
            served.adapters(),
            "",
            served.exact(),
            Math.max(1, cores / served.instances()));
    return EngineSettings.computing(model, BLOCKS);
  }

  /** Where it listens. */
  public int port() {
    return server.port();
  }

  /** Process numbers of the instances. */
  public List<Long> processes() {
    return server.processes();
  }

  /** An instance takes no new requests and gives its own away; false when it is not up. */
  public boolean drain(int instance) {
    return server.drain(instance, true);
  }

  /** A drained instance takes requests again; false when it is not up. */
  public boolean resume(int instance) {
    return server.drain(instance, false);
  }

  /** Requests an instance has. */
  public long requests(int instance) {
    return server.owned(instance);
  }

  /**
   * Changes how many instances take requests; those that go give theirs away first.
   *
   * @throws UserInputException when there would be none, or a new one cannot start
   */
  public void scale(int instances) throws IOException {
    server.scale(instances);
  }

  /** Answers to posted requests that are not wholly written; probes and pages do not count. */
  public int answering() {
    return server.answering();
  }

  /**
   * Refuses new requests and waits until the answers of those that run are written. Those that take
   * longer than {@code patience} end with an error that says so.
   */
  public void finish(Duration patience) {
    server.finish(patience);
  }

  /** Asks every running request to move to another instance; gives how many were asked. */
  public int moveAll() {
    return server.moveAll();
  }

  /** Requests that moved while they ran, since the start. */
  public long moves() {
    return server.moves();
  }

  /** Requests that were given to another instance while they waited, since the start. */
  public long requeues() {
    return server.requeues();
  }

  /** Requests that were computed again elsewhere since their instance died, since the start. */
  public long replays() {
    return server.replays();
  }

  /** For each that moved, seconds in no batch. */
  public double[] stoppedSeconds() {
    return server.stoppedSeconds();
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
