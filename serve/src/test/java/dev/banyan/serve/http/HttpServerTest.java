package dev.banyan.serve.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banyan.serve.http.HttpServer.BadRequestException;
import dev.banyan.serve.http.HttpServer.Exchange;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
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

  private static byte[] bytes(String request) {
    return request.replace("~", "\r\n").getBytes(StandardCharsets.ISO_8859_1);
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
                + "POST /b HTTP/1.1~Host: a~Transfer-Encoding: chunked~~3;x=y~abc~1~d~0~T: t~~"
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

  @Test
  void bodiesTogetherHaveNoMoreThanTheirRoom() throws BadRequestException {
    var room = new BodyRoom(100);
    try (BodyRoom.Share one = room.share();
        BodyRoom.Share other = room.share()) {
      one.take(60);
      other.take(40);
      assertThatThrownBy(() -> other.take(1))
          .isInstanceOfSatisfying(
              BadRequestException.class, e -> assertThat(e.status).isEqualTo(503));
      one.close();
      other.take(60);
    }
    try (BodyRoom.Share all = room.share()) {
      all.take(100);
    }
  }
}
