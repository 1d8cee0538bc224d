package dev.banyan.serve.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import javax.net.ServerSocketFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The server over real sockets, asked in bytes. */
final class HttpServerTest {
  private static final int MOST_BODY = 8 << 20;

  private final CountDownLatch waits = new CountDownLatch(1);
  private final CountDownLatch left = new CountDownLatch(1);
  private HttpServer server;

  @BeforeEach
  void open() throws IOException {
    server =
        new HttpServer(
            ServerSocketFactory.getDefault(),
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
            1000,
            MOST_BODY,
            exchange -> {},
            this::answer);
  }

  @AfterEach
  void close() throws IOException {
    left.countDown();
    server.close();
  }

  /** Says what it was asked; {@code /stream} in two events, {@code /wait} when its client left. */
  private void answer(Exchange exchange) throws IOException {
    switch (exchange.path()) {
      case "/stream" -> {
        exchange.event("one\n\n");
        exchange.event("two\n\n");
      }
      case "/twice" -> {
        exchange.send(200, "text/plain", "once");
        exchange.send(200, "text/plain", "more");
      }
      case "/event" -> {
        exchange.send(200, "text/plain", "once");
        exchange.event("more\n\n");
      }
      case "/late" -> {
        exchange.event("once\n\n");
        exchange.send(500, "text/plain", "more");
      }
      case "/broken" -> {
        exchange.event("once\n\n");
        throw new IllegalStateException("planted: a stream that breaks off");
      }
      case "/bug" -> throw new IllegalStateException("planted: a handler that fails");
      case "/disk" -> throw new IOException("planted: a handler that cannot read");
      case "/memory" -> throw new OutOfMemoryError("planted: a handler without memory");
      case "/wait" -> {
        exchange.onGone(left::countDown);
        waits.countDown();
        try {
          assertThat(left.await(60, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
          throw new IOException(e);
        }
      }
      default -> {
        String body = new String(exchange.body(), StandardCharsets.UTF_8);
        exchange.send(200, "text/plain", exchange.method() + " " + exchange.path() + " " + body);
      }
    }
  }

  private Socket connect() throws IOException {
    var socket = new Socket(InetAddress.getLoopbackAddress(), server.port());
    socket.setSoTimeout(60_000);
    return socket;
  }

  /** What comes for some bytes until the server closes the connection. */
  private String asked(String request) throws IOException {
    try (Socket socket = connect()) {
      socket.getOutputStream().write(bytes(request));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  /** A tilde is a line's end, {@code ^0b} the character 0x0b. */
  private static byte[] bytes(String request) {
    return Pattern.compile("\\^([0-9a-f]{2})")
        .matcher(request.replace("~", "\r\n"))
        .replaceAll(each -> Character.toString(Integer.parseInt(each.group(1), 16)))
        .getBytes(StandardCharsets.ISO_8859_1);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "POST / HTTP/1.1~Host: a~Content-Length: 2~Content-Length: 3~~abc | 400",
        "GET / HTTP/1.1~Host: evil.example~Host: localhost~~ | 400",
        "POST / HTTP/1.1~Host: a~Content-Length : 2~~ab | 400",
        "POST / HTTP/1.1~Host: a~Content-Length: +2~~ab | 400",
        "POST / HTTP/1.1~Host: a~Content-Length: -2~~ab | 400",
        "POST / HTTP/1.1~Host: a~Content-Length: 99999999999999999999~~ab | 400",
        "POST / HTTP/1.1~Host: a~Content-Length: 8388609~~ab | 413",
        "POST / HTTP/1.1~Host: a~Transfer-Encoding: gzip, chunked~~0~~ | 501",
        "POST / HTTP/1.1~Host: a~Transfer-Encoding: chunked~Content-Length: 2~~0~~ | 400",
        "POST / HTTP/1.1~Host: a~Transfer-Encoding: chunked~~2~abc~0~~ | 400",
        "POST / HTTP/1.1~Host: a~Transfer-Encoding: chunked~~x~ab~0~~ | 400",
        "POST / HTTP/1.1~Host: a~Content-Length:~~ab | 400",
        "POST / HTTP/1.1~Host: a~Transfer-Encoding:~~ab | 400",
        "POST / HTTP/1.1~Host: a~Transfer-Encoding: ~Content-Length: 2~~ab | 400",
        "POST / HTTP/1.1~Host: a~Content-Length: 2^0b~~ab | 400",
        "POST / HTTP/1.1~Host: a~Content-Length: 2^1f~~ab | 400",
        "POST / HTTP/1.1~Host: a~Content-Length: 2~Content-Length: 2~~ab | 400",
        "POST / HTTP/1.1~Host: a~Transfer-Encoding: ^0bchunked~~0~~ | 400",
        "POST / HTTP/1.1~Host: a~Transfer-Encoding: chunked~Transfer-Encoding: chunked~~0~~ | 400",
        "POST / HTTP/1.0~Transfer-Encoding: chunked~~0~~ | 400",
        "GET / HTTP/1.1~Host: a~X: a^0db~~ | 400",
        "GET / HTTP/1.1~Host: a~X: a^00b~~ | 400",
        "GET / HTTP/1.1~Host: a~X: a^7fb~~ | 400",
        "GET / HTTP/1.1~Host: a^0aX: b~~ | 400",
        "GET / HTTP/1.1^0aHost: a^0a^0a | 400",
        "GET /^00 HTTP/1.1~Host: a~~ | 400",
        "GET /^0b HTTP/1.1~Host: a~~ | 400",
        "GET /^09/ HTTP/1.1~Host: a~~ | 400",
        "GET / HTTP/1.1 ~Host: a~~ | 400",
        "POST / HTTP/1.1~Host: a~Transfer-Encoding: chunked~~2^0aab~0~~ | 400",
        "POST / HTTP/1.1~Host: a~Transfer-Encoding: chunked~~ 2~ab~0~~ | 400",
        "POST / HTTP/1.1~Host: a~Transfer-Encoding: chunked~~2 ~ab~0~~ | 400",
        "POST / HTTP/1.1~Host: a~Transfer-Encoding: chunked~~2;x^0dy~ab~0~~ | 400",
        "POST / HTTP/1.1~Host: a~Transfer-Encoding: chunked~~2~ab ~0~~ | 400",
        "POST / HTTP/1.1~Host: a~Transfer-Encoding: chunked~~2~ab^0a0~~ | 400",
        "POST / HTTP/1.1~Host: a~Transfer-Encoding: chunked~~2~ab~0~T: t^0a~ | 400",
        "POST / HTTP/1.1~Host: a~Transfer-Encoding: chunked~~2~ab~0~^0a~ | 400",
        "POST / HTTP/1.1~Host: a~Transfer-Encoding: chunked~~2~ab~0~no colon~~ | 400",
        "GET / HTTP/1.1~~ | 400",
        "GET / HTTP/1.1~Host: a~no colon~~ | 400",
        "GET /~Host: a~~ | 400",
        "GET / HTTP/2.0~Host: a~~ | 400"
      })
  void whatCouldBeReadInTwoWaysIsRefusedAndTheConnectionClosed(String request, int status)
      throws IOException {
    assertThat(asked(request))
        .startsWith("HTTP/1.1 " + status)
        .contains("Connection: close\r\n")
        .containsOnlyOnce("Content-Type:")
        .contains("\"error\"");
  }

  @Test
  void requestsInOneWriteAreAnsweredInTheirOrderAndLinesBetweenThemAreNone() throws IOException {
    String all =
        asked(
            "~~POST /a HTTP/1.1~Host: a~Content-Length: 2~~hi~~"
                + "POST /b HTTP/1.1~Host: a~Transfer-Encoding: chunked~~3 ;x=y~abc~1~d~0~T: t~~"
                + "GET /c HTTP/1.1~Host: a~Connection: TE, close~~");
    assertThat(all.split("HTTP/1.1 200 OK\r\n"))
        .hasSize(4)
        .satisfies(
            parts -> {
              assertThat(parts[1]).endsWith("POST /a hi").doesNotContain("Connection");
              assertThat(parts[2]).endsWith("POST /b abcd").doesNotContain("Connection");
              assertThat(parts[3]).endsWith("GET /c ").contains("Connection: close\r\n");
            });
  }

  @Test
  void aHeadHasTheLengthOfItsBodyAndNoBody() throws IOException {
    String all = asked("HEAD /a HTTP/1.1~Host: a~~GET /b HTTP/1.1~Host: a~Connection: close~~");
    assertThat(all).contains("Content-Length: 8\r\n\r\nHTTP/1.1 200 OK").endsWith("GET /b ");
  }

  @Test
  void anOldClientGetsAStreamThatEndsWithItsConnection() throws IOException {
    assertThat(asked("GET /stream HTTP/1.0~~"))
        .doesNotContain("chunked")
        .contains("Connection: close\r\n")
        .endsWith("\r\n\r\none\n\ntwo\n\n");
    assertThat(asked("GET /stream HTTP/1.1~Host: a~Connection: close~~"))
        .contains("Transfer-Encoding: chunked\r\n")
        .endsWith("\r\n\r\n5\r\none\n\n\r\n5\r\ntwo\n\n\r\n0\r\n\r\n");
  }

  /** What comes behind an answer on a kept connection is the next one's. */
  @ParameterizedTest
  @CsvSource({"/twice", "/event", "/late", "/broken"})
  void whatCannotBeAnsweredToItsEndEndsTheConnection(String path) throws IOException {
    assertThat(asked("GET " + path + " HTTP/1.1~Host: a~~"))
        .containsOnlyOnce("HTTP/1.1 200")
        .containsOnlyOnce("once")
        .doesNotContain("more", "\r\n0\r\n\r\n");
  }

  @ParameterizedTest
  @CsvSource({"/bug", "/disk", "/memory"})
  void aHandlerThatFailsIsAnsweredFor(String path) throws IOException {
    String all =
        asked("GET " + path + " HTTP/1.1~Host: a~~GET /b HTTP/1.1~Host: a~Connection: close~~");
    assertThat(all)
        .startsWith("HTTP/1.1 500 ")
        .containsOnlyOnce("the server could not answer")
        .doesNotContain("planted")
        .endsWith("GET /b ");
  }

  /** Also one that sent its next request already, or the line some clients end a body with. */
  @ParameterizedTest
  @CsvSource({"''", "'~'", "'GET /next HTTP/1.1~Host: a~~'"})
  void aClientThatGoesAwayIsNoticedWhateverItSentBefore(String more)
      throws IOException, InterruptedException {
    try (Socket socket = connect()) {
      socket.getOutputStream().write(bytes("GET /wait HTTP/1.1~Host: a~~" + more));
      assertThat(waits.await(60, TimeUnit.SECONDS)).isTrue();
    }
    assertThat(left.await(60, TimeUnit.SECONDS)).isTrue();
  }

  /** Together they say that more will come than there is memory. */
  @Test
  void aBodyTakesMemoryAsItComesNotAsItIsAnnounced() throws IOException {
    int clients = (int) (Runtime.getRuntime().maxMemory() / MOST_BODY) + 50;
    List<Socket> open = new ArrayList<>();
    try {
      for (int i = 0; i < clients; i++) {
        Socket socket = connect();
        open.add(socket);
        socket
            .getOutputStream()
            .write(bytes("POST / HTTP/1.1~Host: a~Content-Length: " + MOST_BODY + "~~x"));
      }
      assertThat(asked("GET /a HTTP/1.1~Host: a~Connection: close~~")).endsWith("GET /a ");
    } finally {
      for (Socket each : open) {
        each.close();
      }
    }
  }
}
