package dev.banyan.serve.remote;

import dev.banyan.core.UserInputException;
import dev.banyan.serve.RemoteSettings;
import dev.banyan.serve.http.Doorkeeper;
import dev.banyan.serve.http.HttpServer;
import dev.banyan.serve.http.Listening;
import dev.banyan.serve.http.Spans;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Backends that run already, watched, and the HTTP server before them. */
public final class RemoteServer implements AutoCloseable {
  private static final int POLL_MILLIS = 20;

  private final Backends backends;
  private final @Nullable Spans spans;
  private @Nullable HttpServer http;
  private volatile boolean stopping;

  private RemoteServer(Backends backends, @Nullable Spans spans) {
    this.backends = backends;
    this.spans = spans;
  }

  /**
   * Asks every backend what it is, and listens.
   *
   * @throws UserInputException when one does not answer, or a setting is not as it should be
   */
  public static RemoteServer start(RemoteSettings settings) throws IOException {
    Listening listening =
        Listening.of(settings.host(), settings.port(), settings.keys(), settings.tls());
    String key = settings.backendKey().map(RemoteServer::key).orElse("");
    Line line = Line.open(key);
    List<Backend> all = new ArrayList<>();
    try {
      for (URI each : settings.backends()) {
        all.add(Probe.backend(all.size(), each, line, settings.awaits()));
      }
      if (all.stream().allMatch(Backend::isAwaited)) {
        throw new UserInputException("none of the backends answers yet; one is needed to begin");
      }
      var backends = new Backends(line, all, settings.model());
      Spans spans = settings.spans().map(Spans::new).orElse(null);
      var server = new RemoteServer(backends, spans);
      var doorkeeper = new Doorkeeper(listening.keys(), spans, settings.mostOpen());
      boolean passesKeys = listening.keys().isEmpty() && key.isEmpty();
      var api = new RemoteApi(backends, doorkeeper, passesKeys, server::isStopping);
      server.http = listening.open(api::answer);
      backends.watch();
      return server;
    } catch (IOException | RuntimeException e) {
      line.close();
      throw e;
    }
  }

  private static String key(Path file) {
    try {
      return Files.readString(file).strip();
    } catch (IOException e) {
      throw new UserInputException(file + " cannot be read: " + e.getMessage(), e);
    }
  }

  private boolean isStopping() {
    return stopping;
  }

  /** Where it listens. */
  public int port() {
    return java.util.Objects.requireNonNull(http).port();
  }

  /** A line for each backend. */
  public List<String> backends() {
    return backends.all().stream()
        .map(
            each ->
                each.isAwaited()
                    ? "backend %d: %s does not answer yet".formatted(each.id, each.url)
                    : "backend %d: %s is %s, serves %s"
                        .formatted(
                            each.id,
                            each.url,
                            each.kind.title(),
                            String.join(
                                ", ", each.models.stream().map(Backend.Model::id).toList())))
        .toList();
  }

  /** A backend is left alone, or used again; false when there is none of this number. */
  public boolean drain(int id, boolean now) {
    backends.get(id).ifPresent(each -> each.drain(now));
    return backends.get(id).isPresent();
  }

  /** Answers that went on elsewhere. */
  public long moved() {
    return backends.moves() + backends.replays();
  }

  /** Refuses new requests and waits until the answers of those that run are written. */
  public void finish(Duration patience) {
    stopping = true;
    long deadline = System.nanoTime() + patience.toNanos();
    try {
      while (http != null && http.answering() > 0 && System.nanoTime() < deadline) {
        Thread.sleep(POLL_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() throws IOException {
    stopping = true;
    if (http != null) {
      http.close();
    }
    backends.close();
    if (spans != null) {
      spans.close();
    }
  }
}
