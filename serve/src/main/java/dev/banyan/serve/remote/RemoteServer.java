package dev.banyan.serve.remote;

import dev.banyan.core.UserInputException;
import dev.banyan.serve.ApiKeys;
import dev.banyan.serve.RemoteSettings;
import dev.banyan.serve.http.Doorkeeper;
import dev.banyan.serve.http.HttpServer;
import dev.banyan.serve.http.Listening;
import dev.banyan.serve.http.Spans;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Backends that run already, watched, and the HTTP server before them. */
public final class RemoteServer implements AutoCloseable {
  private static final int AWAIT_MILLIS = 500;

  private final Backends backends;
  private final HttpServer http;
  private final @Nullable Spans spans;
  private volatile boolean stopping;

  private RemoteServer(Backends backends, HttpServer http, @Nullable Spans spans) {
    this.backends = backends;
    this.http = http;
    this.spans = spans;
  }

  /**
   * Asks every backend what it is, and listens. With {@code awaits} the first that answers is
   * waited for, unless this thread is interrupted.
   *
   * @param remarks told, in a line each, that nobody answers yet and what is wrong with the file of
   *     keys
   * @throws UserInputException when one does not answer, or a setting is not as it should be
   */
  public static RemoteServer start(RemoteSettings settings, Consumer<String> remarks)
      throws IOException {
    Listening listening = Listening.of(settings.address(), settings.access().keys());
    listening.keys().ifPresent(keys -> keys.tell(remarks));
    String key = settings.backends().key().map(RemoteServer::key).orElse("");
    BackendHttp line = BackendHttp.open(key);
    List<Backend> all = new ArrayList<>();
    try {
      find(settings, line, all);
      if (all.stream().allMatch(Backend::isAwaited)) {
        remarks.accept("no backend answers yet; waiting for the first");
        while (all.stream().allMatch(Backend::isAwaited)) {
          pause();
          find(settings, line, all);
        }
      }
      var ready = new CompletableFuture<HttpServer.Handler>();
      // the port first: the file of spans is begun anew, which a taken port is no reason for
      HttpServer http = listening.open(exchange -> ready.join().answer(exchange));
      try {
        var slots = new LlamaSlots(line, host() + "-" + http.port());
        var backends = new Backends(line, all, settings.backends().model(), slots);
        Spans spans = settings.spans().map(Spans::new).orElse(null);
        var server = new RemoteServer(backends, http, spans);
        var doorkeeper = new Doorkeeper(listening.keys(), spans, settings.access().mostOpen());
        boolean passesKeys = listening.keys().isEmpty() && key.isEmpty();
        var api = new RemoteApi(backends, doorkeeper, passesKeys, server::isStopping);
        backends.watch();
        ready.complete(api::answer);
        return server;
      } catch (RuntimeException e) {
        ready.completeExceptionally(e);
        http.close();
        throw e;
      }
    } catch (IOException | RuntimeException e) {
      line.close();
      throw e;
    }
  }

  private static void find(RemoteSettings settings, BackendHttp line, List<Backend> all) {
    all.clear();
    for (URI each : settings.backends().urls()) {
      all.add(Probe.backend(all.size(), each, line, settings.backends().awaits()));
    }
  }

  /** What tells this machine from others before the same backends. */
  private static String host() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      return "gateway";
    }
  }

  private static void pause() {
    try {
      Thread.sleep(AWAIT_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UserInputException("interrupted before any backend answered", e);
    }
  }

  private static String key(Path file) {
    String key;
    try {
      key = Files.readString(file).strip();
    } catch (IOException e) {
      throw new UserInputException(file + " cannot be read: " + e.getMessage(), e);
    }
    if (key.isEmpty()) {
      throw new UserInputException(file + " is empty, a key is expected");
    }
    return ApiKeys.sendable("what " + file + " holds", key);
  }

  private boolean isStopping() {
    return stopping;
  }

  /** Where it listens. */
  public int port() {
    return http.port();
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
    return backends.drain(id, now).isPresent();
  }

  /** Answers that went on elsewhere. */
  public long moved() {
    return backends.moves() + backends.replays();
  }

  /** Answers to posted requests that are not wholly written. */
  public int answering() {
    return http.answeringPosts();
  }

  /**
   * Refuses new requests and waits until the answers of those that run are written. What has not
   * ended in time, or when this thread is interrupted, is told that the server stops.
   */
  public void finish(Duration patience) {
    stopping = true;
    http.finish(patience, backends::endAll);
  }

  @Override
  public void close() throws IOException {
    stopping = true;
    http.close();
    backends.close();
    if (spans != null) {
      spans.close();
    }
  }
}
