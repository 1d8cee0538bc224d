package dev.banyan.serve.remote;

import static dev.banyan.serve.remote.RemoteClient.CHAT;
import static dev.banyan.serve.remote.RemoteClient.CLIENT;
import static dev.banyan.serve.remote.RemoteClient.TEXT;
import static dev.banyan.serve.remote.RemoteClient.asked;
import static dev.banyan.serve.remote.RemoteClient.at;
import static dev.banyan.serve.remote.RemoteClient.before;
import static dev.banyan.serve.remote.RemoteClient.body;
import static dev.banyan.serve.remote.RemoteClient.post;
import static dev.banyan.serve.remote.RemoteClient.said;
import static dev.banyan.serve.remote.RemoteClient.settings;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banyan.core.Json;
import dev.banyan.core.UserInputException;
import dev.banyan.serve.ApiKeys;
import dev.banyan.serve.RemoteGateway;
import dev.banyan.serve.RemoteSettings;
import dev.banyan.serve.remote.RemoteClient.Heard;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whom a gateway before servers of others lets in, what it refuses, and how it says so. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class RemoteRefusalsTest {
  @ParameterizedTest
  @ValueSource(strings = {"UTF-16", "UTF-16LE", "UTF-16BE", "UTF-32"})
  void aBodyThatIsNotUtf8IsRefused(String encoding) throws Exception {
    try (var server = new FakeServer(Kind.VLLM);
        var gateway = before(server)) {
      for (String more : List.of("", ",\"stream\":true")) {
        byte[] body = body(TEXT, more).getBytes(Charset.forName(encoding));
        var request =
            HttpRequest.newBuilder(URI.create(at(gateway) + TEXT))
                .POST(HttpRequest.BodyPublishers.ofByteArray(body));
        var refusal = CLIENT.send(request.build(), HttpResponse.BodyHandlers.ofString());
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
        assertThat(Heard.of(post(at(gateway), TEXT, body).body()).texts().getFirst()).isNotEmpty();
        assertThat(server.asked.getFirst().path("model").asString()).isEqualTo("tiny");
        assertThat(post(at(gateway), TEXT, body("", "")).statusCode()).isEqualTo(404);
      }
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

  @Test
  void backendsOfDifferentModelsAreAskedByNameOnly() throws Exception {
    try (var small = new FakeServer(Kind.VLLM).serving("small");
        var large = new FakeServer(Kind.VLLM).serving("large");
        var gateway = before(small, large)) {
      var unnamed = post(at(gateway), TEXT, "{\"prompt\":\"a\"}");
      assertThat(unnamed.statusCode()).isEqualTo(400);
      assertThat(said(unnamed))
          .isEqualTo("'model' must name one of those served here; large, small are");
      var unknown = post(at(gateway), TEXT, "{\"model\":\"x\",\"prompt\":\"a\"}");
      assertThat(unknown.statusCode()).isEqualTo(404);
      assertThat(said(unknown)).isEqualTo("the model 'x' is not served here; large, small are");
      var passed = post(at(gateway), "/tokenize", "{\"model\":\"x\",\"prompt\":\"a\"}");
      assertThat(said(passed)).isEqualTo("the model 'x' is not served here; large, small are");
      for (String each : List.of("small", "large")) {
        var answer = post(at(gateway), TEXT, "{\"model\":\"%s\",\"prompt\":\"a\"}".formatted(each));
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
      assertThat(post(at(gateway), TEXT, "{\"prompt\":\"a\"}").statusCode()).isEqualTo(200);
      var unknown = post(at(gateway), TEXT, body(TEXT, ""));
      assertThat(said(unknown)).isEqualTo("the model 'tiny' is not served here; house is");
    }
  }

  @Test
  void keysLimitsAndForeignPagesAreAsWithOurOwnEngines(@TempDir Path folder) throws Exception {
    ApiKeys.Fresh alice = ApiKeys.make("alice", 2, 100_000);
    ApiKeys.Fresh olga = ApiKeys.make("olga", 0, 0, true);
    Path keys = Files.writeString(folder.resolve("keys"), alice.line() + "\n" + olga.line() + "\n");
    try (var server = new FakeServer(Kind.VLLM);
        var open = before(server);
        var gateway =
            RemoteGateway.open(
                RemoteSettings.of(List.of(server.url()), 0)
                    .at("0.0.0.0")
                    .withKeys(keys)
                    .recording(folder.resolve("spans")))) {
      assertThat(post(at(gateway), TEXT, body(TEXT, "")).statusCode()).isEqualTo(401);
      var request =
          HttpRequest.newBuilder(URI.create(at(gateway) + TEXT))
              .header("Authorization", "Bearer " + alice.key())
              .POST(HttpRequest.BodyPublishers.ofString(body(TEXT, "")))
              .build();
      List<Integer> statuses = new ArrayList<>();
      for (int i = 0; i < 5; i++) {
        statuses.add(CLIENT.send(request, HttpResponse.BodyHandlers.ofString()).statusCode());
      }
      // the minute may turn once between them
      assertThat(statuses).contains(200, 429);
      assertThat(server.asked).hasSizeBetween(2, 4);
      var drain =
          HttpRequest.newBuilder(URI.create(at(gateway) + "/drain/0"))
              .header("Authorization", "Bearer " + alice.key())
              .POST(HttpRequest.BodyPublishers.noBody());
      var told = CLIENT.send(drain.build(), HttpResponse.BodyHandlers.ofString());
      assertThat(told.statusCode()).isEqualTo(403);
      assertThat(said(told)).contains("operator");
      assertThat(
              CLIENT
                  .send(
                      drain.setHeader("Authorization", "Bearer " + olga.key()).build(),
                      HttpResponse.BodyHandlers.ofString())
                  .statusCode())
          .isEqualTo(200);
      var foreign =
          HttpRequest.newBuilder(URI.create(at(open) + TEXT))
              .header("Origin", "http://elsewhere")
              .POST(HttpRequest.BodyPublishers.ofString(body(TEXT, "")))
              .build();
      assertThat(CLIENT.send(foreign, HttpResponse.BodyHandlers.ofString()).statusCode())
          .isEqualTo(403);
    }
    assertThat(Files.readAllLines(folder.resolve("spans"))).hasSizeBetween(2, 4);
    var settings = RemoteSettings.of(List.of(URI.create("http://127.0.0.1:1")), 0);
    assertThatThrownBy(() -> RemoteGateway.open(settings.at("0.0.0.0")))
        .hasMessageContaining("file of keys");
  }

  @Test
  void answersNotRequestsCountAsInTheMaking() throws Exception {
    try (var busy = new FakeServer(Kind.VLLM).silent();
        var other = new FakeServer(Kind.VLLM);
        var gateway =
            RemoteGateway.open(
                RemoteSettings.of(List.of(busy.url(), other.url()), 0).withMostOpen(4))) {
      var unused = asked(at(gateway), TEXT, body(TEXT, ",\"prompt\":[\"a\",\"b\"],\"n\":2"));
      busy.reached.join();
      var refusal = post(at(gateway), TEXT, body(TEXT, ""));
      assertThat(refusal.statusCode()).isEqualTo(429);
      assertThat(said(refusal)).isEqualTo("4 answers are in the making already; ask again");
      assertThat(post(at(gateway), "/v1/score", "{}").statusCode()).isEqualTo(429);
      assertThat(post(at(gateway), "/detokenize", "{\"tokens\":[1]}").statusCode()).isEqualTo(200);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"/v1/embeddings", "/v1/rerank", "/v1/score"})
  void whatAModelIsAskedBesidesCompletionsIsLimitedAndTold(String path, @TempDir Path folder)
      throws Exception {
    ApiKeys.Fresh alice = ApiKeys.make("alice", 0, 5); // one question has 5 tokens
    Path keys = Files.writeString(folder.resolve("keys"), alice.line() + "\n");
    List<Integer> statuses = new ArrayList<>();
    try (var server = new FakeServer(Kind.VLLM);
        var gateway =
            RemoteGateway.open(
                RemoteSettings.of(List.of(server.url()), 0)
                    .withKeys(keys)
                    .recording(folder.resolve("spans")))) {
      var request =
          HttpRequest.newBuilder(URI.create(at(gateway) + path))
              .header("Authorization", "Bearer " + alice.key())
              .POST(HttpRequest.BodyPublishers.ofString("{\"input\":\"a\"}"))
              .build();
      for (int i = 0; i < 4; i++) {
        statuses.add(CLIENT.send(request, HttpResponse.BodyHandlers.ofString()).statusCode());
      }
      assertThat(server.asked).hasSizeBetween(1, 2);
      gateway.finish(Duration.ofMinutes(1)); // a span is written after its answer
      assertThat(CLIENT.send(request, HttpResponse.BodyHandlers.ofString()).statusCode())
          .isEqualTo(503);
    }
    // the minute may turn once between them
    assertThat(statuses).contains(200, 429);
    String span = Files.readAllLines(folder.resolve("spans")).getFirst();
    assertThat(span)
        .contains(
            "\"" + path + "\"", "embd-fake", "{\"intValue\":\"5\"}", "wait, prefill and decode");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 8, 0x1f, 0x7f})
  void aKeyWithAControlCharacterIsNotPassedOn(int character) throws Exception {
    try (var server = new FakeServer(Kind.VLLM);
        var gateway = before(server)) {
      for (String path : List.of(TEXT, CHAT, "/detokenize")) {
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), gateway.port())) {
          String body = body(path, "");
          String request =
              "POST %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: %d\r\n"
                      .formatted(path, body.length())
                  + "Authorization: Bearer a%cb\r\n\r\n%s".formatted(character, body);
          socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
          String told = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
          assertThat(told).startsWith("HTTP/1.1 400");
        }
      }
      assertThat(server.asked).isEmpty();
    }
  }
}
