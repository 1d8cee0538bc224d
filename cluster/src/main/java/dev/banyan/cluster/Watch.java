package dev.banyan.cluster;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.banyan.cluster.ingest.EventStream;
import dev.banyan.cluster.read.BinaryEventCursor;
import dev.banyan.cluster.read.EventCursor;
import dev.banyan.cluster.read.JsonEventCursor;
import dev.banyan.cluster.watch.Followed;
import dev.banyan.cluster.watch.Metrics;
import dev.banyan.core.Json;
import dev.banyan.core.UserInputException;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Watches a running job: event files are followed while they grow, and streams are taken in over
 * HTTP ({@code POST /events}, JSON lines or binary) and a Unix socket. {@code GET /metrics} is for
 * Prometheus, {@code GET /findings} is the state as JSON.
 *
 * <pre>{@code
 * try (var watch = Watch.open(WatchOptions.standard().withPaths(List.of(folder)))) {
 *   while (running) {
 *     watch.poll().forEach(change -> log(change));
 *   }
 * }
 * }</pre>
 */
public final class Watch implements AutoCloseable {
  private static final long LARGEST_BODY = 64L << 20;
  private static final int MOST_UNREADABLE = 1000;

  private final WatchOptions options;
  private final LiveDiagnosis live;
  private final ReentrantLock lock = new ReentrantLock();
  private final List<Followed> files = new ArrayList<>();
  private final Set<Path> known = new HashSet<>();
  private final List<Unreadable> unreadable = new ArrayList<>();
  private final ExecutorService takers = Executors.newVirtualThreadPerTaskExecutor();
  private @Nullable HttpServer http;
  private @Nullable ServerSocketChannel socket;
  private volatile Findings last;
  private List<Verdict> standing = List.of();
  private long streamed;

  private Watch(WatchOptions options) {
    this.options = options;
    this.live = new LiveDiagnosis(options.windowSeconds(), options.sharedClock());
    this.last = live.at(options.nanoTime().getAsLong());
  }

  /**
   * A verdict that is new, or no longer stands.
   *
   * @param raised false when it no longer stands
   * @param atMillis wall clock, since 1970
   */
  public record Change(boolean raised, long atMillis, Verdict verdict) {}

  /**
   * Begins to watch.
   *
   * @throws UserInputException when a port or socket is taken, or a path does not exist
   */
  public static Watch open(WatchOptions options) throws IOException {
    for (Path path : options.paths()) {
      if (!Files.exists(path)) {
        throw new UserInputException(path + ": there is no such file or folder");
      }
    }
    var watch = new Watch(options);
    try {
      watch.listen();
    } catch (IOException | RuntimeException e) {
      watch.close();
      throw e;
    }
    return watch;
  }

  private void listen() throws IOException {
    if (options.httpPort() >= 0) {
      try {
        var at = new InetSocketAddress(options.httpHost(), options.httpPort());
        HttpServer server = HttpServer.create(at, 64);
        server.createContext("/events", this::events);
        server.createContext(
            "/metrics", exchange -> answer(exchange, 200, "text/plain; version=0.0.4", metrics()));
        server.createContext(
            "/findings",
            exchange ->
                answer(exchange, 200, "application/json", Json.mapper().writeValueAsString(last)));
        server.setExecutor(takers);
        server.start();
        http = server;
      } catch (BindException e) {
        throw new UserInputException(
            "port " + options.httpPort() + " is in use; choose another or 0", e);
      }
    }
    Path path = options.socket();
    if (path != null) {
      Files.deleteIfExists(path);
      ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
      socket = server;
      try {
        server.bind(UnixDomainSocketAddress.of(path));
      } catch (IOException e) {
        throw new UserInputException(path + ": no socket can be made here: " + e.getMessage(), e);
      }
      takers.execute(() -> accept(server));
    }
  }

  /** The HTTP port, −1 when there is none. */
  public int httpPort() {
    return http == null ? -1 : http.getAddress().getPort();
  }

  /** What was said last. */
  public Findings findings() {
    return last;
  }

  /** Reads what has come, judges, and tells what changed. */
  public List<Change> poll() throws IOException {
    lock.lock();
    try {
      discover();
      for (Followed file : files) {
        file.advance();
      }
      Findings now = live.at(options.nanoTime().getAsLong());
      last =
          new Findings(
              now.verdicts(),
              now.innocent(),
              now.masked(),
              unreadable,
              now.notes(),
              now.ranksSeen(),
              now.ranksExpected(),
              now.seconds());
      return changes(now.verdicts());
    } finally {
      lock.unlock();
    }
  }

  private List<Change> changes(List<Verdict> verdicts) {
    long at = options.wallMillis().getAsLong();
    List<Change> changes = new ArrayList<>();
    for (Verdict verdict : verdicts) {
      if (standing.stream().noneMatch(verdict::sameFault)) {
        changes.add(new Change(true, at, verdict));
      }
    }
    for (Verdict verdict : standing) {
      if (verdicts.stream().noneMatch(verdict::sameFault)) {
        changes.add(new Change(false, at, verdict));
      }
    }
    standing = verdicts;
    return changes;
  }

