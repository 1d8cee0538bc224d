package dev.banyan.cli.serve;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.banyan.cli.frame.CommandTree;
import dev.banyan.cli.frame.Noun;
import dev.banyan.core.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** {@code banyan serve load} against a server that answers some and then nobody. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class ServeLoadCommandTest {
  private static final int ANSWERED = 13;
  private static final int OPEN = 1500;
  private static final String ANSWER =
      "data: {\"choices\": [{\"text\": \"a \", \"finish_reason\": \"length\"}],"
          + " \"usage\": {\"prompt_tokens\": 8, \"completion_tokens\": 1}}\n\ndata: [DONE]\n\n";

  private final AtomicInteger asked = new AtomicInteger();
  private final CountDownLatch manyOpen = new CountDownLatch(OPEN);
  private final CountDownLatch never = new CountDownLatch(1);
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private HttpServer server;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 4096);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext(
        "/v1/models", exchange -> send(exchange, "{\"data\": [{\"id\": \"parrot\"}]}"));
    server.createContext("/v1/completions", this::complete);
    server.start();
  }

  @AfterEach
  void stop() {
    never.countDown();
    server.stop(0);
  }

  private void complete(HttpExchange exchange) throws IOException {
    byte[] unused = exchange.getRequestBody().readAllBytes();
    if (asked.incrementAndGet() <= ANSWERED) {
      send(exchange, ANSWER);
      return;
    }
    manyOpen.countDown();
    try {
      never.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void send(HttpExchange exchange, String text) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(200, bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  private String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  private int run(String... line) {
    err.reset();
    var out = new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8);
    var wrong = new PrintStream(err, true, StandardCharsets.UTF_8);
    List<String> words = new ArrayList<>(List.of("serve", "load", url()));
    words.addAll(List.of(line));
    Noun noun = Noun.group("", "serve", "serves", ServeLoadCommand.class);
    return new CommandTree(List.of(noun), out, wrong, false)
        .run(words.toArray(String[]::new))
        .code();
  }

  @Test
  void whatCannotBeKeptOrSentIsRefusedBeforeAnythingIsAsked(@TempDir Path folder)
      throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "no folder");
    for (String flag : List.of("--report", "--json")) {
      assertThat(run("--rate=50", "--requests=2", flag, file.resolve("x.html").toString()))
          .isEqualTo(2);
      assertThat(err.toString(StandardCharsets.UTF_8))
          .contains(file + ": is there already and is no folder")
          .hasLineCount(1);
    }
    assertThat(run("--rate=1e6", "--seconds=60")).isEqualTo(2);
    assertThat(err.toString(StandardCharsets.UTF_8)).contains("60,000,000").hasLineCount(1);
    assertThat(run("--rate=4", "--requests=2000000")).isEqualTo(2);
    assertThat(run("--rate=4", "--seconds=0")).isEqualTo(2);
    assertThat(run("--rate=4", "--timeout=0")).isEqualTo(2);
    assertThat(asked).hasValue(0);
    assertThat(folder).isDirectoryContaining(each -> each.equals(file));
    assertThat(folder.toFile().list()).hasSize(1);
  }

  @Test
  void interruptedItTellsAndWritesWhatWasMeasuredThoughThousandsAreOpen(@TempDir Path folder)
      throws Exception {
    Path figures = folder.resolve("load.json");
    Path page = folder.resolve("load.html");
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), "dev.banyan.cli.Banyan"));
    command.addAll(List.of("serve", "load", url(), "--rate=2000", "--requests=3000"));
    command.addAll(List.of("--prompt-tokens=4", "--output-tokens=2"));
    command.addAll(List.of("--json", figures.toString(), "--report", page.toString()));
    Path remarks = folder.resolve("remarks");
    Process load = new ProcessBuilder(command).redirectError(remarks.toFile()).start();
    try {
      manyOpen.await();
      // where tests run in the background, what they start ignores SIGINT: then SIGTERM ends it
      String kills = "kill -INT %1$d; kill -TERM %1$d".formatted(load.pid());
      assertThat(new ProcessBuilder("sh", "-c", kills).start().waitFor()).isZero();
      String said = new String(load.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(said)
          .containsPattern(": [1-9]\\d* answered, 0 failed; stopped with [0-9,]+ open and ")
          .contains("time to first token");
      assertThat(load.waitFor()).isIn(130, 143);
      assertThat(remarks).content().contains("wrote " + figures, "wrote " + page);
      JsonNode measured = Json.mapper().readTree(Files.readString(figures));
      assertThat(measured.path("endedEarly").asBoolean()).isTrue();
      int sent = measured.path("requests").asInt();
      assertThat(sent).isBetween(OPEN, 3000);
      assertThat(measured.path("answered").asInt() + measured.path("stopped").asInt())
          .isEqualTo(sent);
      assertThat(sent + measured.path("unsent").asInt()).isEqualTo(3000);
      assertThat(page).content().contains("ended early");
      assertThat(folder.toFile().list())
          .containsExactlyInAnyOrder("load.json", "load.html", "remarks");
    } finally {
      load.destroyForcibly();
    }
  }
}
