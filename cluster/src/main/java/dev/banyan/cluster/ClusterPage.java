package dev.banyan.cluster;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.banyan.core.AtomicFile;
import dev.banyan.core.Json;
import dev.banyan.core.UserInputException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.Executors;
import java.util.function.Supplier;

/**
 * A page that shows who is sick: ranks, delay matrix, verdicts, loads of links. One file without
 * anything from elsewhere; served, it asks for {@code /snapshot.json} every second.
 */
public final class ClusterPage implements AutoCloseable {
  private static final String HOLE = "/*SNAPSHOT*/ null";

  private final HttpServer server;

  private ClusterPage(HttpServer server) {
    this.server = server;
  }

  /**
   * Serves the page to this machine only.
   *
   * @param port 0 for any that is free
   * @param snapshots asked for the state whenever a browser wants it; must be quick
   */
  public static ClusterPage serve(int port, Supplier<ClusterSnapshot> snapshots)
      throws IOException {
    HttpServer server;
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 16);
    } catch (BindException e) {
      throw new UserInputException("port " + port + " is in use; choose another or 0", e);
    }
    byte[] page = html(null).getBytes(StandardCharsets.UTF_8);
    server.createContext(
        "/",
        exchange -> {
          boolean root = exchange.getRequestURI().getPath().equals("/");
          answer(exchange, root ? 200 : 404, "text/html; charset=utf-8", root ? page : new byte[0]);
        });
    server.createContext(
        "/snapshot.json",
        exchange ->
            answer(
                exchange,
                200,
                "application/json",
                Json.mapper().writeValueAsBytes(snapshots.get())));
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.start();
    return new ClusterPage(server);
  }

  private static void answer(HttpExchange exchange, int code, String type, byte[] body)
      throws IOException {
    try (exchange) {
      exchange.getResponseHeaders().set("Content-Type", type);
      exchange.getResponseHeaders().set("Cache-Control", "no-store");
      exchange.sendResponseHeaders(code, body.length == 0 ? -1 : body.length);
      exchange.getResponseBody().write(body);
    }
  }

  /** Where it is. */
  public String url() {
    return "http://localhost:" + server.getAddress().getPort() + "/";
  }

  @Override
  public void close() {
    server.stop(0);
  }

  /** Writes a page of one moment, atomically. */
  public static void write(ClusterSnapshot snapshot, Path file) throws IOException {
    AtomicFile.writeString(file, html(snapshot));
  }

  /**
   * Reads a snapshot.
   *
   * @throws UserInputException when the file is none
   */
  public static ClusterSnapshot read(Path file) {
    return Json.read(file, ClusterSnapshot.class);
  }

  private static String html(@org.jspecify.annotations.Nullable ClusterSnapshot snapshot) {
    try (InputStream in = ClusterPage.class.getResourceAsStream("page/page.html")) {
      if (in == null) {
        throw new IllegalStateException("page/page.html is not on the class path");
      }
      String page = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      if (snapshot == null) {
        return page;
      }
      // A verdict may hold any text; none may end the script.
      String json = Json.mapper().writeValueAsString(snapshot).replace("<", "\\u003c");
      return page.replace(HOLE, json);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
