package dev.banyan.serve.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banyan.core.Json;
import dev.banyan.core.UserInputException;
import dev.banyan.serve.ApiKeys;
import dev.banyan.serve.RemoteGateway;
import dev.banyan.serve.RemoteSettings;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** A real gateway before servers with the formats of others, over real sockets. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class RemoteGatewayTest {
  private static final String TEXT = "/v1/completions";
  private static final String CHAT = "/v1/chat/completions";

  private final HttpClient client = HttpClient.newHttpClient();

  private static RemoteGateway before(FakeServer... servers) throws IOException {
    List<URI> urls = new ArrayList<>();
    for (FakeServer each : servers) {
      urls.add(each.url());
    }
    return RemoteGateway.open(RemoteSettings.of(urls, 0));
  }

  private static URI of(RemoteGateway gateway) {
    return URI.create("http://127.0.0.1:" + gateway.port());
  }

  private HttpResponse<String> post(URI server, String path, String body) throws Exception {
    var request =
        HttpRequest.newBuilder(URI.create(server + path))
            .POST(HttpRequest.BodyPublishers.ofString(body));
    return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  private static String body(String path, String more) {
    String what =
        path.equals(CHAT)
            ? "\"messages\":[{\"role\":\"user\",\"content\":\"tell me w7\"}]"
            : "\"prompt\":\"tell me w7\"";
    return "{%s\"model\":\"tiny\"%s}"
        .formatted(more.contains("\"prompt\"") ? "" : what + ",", more);
  }

  /** What a client makes of a stream. */
  private record ClientStream(
      List<String> texts, List<String> finishes, JsonNode usage, String all) {
    static ClientStream of(String all) {
      List<StringBuilder> texts = new ArrayList<>();
      List<String> finishes = new ArrayList<>();
      JsonNode usage = Json.mapper().createObjectNode();
      String id = "";
      for (String each : all.split("\n\n")) {
        assertThat(each).startsWith("data: ");
        if (each.equals("data: [DONE]")) {
          continue;
        }
        JsonNode part = Json.mapper().readTree(each.substring(6));
        if (part.has("error")) {
          continue;
        }
        assertThat(part.path("id").asString()).isIn(id.isEmpty() ? part.path("id").asString() : id);
        id = part.path("id").asString();
        usage = part.path("usage").isObject() ? part.path("usage") : usage;
        for (JsonNode choice : part.path("choices")) {
          int index = choice.path("index").asInt();
          while (texts.size() <= index) {
            texts.add(new StringBuilder());
            finishes.add("");
          }
          texts.get(index).append(choice.path("text").asString(""));
          texts.get(index).append(choice.path("delta").path("content").asString(""));
          String finish = choice.path("finish_reason").asString("");
          if (!finish.isEmpty()) {
            assertThat(finishes.get(index)).isEmpty();
            finishes.set(index, finish);
          }
        }
      }
      return new ClientStream(
          texts.stream().map(StringBuilder::toString).toList(), finishes, usage, all);
    }
  }

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
          HttpResponse<String> through = post(of(gateway), path, body(path, more));
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
  @CsvSource({
    "VLLM,      /v1/completions,      ''",
    "VLLM,      /v1/completions,      ',\"n\":2'",
    "VLLM,      /v1/completions,      ',\"prompt\":[\"a\",[7,8,9],\"b w3\"]'",
    "VLLM,      /v1/chat/completions, ',\"n\":2'",
    "VLLM,      /v1/completions,      ',\"stop\":\"w19\"'",
    "VLLM,      /v1/chat/completions, ''",
    "VLLM,      /v1/chat/completions, ',\"stop\":\" w1\"'",
    "SGLANG,    /v1/completions,      ''",
    "LLAMA_CPP, /v1/completions,      ''",
    "LLAMA_CPP, /v1/chat/completions, ''",
    "LLAMA_CPP, /v1/completions,      ',\"prompt\":[7,8,9]'",
    "LLAMA_CPP, /v1/completions,      ',\"n\":2'",
    "LLAMA_CPP, /v1/completions,      ',\"prompt\":\"b w3\",\"stop\":\"3 w9\"'",
    "LLAMA_CPP, /v1/completions,      ',\"prompt\":\"b w3?\",\"stop\":\"3 w9\"'",
    "LLAMA_CPP, /v1/chat/completions, ',\"stop\":\"3 w9\"'",
    "OPENAI,    /v1/completions,      ''",
    "OPENAI,    /v1/completions,      ',\"prompt\":[\"a\",\"b\"],\"n\":2'"
  })
  void aBackendKilledAnywhereIsNotNoticed(Kind kind, String path, String more) throws Exception {
    String body =
        body(
            path,
            ",\"stream\":true,\"max_tokens\":24,\"stream_options\":{\"include_usage\":true}"
                + more);
    ClientStream whole;
    try (var server = new FakeServer(kind);
        var gateway = before(server)) {
      whole = ClientStream.of(post(of(gateway), path, body).body());
    }
    int tokens = whole.usage().path("completion_tokens").asInt();
    assertThat(tokens).isGreaterThan(2);
    for (int after = 0; after < tokens; after += 1 + tokens / 9) {
      try (var dying = new FakeServer(kind).dyingAfter(after);
          var other = new FakeServer(kind);
          var gateway = before(dying, other)) {
        ClientStream told = ClientStream.of(post(of(gateway), path, body).body());
        assertThat(told.texts()).as("after %d", after).isEqualTo(whole.texts());
        assertThat(told.finishes()).isEqualTo(whole.finishes());
        assertThat(told.all()).doesNotContain("\"error\"").endsWith("data: [DONE]\n\n");
        assertThat(gateway.moved()).isEqualTo(1);
        if (kind.ids(path.equals(CHAT)) != IdSource.NONE || told.texts().size() == 1) {
          assertThat(told.usage()).as("after %d", after).isEqualTo(whole.usage());
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Kind.class,
      names = {"VLLM", "SGLANG", "LLAMA_CPP", "OPENAI"})
  void anAnswerThatIsNoStreamBeginsAgainElsewhere(Kind kind) throws Exception {
    try (var dying = new FakeServer(kind).dyingAfter(3);
        var other = new FakeServer(kind);
        var gateway = before(dying, other)) {
      for (String path : List.of(TEXT, CHAT)) {
        HttpResponse<String> told = post(of(gateway), path, body(path, ""));
        assertThat(told.statusCode()).isEqualTo(200);
        assertThat(told.body()).isEqualTo(post(other.url(), path, body(path, "")).body());
      }
      assertThat(dying.asked).hasSize(1);
    }
  }

  @Test
  void aDrainedBackendGivesItsStreamAway() throws Exception {
    String body = body(CHAT, ",\"stream\":true,\"max_tokens\":24");
    try (var stuck = new FakeServer(Kind.VLLM).stoppingAfter(7);
        var other = new FakeServer(Kind.VLLM);
        var gateway = before(stuck, other)) {
      var at = HttpRequest.newBuilder(URI.create(of(gateway) + CHAT));
      var told =
          client.sendAsync(
              at.POST(HttpRequest.BodyPublishers.ofString(body)).build(),
              HttpResponse.BodyHandlers.ofString());
      stuck.reached.get();
      // what the backend has sent is on its way to the gateway still: until it is there, nothing
      // could go on elsewhere with what the client has
      while (!stuck.left.isDone()) {
        assertThat(gateway.drain(0)).isTrue();
        Thread.onSpinWait();
      }
      ClientStream whole = ClientStream.of(post(other.url(), CHAT, body).body());
      assertThat(ClientStream.of(told.get().body()).texts()).isEqualTo(whole.texts());
      assertThat(post(of(gateway), CHAT, body).statusCode()).isEqualTo(200);
      assertThat(stuck.asked).hasSize(1);
      assertThat(gateway.drain(2)).isFalse();
    }
  }

  private CompletableFuture<HttpResponse<String>> asked(URI server, String path, String body) {
    var request =
        HttpRequest.newBuilder(URI.create(server + path))
            .POST(HttpRequest.BodyPublishers.ofString(body));
    return client.sendAsync(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  private void awaitTokens(RemoteGateway gateway, int tokens) throws Exception {
    JsonNode status = Json.mapper().createObjectNode();
    while (status.at("/requests/0/tokens").asInt(0) < tokens) {
      status = Json.mapper().readTree(get(gateway, "/status").body());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "VLLM,      /v1/completions,      0, 400",
    "VLLM,      /v1/completions,      7, 400",
    "VLLM,      /v1/chat/completions, 0, 500",
    "VLLM,      /v1/chat/completions, 7, 404",
    "LLAMA_CPP, /v1/completions,      7, 400",
    "LLAMA_CPP, /v1/chat/completions, 0, 400",
    "LLAMA_CPP, /v1/chat/completions, 7, 500"
  })
  void anAnswerThatAllOthersRefuseGoesOnWhereItWas(Kind kind, String path, int after, int status)
      throws Exception {
    String body = body(path, ",\"stream\":true,\"max_tokens\":24");
    try (var drained = new FakeServer(kind).holdingAfter(after);
        var other = new FakeServer(kind).refusing(status);
        var third = new FakeServer(kind);
        var gateway = before(drained, other)) {
      var told = asked(of(gateway), path, body);
      drained.reached.join();
      awaitTokens(gateway, Math.min(after, 2));
      assertThat(gateway.drain(0)).isTrue();
      drained.released.complete(null);
      String all = told.get().body();
      ClientStream whole = ClientStream.of(post(third.url(), path, body).body());
      assertThat(ClientStream.of(all).texts()).isEqualTo(whole.texts());
      assertThat(ClientStream.of(all).finishes()).isEqualTo(whole.finishes());
      assertThat(all).doesNotContain("\"error\"").endsWith("data: [DONE]\n\n");
      assertThat(other.asked).hasSize(1);
      assertThat(drained.asked).hasSize(2);
      assertThat(gateway.moved()).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void whatHasNotEndedInTimeIsToldThatTheServerStops(boolean interrupted) throws Exception {
    try (var server = new FakeServer(Kind.VLLM).stoppingAfter(4);
        var gateway = before(server)) {
      var stream = asked(of(gateway), TEXT, body(TEXT, ",\"stream\":true"));
      awaitTokens(gateway, 1);
      var whole = asked(of(gateway), TEXT, body(TEXT, ""));
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
      assertThat(ClientStream.of(told).texts().getFirst()).isNotEmpty();
      String last = told.substring(told.strip().lastIndexOf("\n\n") + 2);
      JsonNode error = Json.mapper().readTree(last.substring(6)).path("error");
      assertThat(error.path("message").asString()).isEqualTo("the server is stopping");
      assertThat(error.path("type").asString()).isEqualTo("server_error");
      assertThat(whole.get().statusCode()).isEqualTo(503);
      assertThat(said(whole.get())).isEqualTo("the server is stopping");
      assertThat(post(of(gateway), TEXT, body(TEXT, "")).statusCode()).isEqualTo(503);
    }
  }

  @Test
  void aConversationThatOneCannotWriteAsTextIsWrittenByTheNext() throws Exception {
    String body = body(CHAT, ",\"stream\":true,\"max_tokens\":24").replace("tiny", "house");
    try (var dying = new FakeServer(Kind.LLAMA_CPP).unwritten().holdingAfter(4).stoppingAfter(6);
        var other = new FakeServer(Kind.LLAMA_CPP);
        var gateway =
            RemoteGateway.open(
                RemoteSettings.of(List.of(dying.url(), other.url()), 0).calling("house"))) {
      var told = asked(of(gateway), CHAT, body);
      dying.reached.join();
      awaitTokens(gateway, 2);
      assertThat(gateway.drain(0)).isTrue(); // it asks for the text in vain, and stays
      dying.released.complete(null);
      while (dying.written.isEmpty()) {
        Thread.onSpinWait();
      }
      dying.close();
      String all = told.get().body();
      assertThat(ClientStream.of(all).texts())
          .isEqualTo(ClientStream.of(post(other.url(), CHAT, body).body()).texts());
      assertThat(all).doesNotContain("\"error\"");
      assertThat(dying.written).containsExactly("tiny");
      assertThat(other.written).containsExactly("tiny");
      assertThat(other.asked.getFirst().path("prompt").isArray()).isTrue();
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
  @ValueSource(strings = {"UTF-16", "UTF-16LE", "UTF-16BE", "UTF-32"})
  void aBodyThatIsNotUtf8IsRefused(String encoding) throws Exception {
    try (var server = new FakeServer(Kind.VLLM);
        var gateway = before(server)) {
      for (String more : List.of("", ",\"stream\":true")) {
        byte[] body = body(TEXT, more).getBytes(Charset.forName(encoding));
        var request =
            HttpRequest.newBuilder(URI.create(of(gateway) + TEXT))
                .POST(HttpRequest.BodyPublishers.ofByteArray(body));
        var refusal = client.send(request.build(), HttpResponse.BodyHandlers.ofString());
        assertThat(refusal.statusCode()).isEqualTo(400);
        assertThat(said(refusal)).contains("UTF-8");
      }
      assertThat(server.asked).isEmpty();
    }
  }

  @Test
  void aModelWhoseNameIsNotWellEncodedIsNotServed() throws Exception {
    try (var server = new FakeServer(Kind.VLLM);
        var gateway = before(server);
        var socket = new Socket(InetAddress.getLoopbackAddress(), gateway.port())) {
      String head = "GET /v1/models/%zz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
      socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
      String told = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(told).startsWith("HTTP/1.1 404").contains("model_not_found").contains("'%zz'");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "VLLM,   ',\"response_format\":{\"type\":\"json_object\"}', response_format",
    "VLLM,   ',\"tools\":[{\"type\":\"function\"}]',            tool calls",
    "VLLM,   ',\"logprobs\":true',                              probabilities",
    "SGLANG, '',                                                token ids are not known",
    "OPENAI, '',                                                token ids are not known"
  })
  void whatCannotGoOnEndsWithAnErrorThatSaysSo(Kind kind, String more, String why)
      throws Exception {
    String body = body(CHAT, ",\"stream\":true,\"max_tokens\":24" + more);
    try (var dying = new FakeServer(kind).stoppingAfter(5);
        var other = new FakeServer(kind);
        var gateway = before(dying, other)) {
      String told = untilKilled(gateway, CHAT, body, dying);
      assertThat(told).doesNotContain("[DONE]");
      String last = told.substring(told.strip().lastIndexOf("\n\n") + 2);
      JsonNode error = Json.mapper().readTree(last.substring(6)).path("error");
      assertThat(error.path("type").asString()).isEqualTo("server_error");
      assertThat(error.path("message").asString()).contains("cannot go on").contains(why);
    }
    try (var dying = new FakeServer(kind).dyingAfter(0);
        var other = new FakeServer(kind);
        var gateway = before(dying, other)) {
      String told = post(of(gateway), CHAT, body).body();
      assertThat(told).doesNotContain("error");
      assertThat(ClientStream.of(told).texts())
          .isEqualTo(ClientStream.of(post(other.url(), CHAT, body).body()).texts());
    }
  }

  /** What a client is told in all, when a backend is killed after the client had a part of it. */
  private String untilKilled(RemoteGateway gateway, String path, String body, FakeServer backend)
      throws Exception {
    var request =
        HttpRequest.newBuilder(URI.create(of(gateway) + path))
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build();
    try (InputStream in = client.send(request, HttpResponse.BodyHandlers.ofInputStream()).body()) {
      var told = new ByteArrayOutputStream();
      String some = path.equals(CHAT) ? "w6" : "\"text\":\" w";
      while (!told.toString(StandardCharsets.UTF_8).contains(some)) {
        told.write(in.read());
      }
      backend.close();
      told.writeBytes(in.readAllBytes());
      return told.toString(StandardCharsets.UTF_8);
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
    List<FakeServer> servers = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      servers.add(new FakeServer(i % 2 == 0 ? Kind.VLLM : Kind.OPENAI).silent());
    }
    try (var gateway = before(servers.toArray(FakeServer[]::new))) {
      var at = HttpRequest.newBuilder(URI.create(of(gateway) + TEXT));
      var request = at.POST(HttpRequest.BodyPublishers.ofString(body(TEXT, ""))).build();
      for (int i = 0; i < 64; i++) {
        var unused = client.sendAsync(request, HttpResponse.BodyHandlers.ofString());
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
      client.shutdownNow();
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
        HttpResponse<String> number = post(of(gateway), path, "{\"model\":4,\"prompt\":\"a\"}");
        assertThat(number.statusCode()).isEqualTo(400);
        assertThat(number.body()).contains("'model' must be text");
      }
      HttpResponse<String> unknown = post(of(gateway), TEXT, "{\"model\":\"x\",\"prompt\":\"a\"}");
      assertThat(unknown.statusCode()).isEqualTo(404);
      assertThat(unknown.body()).contains("model_not_found");
      for (String each :
          List.of(
              "{\"model\":", "[]", body(TEXT, ",\"n\":2000000000"), body(CHAT, ",\"n\":1025"))) {
        assertThat(post(of(gateway), TEXT, each).statusCode()).isEqualTo(400);
      }
      assertThat(post(of(gateway), "/detokenize", "{\"tokens\":[1,2]}").body()).contains(" w1 w2");
    }
  }

  private HttpResponse<String> get(RemoteGateway gateway, String path) throws Exception {
    return client.send(
        HttpRequest.newBuilder(URI.create(of(gateway) + path)).build(),
        HttpResponse.BodyHandlers.ofString());
  }

  @Test
  void itsOwnNameForTheModelAndTheKeyOfTheBackends(@TempDir Path folder) throws Exception {
    Path key = Files.writeString(folder.resolve("key"), "secret\n");
    try (var server = new FakeServer(Kind.VLLM).wanting("secret")) {
      List<URI> urls = List.of(URI.create(server.url() + "/v1/"));
      assertThatThrownBy(() -> RemoteGateway.open(RemoteSettings.of(urls, 0)))
          .isInstanceOf(UserInputException.class)
          .hasMessageContaining("it wants a key");
      var settings =
          RemoteSettings.of(urls, 0).calling("house").withBackendKey(key).withMostOpen(1);
      try (var gateway = RemoteGateway.open(settings)) {
        String body = "{\"model\":\"house\",\"prompt\":\"a\",\"stream\":true}";
        assertThat(ClientStream.of(post(of(gateway), TEXT, body).body()).texts().getFirst())
            .isNotEmpty();
        assertThat(server.asked.getFirst().path("model").asString()).isEqualTo("tiny");
        assertThat(post(of(gateway), TEXT, body("", "")).statusCode()).isEqualTo(404);
      }
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

  @ParameterizedTest
  @ValueSource(strings = {"", "sec\nret", "sec\tret", "sécret"})
  void aKeyThatIsNoneIsRefusedWithoutBeingShown(String text, @TempDir Path folder)
      throws Exception {
    Path key = Files.writeString(folder.resolve("key"), text + "\n");
    List<URI> urls = List.of(URI.create("http://127.0.0.1:1"));
    assertThatThrownBy(() -> RemoteGateway.open(settings(urls, Optional.of(key), true, 0, folder)))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining(key.toString())
        .hasMessageNotContaining("ret")
        .hasMessageNotContaining("\n");
  }

  private static RemoteSettings settings(
      List<URI> urls, Optional<Path> key, boolean awaits, int port, Path folder) {
    RemoteSettings plain = RemoteSettings.of(urls, port).recording(folder.resolve("spans"));
    RemoteSettings settings = key.map(plain::withBackendKey).orElse(plain);
    return awaits ? settings.awaiting() : settings;
  }

  @Test
  void backendsOfDifferentModelsAreAskedByNameOnly() throws Exception {
    try (var small = new FakeServer(Kind.VLLM).serving("small");
        var large = new FakeServer(Kind.VLLM).serving("large");
        var gateway = before(small, large)) {
      var unnamed = post(of(gateway), TEXT, "{\"prompt\":\"a\"}");
      assertThat(unnamed.statusCode()).isEqualTo(400);
      assertThat(said(unnamed))
          .isEqualTo("'model' must name one of those served here; large, small are");
      var unknown = post(of(gateway), TEXT, "{\"model\":\"x\",\"prompt\":\"a\"}");
      assertThat(unknown.statusCode()).isEqualTo(404);
      assertThat(said(unknown)).isEqualTo("the model 'x' is not served here; large, small are");
      var passed = post(of(gateway), "/tokenize", "{\"model\":\"x\",\"prompt\":\"a\"}");
      assertThat(said(passed)).isEqualTo("the model 'x' is not served here; large, small are");
      for (String each : List.of("small", "large")) {
        var answer = post(of(gateway), TEXT, "{\"model\":\"%s\",\"prompt\":\"a\"}".formatted(each));
        assertThat(Json.mapper().readTree(answer.body()).path("model").asString()).isEqualTo(each);
      }
    }
  }

  @Test
  void theNameForAllIsTheModelOfThatNameWhereABackendHasIt() throws Exception {
    try (var server = new FakeServer(Kind.VLLM).serving("house");
        var other = new FakeServer(Kind.VLLM).serving("/models/house");
        var gateway =
            RemoteGateway.open(
                RemoteSettings.of(List.of(server.url(), other.url()), 0).calling("house"))) {
      assertThat(post(of(gateway), TEXT, "{\"prompt\":\"a\"}").statusCode()).isEqualTo(200);
      var unknown = post(of(gateway), TEXT, body(TEXT, ""));
      assertThat(said(unknown)).isEqualTo("the model 'tiny' is not served here; house is");
    }
  }

  private static String said(HttpResponse<String> refusal) {
    return Json.mapper().readTree(refusal.body()).path("error").path("message").asString();
  }

  @Test
  void aSpanHasTheIdOfItsAnswerWholeOrStreamed(@TempDir Path folder) throws Exception {
    List<String> ids = new ArrayList<>();
    try (var server = new FakeServer(Kind.VLLM);
        var gateway =
            RemoteGateway.open(
                settings(List.of(server.url()), Optional.empty(), false, 0, folder), line -> {})) {
      for (String more : List.of("", ",\"stream\":true")) {
        String told = post(of(gateway), CHAT, body(CHAT, more)).body();
        String first = more.isEmpty() ? told : told.substring(6, told.indexOf("\n"));
        ids.add(Json.mapper().readTree(first).path("id").asString());
      }
      assertThat(post(of(gateway), CHAT, body(CHAT, "").replace("tiny", "x")).statusCode())
          .isEqualTo(404);
      assertThat(said(post(of(gateway), "/scale/3", ""))).contains("cannot scale");
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
      assertThat(post(of(gateway), TEXT, body(TEXT, "")).statusCode()).isEqualTo(200);
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
        HttpResponse<String> told = post(of(gateway), path, body(TEXT, ""));
        assertThat(told.statusCode()).isEqualTo(502);
        assertThat(Json.mapper().readTree(told.body()).path("error").path("type").asString())
            .isEqualTo("server_error");
      }
    }
  }

  @Test
  void whenAllBackendsAreGoneItSaysSo() throws Exception {
    try (var dying = new FakeServer(Kind.VLLM).dyingAfter(4);
        var gateway = before(dying)) {
      String told = post(of(gateway), TEXT, body(TEXT, ",\"stream\":true")).body();
      assertThat(told).contains("cannot go on elsewhere").doesNotContain("[DONE]");
      assertThat(gateway.moved()).isZero();
      assertThat(post(of(gateway), TEXT, body(TEXT, "")).statusCode()).isEqualTo(503);
      assertThat(get(gateway, "/health").statusCode()).isEqualTo(503);
    }
  }

  @Test
  void keysLimitsAndForeignPagesAreAsWithOurOwnEngines(@TempDir Path folder) throws Exception {
    ApiKeys.Fresh alice = ApiKeys.make("alice", 2, 100_000);
    Path keys = Files.writeString(folder.resolve("keys"), alice.line() + "\n");
    try (var server = new FakeServer(Kind.VLLM);
        var open = before(server);
        var gateway =
            RemoteGateway.open(
                RemoteSettings.of(List.of(server.url()), 0)
                    .at("0.0.0.0")
                    .withKeys(keys)
                    .recording(folder.resolve("spans")))) {
      assertThat(post(of(gateway), TEXT, body(TEXT, "")).statusCode()).isEqualTo(401);
      var request =
          HttpRequest.newBuilder(URI.create(of(gateway) + TEXT))
              .header("Authorization", "Bearer " + alice.key())
              .POST(HttpRequest.BodyPublishers.ofString(body(TEXT, "")))
              .build();
      List<Integer> statuses = new ArrayList<>();
      for (int i = 0; i < 5; i++) {
        statuses.add(client.send(request, HttpResponse.BodyHandlers.ofString()).statusCode());
      }
      // the minute may turn once between them
      assertThat(statuses).contains(200, 429);
      assertThat(server.asked).hasSizeBetween(2, 4);
      var foreign =
          HttpRequest.newBuilder(URI.create(of(open) + TEXT))
              .header("Origin", "http://elsewhere")
              .POST(HttpRequest.BodyPublishers.ofString(body(TEXT, "")))
              .build();
      assertThat(client.send(foreign, HttpResponse.BodyHandlers.ofString()).statusCode())
          .isEqualTo(403);
    }
    assertThat(Files.readAllLines(folder.resolve("spans"))).hasSizeBetween(2, 4);
    var settings = RemoteSettings.of(List.of(URI.create("http://127.0.0.1:1")), 0);
    assertThatThrownBy(() -> RemoteGateway.open(settings.at("0.0.0.0")))
        .hasMessageContaining("file of keys");
  }

  @Test
  void aVllmThatTellsNoIdsGoesOnWithText() throws Exception {
    for (String path : List.of(TEXT, CHAT)) {
      String body = body(path, ",\"stream\":true,\"max_tokens\":24");
      try (var dying = new FakeServer(Kind.VLLM).old().stoppingAfter(5);
          var other = new FakeServer(Kind.VLLM).old();
          var gateway = before(dying, other)) {
        String told = untilKilled(gateway, path, body, dying);
        if (path.equals(CHAT)) {
          assertThat(told).contains("cannot go on elsewhere: its token ids are not known");
        } else {
          String whole = post(other.url(), path, body).body();
          assertThat(ClientStream.of(told).texts()).isEqualTo(ClientStream.of(whole).texts());
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Kind.class,
      names = {"VLLM", "LLAMA_CPP", "OPENAI"})
  void aBackendThatAnswersOnlyErrorsIsDownUntilItWorks(Kind kind) throws Exception {
    try (var server = new FakeServer(kind).saying("vllm:num_requests_running 5\n");
        var gateway = before(server)) {
      server.failing(true);
      while (get(gateway, "/health").statusCode() == 200) {
        Thread.onSpinWait();
      }
      assertThat(get(gateway, "/status").body()).contains("\"running\":0");
      assertThat(post(of(gateway), TEXT, body(TEXT, "")).statusCode()).isEqualTo(503);
      server.failing(false);
      while (get(gateway, "/health").statusCode() != 200) {
        Thread.onSpinWait();
      }
      assertThat(post(of(gateway), TEXT, body(TEXT, "")).statusCode()).isEqualTo(200);
    }
  }

  @Test
  void aBackendThatStandsStillIsLeftInTheMiddleOfAStream() throws Exception {
    String body = body(TEXT, ",\"stream\":true,\"max_tokens\":24");
    try (var still = new FakeServer(Kind.VLLM).stoppingAfter(5);
        var other = new FakeServer(Kind.VLLM);
        var gateway = before(still, other)) {
      var at = HttpRequest.newBuilder(URI.create(of(gateway) + TEXT));
      var told =
          client.sendAsync(
              at.POST(HttpRequest.BodyPublishers.ofString(body)).build(),
              HttpResponse.BodyHandlers.ofString());
      still.reached.get();
      still.stalled();
      String all = told.get(20, TimeUnit.SECONDS).body(); // alone about 5
      assertThat(ClientStream.of(all).texts())
          .isEqualTo(ClientStream.of(post(other.url(), TEXT, body).body()).texts());
    }
  }

  @Test
  void anAnswerOutlivesSeveralBackends() throws Exception {
    String body = body(CHAT, ",\"stream\":true,\"max_tokens\":24");
    try (var first = new FakeServer(Kind.VLLM).dyingAfter(4);
        var second = new FakeServer(Kind.VLLM).dyingAfter(4);
        var third = new FakeServer(Kind.VLLM).dyingAfter(4);
        var last = new FakeServer(Kind.VLLM);
        var gateway = before(first, second, third, last)) {
      ClientStream told = ClientStream.of(post(of(gateway), CHAT, body).body());
      assertThat(gateway.moved()).isEqualTo(3);
      assertThat(told.texts())
          .isEqualTo(ClientStream.of(post(last.url(), CHAT, body).body()).texts());
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
      assertThat(post(of(gateway), TEXT, body(TEXT, "")).statusCode()).isEqualTo(200);
      try (var second = new FakeServer(Kind.SGLANG, later)) {
        while (!gateway.backends().get(1).contains("SGLang")) {
          Thread.onSpinWait();
        }
        gateway.drain(0);
        assertThat(post(of(gateway), TEXT, body(TEXT, "")).statusCode()).isEqualTo(200);
        assertThat(second.asked).hasSize(1);
      }
    }
  }
}
