package dev.banyan.serve.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banyan.serve.ApiKeys;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ServerSocketFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The door before a real server, asked in bytes. */
final class DoorkeeperTest {
  private static final String LARGE = "Content-Length: 4194305~";

  @TempDir private Path folder;
  private final ApiKeys.Fresh alice = ApiKeys.make("alice", 0, 100);

  private Optional<ApiKeys> keys() throws IOException {
    Path file = folder.resolve("keys.txt");
    Files.writeString(file, alice.line() + "\n");
    return Optional.of(ApiKeys.read(file));
  }

  private static HttpServer open(Optional<ApiKeys> keys, HttpServer.Handler handler)
      throws IOException {
    var at = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    return new Listening(at, keys, ServerSocketFactory.getDefault()).open(handler);
  }

  /** What comes for some bytes, a tilde for a line's end, until the server sends no more. */
  private static String asked(HttpServer server, String request) throws IOException {
    try (var socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
      socket.setSoTimeout(20_000); // less than a body that does not come is waited for
      socket.getOutputStream().write(request.replace("~", "\r\n").getBytes(StandardCharsets.UTF_8));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        LARGE,
        LARGE + "Expect: 100-continue~",
        LARGE + "Authorization: Bearer sk-other~",
        "Transfer-Encoding: chunked~"
      })
  void whoHasNoKeyIsRefusedBeforeTheBodyComes(String headers) throws IOException {
    try (HttpServer server = open(keys(), DoorkeeperTest::echo)) {
      for (String what : new String[] {"GET /", "POST /v1/completions"}) {
        assertThat(asked(server, what + " HTTP/1.1~Host: a~" + headers + "~"))
            .startsWith("HTTP/1.1 401 ")
            .contains("Connection: close\r\n", "WWW-Authenticate: Bearer\r\n", "invalid_api_key");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"Host: localhost~Origin: http://other.example~", "Host: other.example~"})
  void aPageOfAnotherSiteIsRefusedBeforeItsBodyComes(String headers) throws IOException {
    try (HttpServer server = open(Optional.empty(), DoorkeeperTest::echo)) {
      assertThat(asked(server, "POST / HTTP/1.1~" + headers + LARGE + "~"))
          .startsWith("HTTP/1.1 403 ")
          .contains("Connection: close\r\n");
    }
  }

  @Test
  void whoHasAKeyOrNoBodyPassesTheGate() throws IOException {
    try (HttpServer server = open(keys(), DoorkeeperTest::echo)) {
      String key = "Authorization: Bearer " + alice.key() + "~";
      assertThat(
              asked(
                  server,
                  "GET / HTTP/1.1~Host: a~Content-Length: 0~~POST / HTTP/1.1~Host: a~"
                      + key
                      + "Content-Length: 2~~hiGET / HTTP/1.1~Host: a~Connection: close~~"))
          .doesNotContain("401")
          .contains("POST hi")
          .endsWith("GET ");
    }
  }

  private static void echo(Exchange exchange) throws IOException {
    String body = new String(exchange.body(), StandardCharsets.UTF_8);
    exchange.send(200, "text/plain", exchange.method() + " " + body);
  }

  @Test
  void tokensCountInTheMinuteInWhichTheirRequestEnds() throws IOException {
    Optional<ApiKeys> keys = keys();
    var nanos = new AtomicLong(Duration.ofMinutes(5).toNanos());
    var door = new Doorkeeper(keys, null, 10, nanos::get);
    HttpServer.Handler turnsTheMinute =
        exchange -> {
          nanos.addAndGet(Duration.ofMinutes(1).toNanos());
          exchange.trip().prompted(100);
          exchange.send(200, "text/plain", "done");
        };
    try (HttpServer server =
        open(
            keys,
            exchange ->
                door.complete(exchange, door.guest(exchange).orElseThrow(), 0, turnsTheMinute))) {
      String request =
          "POST / HTTP/1.1~Host: a~Connection: close~Authorization: Bearer " + alice.key() + "~~";
      assertThat(asked(server, request)).endsWith("done");
      assertThat(asked(server, request)).startsWith("HTTP/1.1 429 ").contains("'alice'");
    }
  }

  /** Where a disk is full, nothing can be written to a file that can be opened. */
  @Test
  @EnabledOnOs(OS.LINUX)
  void spansThatCannotBeWrittenFailNoAnswerAndAreToldOfAtTheEnd() throws IOException {
    var spans = new Spans(Path.of("/dev/full"));
    var door = new Doorkeeper(Optional.empty(), spans, 10);
    HttpServer.Handler handler =
        exchange ->
            door.complete(exchange, door.guest(exchange).orElseThrow(), 0, DoorkeeperTest::echo);
    try (HttpServer server = open(Optional.empty(), handler)) {
      assertThat(
              asked(
                  server,
                  "GET / HTTP/1.1~Host: localhost~~POST / HTTP/1.1~Host: localhost~"
                      + "Connection: close~~"))
          .contains("\r\nGET HTTP/1.1 200 OK")
          .endsWith("POST ");
    }
    assertThatThrownBy(spans::close)
        .isInstanceOf(IOException.class)
        .hasMessageContaining("spans could not be written");
  }
}
