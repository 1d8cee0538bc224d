package dev.banyan.serve.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.net.ServerSocketFactory;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Clients that let a server wait which has one place: it must be free again. */
final class PatienceTest {
  private static final Duration SHORT = Duration.ofMillis(200);
  private static final Duration LONG = Duration.ofMinutes(10);
  private static final Patience TO_BEGIN = new Patience(SHORT, LONG);
  private static final Patience TO_WRITE = new Patience(LONG, SHORT);
  private static final int CLIENT_MILLIS = 30_000;
  private static final String PASSWORD = "changeit";

  private static @Nullable SSLContext tls;

  private final CountDownLatch cutOff = new CountDownLatch(1);

  @BeforeAll
  static void makeCertificate(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("store.p12");
    String tool = Path.of(System.getProperty("java.home"), "bin", "keytool").toString();
    assertThat(
            new ProcessBuilder(
                    tool,
                    "-genkeypair",
                    "-alias",
                    "s",
                    "-keyalg",
                    "EC",
                    "-dname",
                    "CN=localhost",
                    "-ext",
                    "san=ip:127.0.0.1",
                    "-storepass",
                    PASSWORD,
                    "-keystore",
                    "" + file)
                .inheritIO()
                .start()
                .waitFor())
        .isZero();
    KeyStore store = KeyStore.getInstance(file.toFile(), PASSWORD.toCharArray());
    var keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keys.init(store, PASSWORD.toCharArray());
    KeyStore known = KeyStore.getInstance("PKCS12");
    known.load(null, null);
    known.setCertificateEntry("s", store.getCertificate("s"));
    var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(known);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
    tls = context;
  }

  private static SSLContext tls() {
    return Objects.requireNonNull(tls);
  }

  private HttpServer open(boolean secure, Patience patience) throws IOException {
    ServerSocketFactory sockets =
        secure ? tls().getServerSocketFactory() : ServerSocketFactory.getDefault();
    var at = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    return new HttpServer(sockets, at, 1, 1000, exchange -> {}, this::answer, patience);
  }

  /** {@code /endless} answers for as long as somebody takes it. */
  private void answer(Exchange exchange) throws IOException {
    if (exchange.path().equals("/endless")) {
      byte[] some = new byte[100_000];
      try {
        while (true) {
          exchange.event(some);
        }
      } finally {
        cutOff.countDown();
      }
    }
    exchange.send(200, "text/plain", "done");
  }

  private static Socket connect(HttpServer server, boolean secure) throws IOException {
    var socket = new Socket(InetAddress.getLoopbackAddress(), server.port());
    socket.setSoTimeout(CLIENT_MILLIS);
    return secure
        ? tls().getSocketFactory().createSocket(socket, "127.0.0.1", server.port(), true)
        : socket;
  }

  private static void ask(Socket socket, String path) throws IOException {
    String request = "GET %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".formatted(path);
    socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
  }

  private static void assertFree(HttpServer server, boolean secure) {
    String answer = "";
    long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(CLIENT_MILLIS);
    while (answer.isEmpty() && System.nanoTime() < deadline) {
      try (Socket socket = connect(server, secure)) {
        ask(socket, "/");
        answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      } catch (IOException e) {
        answer = ""; // closed at once, since the place is not free yet
      }
    }
    assertThat(answer).endsWith("done");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aClientThatReadsNothingIsCutOff(boolean secure) throws Exception {
    try (HttpServer server = open(secure, TO_WRITE);
        Socket socket = connect(server, secure)) {
      ask(socket, "/endless");
      assertThat(cutOff.await(CLIENT_MILLIS, TimeUnit.MILLISECONDS)).isTrue();
      assertFree(server, secure);
    }
  }

  @Test
  void aByteNowAndThenIsNoRequest() throws IOException {
    try (HttpServer server = open(false, TO_BEGIN);
        Socket socket = connect(server, false)) {
      long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(CLIENT_MILLIS);
      boolean open = true;
      while (open && System.nanoTime() < deadline) {
        try {
          socket.getOutputStream().write('\n');
        } catch (IOException e) {
          open = false;
        }
      }
      assertThat(open).isFalse();
      assertFree(server, false);
    }
  }

  /** Nothing at all, and a record of which more is to come. */
  @ParameterizedTest
  @ValueSource(ints = {0, 5, 50})
  void aHandshakeThatStallsIsCutOff(int bytes) throws IOException {
    byte[] record = new byte[bytes];
    if (bytes > 0) {
      System.arraycopy(new byte[] {22, 3, 1, 2, 0}, 0, record, 0, 5);
    }
    try (HttpServer server = open(true, TO_BEGIN);
        Socket socket = connect(server, false)) {
      socket.getOutputStream().write(record);
      assertFree(server, true);
    }
  }
}
