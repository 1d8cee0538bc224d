package dev.banyan.serve.remote;

import static dev.banyan.serve.remote.RemoteClient.CHAT;
import static dev.banyan.serve.remote.RemoteClient.TEXT;
import static dev.banyan.serve.remote.RemoteClient.asked;
import static dev.banyan.serve.remote.RemoteClient.at;
import static dev.banyan.serve.remote.RemoteClient.awaitTokens;
import static dev.banyan.serve.remote.RemoteClient.before;
import static dev.banyan.serve.remote.RemoteClient.body;
import static dev.banyan.serve.remote.RemoteClient.get;
import static dev.banyan.serve.remote.RemoteClient.post;
import static dev.banyan.serve.remote.RemoteClient.said;
import static dev.banyan.serve.remote.RemoteClient.settings;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banyan.core.Json;
import dev.banyan.core.UserInputException;
import dev.banyan.serve.RemoteGateway;
import dev.banyan.serve.RemoteSettings;
import dev.banyan.serve.http.HttpServer;
import dev.banyan.serve.remote.RemoteClient.Heard;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import javax.net.ServerSocketFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** A real gateway before servers with the formats of others, over real sockets. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class RemoteGatewayTest {
  @ParameterizedTest
  @EnumSource(
      value = Kind.class,
      names = {"VLLM", "SGLANG", "LLAMA_CPP", "OPENAI"})
  void whereNothingHappensTheBytesAreTheBackends(Kind kind) throws Exception {
    try (var server = new FakeServer(kind);
        var gateway = before(server)) {
      for (String path : List.of(TEXT, CHAT)) {
        for (String more :
            List.of(
                "",
                ",\"stream\":true",
                ",\"stream\":true,\"stream_options\":{\"include_usage\":true},\"n\":2",
                ",\"stream\":true,\"return_token_ids\":true,\"temperature\":0.30000000000000004")) {
          HttpResponse<String> direct = post(server.url(), path, body(path, more));
          HttpResponse<String> through = post(at(gateway), path, body(path, more));
          assertThat(through.body()).isEqualTo(direct.body());
          boolean refused =
              kind == Kind.SGLANG && path.equals(CHAT) && more.contains("return_token_ids");
          assertThat(through.statusCode()).isEqualTo(refused ? 400 : 200);
        }
      }
      assertThat(gateway.moved()).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void whatHasNotEndedInTimeIsToldThatTheServerStops(boolean interrupted) throws Exception {
    try (var server = new FakeServer(Kind.VLLM).stoppingAfter(4);
        var gateway = before(server)) {
      var stream = asked(at(gateway), TEXT, body(TEXT, ",\"stream\":true"));
      awaitTokens(gateway, 1);
      var whole = asked(at(gateway), TEXT, body(TEXT, ""));
      while (server.asked.size() < 2) {
        Thread.onSpinWait();
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
      gateway.finish(interrupted ? Duration.ofMinutes(10) : Duration.ZERO);
      assertThat(Thread.interrupted()).isEqualTo(interrupted);
      assertThat(gateway.answering()).isZero();
      String told = stream.get().body();
      assertThat(Heard.of(told).texts().getFirst()).isNotEmpty();
      String last = told.substring(told.strip().lastIndexOf("\n\n") + 2);
      JsonNode error = Json.mapper().readTree(last.substring(6)).path("error");
      assertThat(error.path("message").asString()).isEqualTo("the server is stopping");
      assertThat(error.path("type").asString()).isEqualTo("server_error");
      assertThat(whole.get().statusCode()).isEqualTo(503);
      assertThat(said(whole.get())).isEqualTo("the server is stopping");
      assertThat(post(at(gateway), TEXT, body(TEXT, "")).statusCode()).isEqualTo(503);
    }
  }

  @Test
  void aQuestionWhoseAnswerStandsStillInTheMiddleFails() throws Exception {
    try (var server = new FakeServer(Kind.LLAMA_CPP).halting();
        var line = BackendHttp.open("");
        var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> questions =
          List.of(
              threads.submit(() -> line.get(server.url(), "/v1/models")),
              threads.submit(() -> line.post(server.url(), "/tokenize", new byte[0])),
              threads.submit(() -> line.watch(server.url(), "/metrics")),
              threads.submit(() -> before(server)));
      for (Future<?> each : questions.subList(0, 3)) {
        assertThatThrownBy(each::get).hasCauseInstanceOf(IOException.class);
      }
      assertThatThrownBy(questions.get(3)::get).hasCauseInstanceOf(UserInputException.class);
    }
  }

  @ParameterizedTest
  @CsvSource({"true, 3", "false, 0", "true, -1"})
  void aClientThatGoesAwayIsGoneForTheBackendToo(boolean streams, int after) throws Exception {
    try (var server = new FakeServer(Kind.VLLM);
        var gateway = before(after < 0 ? server.silent() : server.stoppingAfter(after))) {
      byte[] body = body(TEXT, ",\"stream\":" + streams).getBytes(StandardCharsets.UTF_8);
      try (var socket = new Socket(InetAddress.getLoopbackAddress(), gateway.port())) {
        OutputStream to = socket.getOutputStream();
        String head =
            "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"
                .formatted(TEXT, body.length);
        to.write(head.getBytes(StandardCharsets.US_ASCII));
        to.write(body);
        server.reached.get();
        assertThat(server.left).isNotDone();
      }
      server.left.get();
    }
  }

  @Test
  void simultaneousRequestsAreSpreadEvenly() throws Exception {
    HttpClient many = HttpClient.newHttpClient();
    List<FakeServer> servers = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      servers.add(new FakeServer(i % 2 == 0 ? Kind.VLLM : Kind.OPENAI).silent());
    }
    try (var gateway = before(servers.toArray(FakeServer[]::new))) {
      var at = HttpRequest.newBuilder(URI.create(at(gateway) + TEXT));
      var request = at.POST(HttpRequest.BodyPublishers.ofString(body(TEXT, ""))).build();
      for (int i = 0; i < 64; i++) {
        var unused = many.sendAsync(request, HttpResponse.BodyHandlers.ofString());
      }
      while (servers.stream().mapToInt(each -> each.asked.size()).sum() < 64) {
        Thread.onSpinWait();
      }
      for (FakeServer each : servers) {
        assertThat(each.asked).hasSize(16);
      }
    } finally {
      for (FakeServer each : servers) {
        each.close();
      }
      many.shutdownNow();
    }
  }

  @Test
  void eachSaysWhatItIsOrIsToldByItsMetrics() throws Exception {
    try (var vllm = new FakeServer(Kind.VLLM);
        var renamed =
            new FakeServer(Kind.VLLM).anonymous().saying("vllm:num_requests_running 0\n");
        var sglang = new FakeServer(Kind.SGLANG);
        var llama = new FakeServer(Kind.LLAMA_CPP).anonymous();
        var other = new FakeServer(Kind.OPENAI).saying("process_cpu_seconds_total 1\n");
        var gateway = before(vllm, renamed, sglang, llama, other)) {
      List<String> kinds = new ArrayList<>();
      for (String each : gateway.backends()) {
        kinds.add(
            each.replaceFirst("^backend \\d: http://127.0.0.1:\\d+ is (.*), serves tiny$", "$1"));
      }
      assertThat(kinds).containsExactly("vLLM", "vLLM", "SGLang", "llama.cpp", "an OpenAI server");
      String models = get(gateway, "/v1/models").body();
      JsonNode listed = Json.mapper().readTree(models).path("data");
      assertThat(listed).hasSize(1);
      assertThat(listed.get(0).path("id").asString()).isEqualTo("tiny");
      assertThat(listed.get(0).path("max_model_len").asInt()).isEqualTo(4096);
      assertThat(get(gateway, "/health").statusCode()).isEqualTo(200);
      assertThat(get(gateway, "/metrics").body()).contains("banyan_backend_up{instance=\"4\"");
      assertThat(get(gateway, "/slots").statusCode()).isEqualTo(404);
      HttpResponse<String> wrongMethod = get(gateway, "/v1/completions");
      assertThat(wrongMethod.statusCode()).isEqualTo(405);
      assertThat(wrongMethod.headers().firstValue("Allow")).contains("POST");
      for (String path : List.of(TEXT, "/tokenize")) {
        HttpResponse<String> number = post(at(gateway), path, "{\"model\":4,\"prompt\":\"a\"}");
        assertThat(number.statusCode()).isEqualTo(400);
        assertThat(number.body()).contains("'model' must be text");
      }
      HttpResponse<String> unknown = post(at(gateway), TEXT, "{\"model\":\"x\",\"prompt\":\"a\"}");
      assertThat(unknown.statusCode()).isEqualTo(404);
      assertThat(unknown.body()).contains("model_not_found");
      for (String each :
          List.of(
              "{\"model\":", "[]", body(TEXT, ",\"n\":2000000000"), body(CHAT, ",\"n\":1025"))) {
        assertThat(post(at(gateway), TEXT, each).statusCode()).isEqualTo(400);
      }
      assertThat(post(at(gateway), "/detokenize", "{\"tokens\":[1,2]}").body()).contains(" w1 w2");
    }
  }

  @Test
  void aBackendThatDoesNotAnswerOrIsNoneIsNamedInOneLine() throws Exception {
    int free;
    try (var socket = new ServerSocket(0)) {
      free = socket.getLocalPort();
    }
    for (String each :
        List.of("http://127.0.0.1:" + free, "http://127.0.0.1:99999", "gpu-1:8000", "file:///x")) {
      assertThatThrownBy(() -> RemoteGateway.open(RemoteSettings.of(List.of(URI.create(each)), 0)))
          .isInstanceOf(UserInputException.class)
          .hasMessageContaining(each)
          .hasMessageNotContaining("\n");
    }
  }

  @Test
  void aSpanHasTheIdOfItsAnswerWholeOrStreamed(@TempDir Path folder) throws Exception {
    List<String> ids = new ArrayList<>();
    try (var server = new FakeServer(Kind.VLLM);
        var gateway =
            RemoteGateway.open(
                settings(List.of(server.url()), Optional.empty(), false, 0, folder), line -> {})) {
      for (String more : List.of("", ",\"stream\":true")) {
        String told = post(at(gateway), CHAT, body(CHAT, more)).body();
        String first = more.isEmpty() ? told : told.substring(6, told.indexOf("\n"));
        ids.add(Json.mapper().readTree(first).path("id").asString());
      }
      assertThat(post(at(gateway), CHAT, body(CHAT, "").replace("tiny", "x")).statusCode())
          .isEqualTo(404);
      assertThat(said(post(at(gateway), "/scale/3", ""))).contains("cannot scale");
      gateway.finish(Duration.ofMinutes(1)); // a span is written after its answer
    }
    List<String> spanned = new ArrayList<>();
    List<List<String>> stages = new ArrayList<>();
    for (String line : Files.readAllLines(folder.resolve("spans"))) {
      JsonNode spans = Json.mapper().readTree(line).at("/resourceSpans/0/scopeSpans/0/spans");
      spanned.add(spans.at("/0/attributes/1/value/stringValue").asString());
      stages.add(spans.valueStream().map(each -> each.path("name").asString()).toList());
    }
    assertThat(ids).doesNotContain("");
    ids.add(""); // what was refused has none, and went nowhere
    assertThat(spanned).isEqualTo(ids);
    assertThat(stages)
        .containsExactly(
            List.of(CHAT, "prepare", "wait, prefill and decode"),
            List.of(CHAT, "prepare", "wait and prefill", "decode"),
            List.of(CHAT, "prepare"));
  }

  @Test
  void theFirstBackendIsAwaitedToo(@TempDir Path folder) throws Exception {
    int later;
    try (var socket = new ServerSocket(0)) {
      later = socket.getLocalPort();
    }
    List<URI> urls = List.of(URI.create("http://127.0.0.1:" + later));
    List<FakeServer> come = new ArrayList<>();
    try (var gateway =
        RemoteGateway.open(
            settings(urls, Optional.empty(), true, 0, folder),
            line -> {
              assertThat(line).contains("waiting");
              try {
                come.add(new FakeServer(Kind.VLLM, later));
              } catch (IOException e) {
                throw new IllegalStateException(e);
              }
            })) {
      assertThat(gateway.backends().getFirst()).contains("vLLM");
      assertThat(post(at(gateway), TEXT, body(TEXT, "")).statusCode()).isEqualTo(200);
      assertThat(come).hasSize(1);
    } finally {
      for (FakeServer each : come) {
        each.close();
      }
    }
  }

  @Test
  void aPortThatIsTakenOrNoneLeavesTheSpansOfBefore(@TempDir Path folder) throws Exception {
    Path spans = Files.writeString(folder.resolve("spans"), "before\n");
    try (var server = new FakeServer(Kind.VLLM)) {
      for (int port : new int[] {server.url().getPort(), 70_000, -1}) {
        assertThatThrownBy(
                () ->
                    RemoteGateway.open(
                        settings(List.of(server.url()), Optional.empty(), false, port, folder)))
            .isInstanceOf(UserInputException.class);
      }
    }
    assertThat(spans).hasContent("before\n");
  }

  @Test
  void anAnswerThatIsTooLongIsAnErrorNotAPart() throws Exception {
    try (var server = new FakeServer(Kind.OPENAI);
        var gateway = before(server.padding((64 << 20) + 1))) {
      for (String path : List.of(TEXT, "/detokenize")) {
        HttpResponse<String> told = post(at(gateway), path, body(TEXT, ""));
        assertThat(told.statusCode()).isEqualTo(502);
        assertThat(Json.mapper().readTree(told.body()).path("error").path("type").asString())
            .isEqualTo("server_error");
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "VLLM,      'vllm:num_requests_running 5'",
    "SGLANG,    'sglang:num_running_reqs 5'",
    "LLAMA_CPP, 'llamacpp:requests_processing 5'",
    "OPENAI,    ''"
  })
  void aBackendThatAnswersOnlyErrorsIsDownUntilItWorks(Kind kind, String metrics) throws Exception {
    try (var server = new FakeServer(kind).saying(metrics.isEmpty() ? "" : metrics + "\n");
        var gateway = before(server)) {
      while (!metrics.isEmpty() && !get(gateway, "/status").body().contains("\"running\":5")) {
        Thread.onSpinWait();
      }
      server.failing(true);
      while (get(gateway, "/health").statusCode() == 200) {
        Thread.onSpinWait();
      }
      assertThat(get(gateway, "/status").body()).contains("\"up\":false", "\"running\":0");
      assertThat(post(at(gateway), TEXT, body(TEXT, "")).statusCode()).isEqualTo(503);
      server.failing(false);
      while (get(gateway, "/health").statusCode() != 200) {
        Thread.onSpinWait();
      }
      assertThat(post(at(gateway), TEXT, body(TEXT, "")).statusCode()).isEqualTo(200);
    }
  }

  @Test
  void aBackendThatComesLaterIsUsedOnceItAnswers() throws Exception {
    int later;
    try (var socket = new ServerSocket(0)) {
      later = socket.getLocalPort();
    }
    try (var first = new FakeServer(Kind.VLLM);
        var gateway =
            RemoteGateway.open(
                RemoteSettings.of(List.of(first.url(), URI.create("http://127.0.0.1:" + later)), 0)
                    .awaiting())) {
      assertThat(gateway.backends().get(1)).endsWith("does not answer yet");
      assertThat(post(at(gateway), TEXT, body(TEXT, "")).statusCode()).isEqualTo(200);
      try (var second = new FakeServer(Kind.SGLANG, later)) {
        while (!gateway.backends().get(1).contains("SGLang")) {
          Thread.onSpinWait();
        }
        gateway.drain(0);
        assertThat(post(at(gateway), TEXT, body(TEXT, "")).statusCode()).isEqualTo(200);
        assertThat(second.asked).hasSize(1);
      }
    }
  }

  @Test
  void anAwaitedBackendThatWasDrainedIsDrainedWhenItComes() throws Exception {
    int later;
    try (var socket = new ServerSocket(0)) {
      later = socket.getLocalPort();
    }
    try (var first = new FakeServer(Kind.VLLM);
        var gateway =
            RemoteGateway.open(
                RemoteSettings.of(List.of(first.url(), URI.create("http://127.0.0.1:" + later)), 0)
                    .awaiting())) {
      assertThat(gateway.drain(1)).isTrue();
      try (var second = new FakeServer(Kind.SGLANG, later)) {
        while (!gateway.backends().get(1).contains("SGLang")) {
          Thread.onSpinWait();
        }
        for (int i = 0; i < 4; i++) {
          assertThat(post(at(gateway), TEXT, body(TEXT, "")).statusCode()).isEqualTo(200);
        }
        JsonNode status = Json.mapper().readTree(get(gateway, "/status").body());
        assertThat(status.at("/instances/1/draining").asBoolean()).isTrue();
        assertThat(second.asked).isEmpty();
      }
    }
  }

  @Test
  void whatIsPassedOnHasTheBackendsNameForTheModel() throws Exception {
    try (var server = new FakeServer(Kind.LLAMA_CPP);
        var gateway =
            RemoteGateway.open(RemoteSettings.of(List.of(server.url()), 0).calling("house"))) {
      for (String body :
          List.of("{\"model\":\"house\",\"content\":\"a\"}", "{\"content\":\"a\"}")) {
        assertThat(post(at(gateway), "/tokenize", body).body()).isEqualTo("{\"tokens\":[1097]}");
        HttpResponse<String> told = post(at(gateway), "/v1/embeddings", body);
        assertThat(told.body()).isEqualTo(FakeServer.EMBEDDED);
      }
      assertThat(server.split).containsExactly("tiny", "");
      assertThat(server.asked.getFirst().path("model").asString()).isEqualTo("tiny");
      assertThat(server.asked.getLast().has("model")).isFalse();
    }
  }

  @Test
  void whatWasPassedOnToABackendThatIsLostIsAnsweredForIt() throws Exception {
    try (var server = new FakeServer(Kind.VLLM).silent();
        var gateway = before(server)) {
      var told = asked(at(gateway), "/v1/embeddings", "{\"input\":\"a\"}");
      server.reached.join();
      server.failing(true);
      assertThat(told.get(20, TimeUnit.SECONDS).statusCode()).isEqualTo(502); // alone about 1
      assertThat(said(told.get())).isEqualTo("its backend does not answer any more");
      server.left.join();
    }
  }

  @Test
  void anErrorBeforeItIsSentLeavesNoPlaceTaken() throws Exception {
    class Heavy extends ObjectNode {
      private static final long serialVersionUID = 1;

      Heavy() {
        super(Json.mapper().getNodeFactory());
      }

      @Override
      public ObjectNode deepCopy() {
        throw new OutOfMemoryError("as if");
      }
    }

    try (var server = new FakeServer(Kind.VLLM);
        var line = BackendHttp.open("")) {
      var backend = Probe.backend(0, server.url(), line, false);
      var slots = new LlamaSlots(line, "test");
      try (var backends = new Backends(line, List.of(backend), Optional.of("house"), slots);
          var http =
              new HttpServer(
                  ServerSocketFactory.getDefault(),
                  new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                  1,
                  1024,
                  admitted -> {},
                  exchange -> {
                    ObjectNode body = new Heavy().put("model", "house").put("prompt", "a");
                    var asked = new AskedCompletion(TEXT, exchange.body(), body);
                    assertThatThrownBy(
                            () -> new RelayedCompletion(backends, exchange, asked, "").run())
                        .isInstanceOf(OutOfMemoryError.class);
                    exchange.send(200, "application/json", "{}");
                  })) {
        URI at = URI.create("http://127.0.0.1:" + http.port());
        assertThat(post(at, TEXT, "").body()).isEqualTo("{}");
        assertThat(backend.ours()).isZero();
      }
    }
  }
}