  private void discover() throws IOException {
    for (Path path : options.paths()) {
      if (Files.isDirectory(path)) {
        try (Stream<Path> below = Files.walk(path)) {
          for (Path file : below.filter(Files::isRegularFile).sorted().toList()) {
            follow(file);
          }
        }
      } else {
        follow(path);
      }
    }
  }

  private void follow(Path path) {
    if (!known.contains(path)) {
      Followed file = Followed.begin(path, this::tell, live::stream);
      if (file != null) {
        files.add(file);
        known.add(path);
      }
    }
  }

  private void tell(Unreadable place) {
    if (unreadable.size() < MOST_UNREADABLE) {
      unreadable.add(place);
    }
  }

  private void events(HttpExchange exchange) throws IOException {
    if (!exchange.getRequestMethod().equals("POST")) {
      answer(exchange, 405, "text/plain", "POST event lines here\n");
      return;
    }
    byte[] body = exchange.getRequestBody().readNBytes((int) LARGEST_BODY + 1);
    if (body.length > LARGEST_BODY) {
      answer(exchange, 413, "text/plain", "more than 64 MiB; send it in parts\n");
      return;
    }
    List<Unreadable> broken = new ArrayList<>();
    long taken = take(new java.io.ByteArrayInputStream(body), "http", broken::add);
    broken.forEach(this::tellLocked);
    answer(
        exchange,
        broken.isEmpty() ? 200 : 400,
        "application/json",
        Json.mapper().writeValueAsString(java.util.Map.of("events", taken, "unreadable", broken)));
  }

  private void tellLocked(Unreadable place) {
    lock.lock();
    try {
      tell(place);
    } finally {
      lock.unlock();
    }
  }

  /** Takes a whole body; cut at its end is told. */
  private long take(InputStream in, String name, Consumer<Unreadable> broken) throws IOException {
    try (EventCursor cursor = cursor(new BufferedInputStream(in), name, broken)) {
      lock.lock();
      try {
        EventStream stream = live.stream(cursor);
        stream.advance(Long.MAX_VALUE);
        cursor.finish();
        streamed += stream.events();
        return stream.events();
      } finally {
        lock.unlock();
      }
    }
  }

  private static EventCursor cursor(
      BufferedInputStream in, String name, Consumer<Unreadable> broken) throws IOException {
    in.mark(4);
    byte[] head = in.readNBytes(4);
    in.reset();
    boolean binary = new String(head, StandardCharsets.ISO_8859_1).equals("BNEV");
    return binary ? new BinaryEventCursor(in, name, broken) : new JsonEventCursor(in, name, broken);
  }

  private void accept(ServerSocketChannel server) {
    int number = 0;
    while (true) {
      try {
        SocketChannel channel = server.accept();
        String name = "socket " + number++;
        takers.execute(() -> drain(channel, name));
      } catch (ClosedChannelException e) {
        return;
      } catch (IOException e) {
        tellLocked(new Unreadable("socket", 0, String.valueOf(e.getMessage())));
        return;
      }
    }
  }

  /** A stream is read in pieces of what is there, so that one sender never holds up the others. */
  private void drain(SocketChannel channel, String name) {
    try (channel;
        var in = new BufferedInputStream(Channels.newInputStream(channel));
        EventCursor cursor = cursor(in, name, this::tellLocked)) {
      EventStream stream = live.stream(cursor);
      while (cursor.next()) {
        lock.lock();
        try {
          stream.takeCurrent();
          streamed++;
        } finally {
          lock.unlock();
        }
      }
      cursor.finish();
    } catch (IOException e) {
      tellLocked(new Unreadable(name, 0, String.valueOf(e.getMessage())));
    }
  }

  private String metrics() {
    lock.lock();
    try {
      long followed = files.stream().mapToLong(Followed::events).sum();
      return Metrics.text(last, followed + streamed, files.size());
    } finally {
      lock.unlock();
    }
  }

  private static void answer(HttpExchange exchange, int code, String type, String text)
      throws IOException {
    try (exchange) {
      byte[] body = text.getBytes(StandardCharsets.UTF_8);
      exchange.getResponseHeaders().set("Content-Type", type);
      exchange.sendResponseHeaders(code, body.length);
      exchange.getResponseBody().write(body);
    }
  }

  @Override
  public void close() throws IOException {
    if (http != null) {
      http.stop(0);
    }
    if (socket != null) {
      socket.close();
      Path path = options.socket();
      if (path != null) {
        Files.deleteIfExists(path);
      }
    }
    takers.shutdownNow();
    for (Followed file : files) {
      file.close();
    }
  }
}
