package dev.banyan.serve;

import dev.banyan.core.UserInputException;
import dev.banyan.serve.remote.RemoteServer;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;

/**
 * One OpenAI server before several that already run: vLLM, SGLang, llama.cpp, another gateway of
 * ours, or any other. A request goes to the least loaded; when its server dies or is drained in the
 * middle of a stream, the answer goes on at another one, and its client sees one stream.
 *
 * <pre>{@code
 * var backends = List.of(URI.create("http://gpu-1:8000"), URI.create("http://gpu-2:8000"));
 * try (var gateway = RemoteGateway.open(RemoteSettings.of(backends, 8000))) {
 *   // POST http://127.0.0.1:8000/v1/chat/completions
 * }
 * }</pre>
 */
public final class RemoteGateway implements AutoCloseable {
  private final RemoteServer server;

  private RemoteGateway(RemoteServer server) {
    this.server = server;
  }

  /**
   * Asks every backend what it is, and listens.
   *
   * <p>Backends may serve different models: a request goes to those that serve the model it names,
   * and must name one then.
   *
   * @throws UserInputException when a backend does not answer or is no OpenAI server, the port is
   *     taken, or a file is not as it should be
   */
  public static RemoteGateway open(RemoteSettings settings) throws IOException {
    return open(settings, line -> {});
  }

  /**
   * The same; where backends are awaited and none answers yet, it says so and waits for the first.
   *
   * @param waiting told that line
   * @throws UserInputException as above, or when interrupted before one answered
   */
  public static RemoteGateway open(RemoteSettings settings, Consumer<String> waiting)
      throws IOException {
    return new RemoteGateway(RemoteServer.start(settings, waiting));
  }

  /** Where it listens. */
  public int port() {
    return server.port();
  }

  /** A line for each backend: its number, address, kind and models. */
  public List<String> backends() {
    return server.backends();
  }

  /** A backend takes no new requests and gives away what can go on elsewhere; false without it. */
  public boolean drain(int backend) {
    return server.drain(backend, true);
  }

  /** A drained backend takes requests again; false without it. */
  public boolean resume(int backend) {
    return server.drain(backend, false);
  }

  /** Answers that went on elsewhere since the start, since a backend died or was drained. */
  public long moved() {
    return server.moved();
  }

  /** Answers to posted requests that are not wholly written; probes and pages do not count. */
  public int answering() {
    return server.answering();
  }

  /** Refuses new requests and waits, no longer than {@code patience}, for those that run. */
  public void finish(Duration patience) {
    server.finish(patience);
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
