package dev.banyan.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banyan.core.UserInputException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A server that answers line by line as NCCL's does. */
class RasServiceTest {
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final String STATUS =
      "{\"nccl_version\":\"2.28.7\",\"communicators\":[{\"hash\":\"0xab\",\"size\":1,\"ranks\":"
          + "[{\"rank\":0,\"host\":\"n\",\"pid\":7,\"collective_counts\":{\"AllReduce\":4}}]}]}\n";

  private final List<String> heard = Collections.synchronizedList(new ArrayList<>());
  private ServerSocket server;
  private volatile String greeting = "SERVER PROTOCOL 2";
  private volatile String format = "OK";
  private volatile String status = STATUS;

  @BeforeEach
  void listen() throws IOException {
    server = new ServerSocket(0, 8, InetAddress.getLoopbackAddress());
    Thread.ofVirtual().start(this::serve);
  }

  @AfterEach
  void close() throws IOException {
    server.close();
  }

  private void serve() {
    while (!server.isClosed()) {
      try (Socket client = server.accept();
          var lines =
              new BufferedReader(
                  new InputStreamReader(client.getInputStream(), StandardCharsets.US_ASCII))) {
        String line;
        while ((line = lines.readLine()) != null) {
          heard.add(line);
          boolean last = line.endsWith("STATUS");
          String answer = last ? status : (line.startsWith("CLIENT") ? greeting : format) + "\n";
          client.getOutputStream().write(answer.getBytes(StandardCharsets.US_ASCII));
          if (last) {
            break;
          }
        }
      } catch (IOException e) {
        // the client went, or the test is over
      }
    }
  }

  private RasService service() {
    return new RasService("localhost", server.getLocalPort());
  }

  @Test
  void asksForJsonAndReadsUntilTheEnd() throws IOException {
    status = STATUS.repeat(1000); // more than a packet
    assertThat(new String(service().ask(PATIENCE), StandardCharsets.US_ASCII)).isEqualTo(status);
    assertThat(heard).containsExactly("CLIENT PROTOCOL 2", "SET FORMAT json", "VERBOSE STATUS");
  }

  @Test
  void anotherVersionOfTheProtocolIsTakenAsTheirOwnClientDoes() throws IOException {
    greeting = "SERVER PROTOCOL 3";
    assertThat(service().ask(PATIENCE)).isNotEmpty();
  }

  @Test
  void whoeverElseListensThereIsNamed() {
    greeting = "HTTP/1.1 400 Bad Request";
    assertThatThrownBy(() -> service().ask(PATIENCE))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("is no RAS service: it answered 'HTTP/1.1 400 Bad Request'");
  }

  @Test
  void anOlderNcclIsToldByItsAnswer() {
    format = "ERROR: Unknown command";
    assertThatThrownBy(() -> service().ask(PATIENCE))
        .hasMessageContaining("does not speak JSON ('ERROR: Unknown command')")
        .hasMessageContaining("2.28.7");
  }

  @Test
  void aConnectionThatEndsWithoutAStatusIsNoSnapshot() {
    status = "";
    assertThatThrownBy(() -> service().ask(PATIENCE)).hasMessageContaining("without a status");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"<html>", "{\"hello\":1}", "{\"communicators\":[{\"size\":", "\u0001\u0002"})
  void anAnswerThatIsNoStatusIsRefused(String answer) {
    status = answer;
    assertThatThrownBy(() -> service().ask(PATIENCE))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("localhost:")
        .hasMessageContaining("no RAS status");
  }

  @Test
  void patienceIsForAllOfIt() {
    status = " ".repeat(1 << 20) + STATUS;
    assertThatThrownBy(() -> service().ask(Duration.ZERO)).hasMessageContaining("in time");
  }

  @Test
  void nobodyThereIsSaidWithWhatToLookAt() throws IOException {
    try (Socket taken = new Socket()) {
      // a port that is somebody's and nobody listens at
      taken.bind(new InetSocketAddress("localhost", 0));
      var service = new RasService("localhost", taken.getLocalPort());
      assertThatThrownBy(() -> service.ask(PATIENCE))
          .hasMessageStartingWith("nobody listens at localhost:")
          .hasMessageContaining("NCCL_RAS_ADDR");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "node-17,node-17,28028",
    "node-17:4000,node-17,4000",
    "[::1]:4000,::1,4000",
    "[fe80::1],fe80::1,28028"
  })
  void addressesAreRead(String text, String host, int port) {
    assertThat(RasService.parse(text)).isEqualTo(new RasService(host, port));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ":28028",
        "node:",
        "node:port",
        "node:0",
        "node:65536",
        "::1",
        "[::1",
        "[::1]4000"
      })
  void whatIsNoAddressIsRefused(String text) {
    assertThatThrownBy(() -> RasService.parse(text)).isInstanceOf(UserInputException.class);
  }
}
