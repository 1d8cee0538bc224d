package dev.banyan.serve.remote;

import static dev.banyan.serve.remote.RemoteClient.CHAT;
import static dev.banyan.serve.remote.RemoteClient.CLIENT;
import static dev.banyan.serve.remote.RemoteClient.TEXT;
import static dev.banyan.serve.remote.RemoteClient.asked;
import static dev.banyan.serve.remote.RemoteClient.at;
import static dev.banyan.serve.remote.RemoteClient.awaitTokens;
import static dev.banyan.serve.remote.RemoteClient.before;
import static dev.banyan.serve.remote.RemoteClient.body;
import static dev.banyan.serve.remote.RemoteClient.get;
import static dev.banyan.serve.remote.RemoteClient.post;
import static dev.banyan.serve.remote.RemoteClient.said;
import static org.assertj.core.api.Assertions.assertThat;

import dev.banyan.core.Json;
import dev.banyan.serve.RemoteGateway;
import dev.banyan.serve.RemoteSettings;
import dev.banyan.serve.remote.RemoteClient.Heard;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;

/** Answers that go on elsewhere when their backend dies, stands still or is drained. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class RemoteMovesTest {
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
    Heard whole;
    try (var server = new FakeServer(kind);
        var gateway = before(server)) {
      whole = Heard.of(post(at(gateway), path, body).body());
    }
    int tokens = whole.usage().path("completion_tokens").asInt();
    assertThat(tokens).isGreaterThan(2);
    for (int after = 0; after < tokens; after += 1 + tokens / 9) {
      try (var dying = new FakeServer(kind).dyingAfter(after);
          var other = new FakeServer(kind);
          var gateway = before(dying, other)) {
        Heard told = Heard.of(post(at(gateway), path, body).body());
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
        HttpResponse<String> told = post(at(gateway), path, body(path, ""));
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
      var at = HttpRequest.newBuilder(URI.create(at(gateway) + CHAT));
      var told =
          CLIENT.sendAsync(
              at.POST(HttpRequest.BodyPublishers.ofString(body)).build(),
              HttpResponse.BodyHandlers.ofString());
      stuck.reached.get();
      // what the backend has sent is on its way to the gateway still: until it is there, nothing
      // could go on elsewhere with what the client has
      while (!stuck.left.isDone()) {
        assertThat(gateway.drain(0)).isTrue();
        Thread.onSpinWait();
      }
      Heard whole = Heard.of(post(other.url(), CHAT, body).body());
      assertThat(Heard.of(told.get().body()).texts()).isEqualTo(whole.texts());
      assertThat(post(at(gateway), CHAT, body).statusCode()).isEqualTo(200);
      assertThat(stuck.asked).hasSize(1);
      assertThat(gateway.drain(2)).isFalse();
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
      var told = asked(at(gateway), path, body);
      drained.reached.join();
      awaitTokens(gateway, Math.min(after, 2));
      assertThat(gateway.drain(0)).isTrue();
      drained.released.complete(null);
      String all = told.get().body();
      Heard whole = Heard.of(post(third.url(), path, body).body());
      assertThat(Heard.of(all).texts()).isEqualTo(whole.texts());
      assertThat(Heard.of(all).finishes()).isEqualTo(whole.finishes());
      assertThat(all).doesNotContain("\"error\"").endsWith("data: [DONE]\n\n");
      assertThat(other.asked).hasSize(1);
      assertThat(drained.asked).hasSize(2);
      assertThat(gateway.moved()).isZero();
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
      var told = asked(at(gateway), CHAT, body);
      dying.reached.join();
      awaitTokens(gateway, 2);
      assertThat(gateway.drain(0)).isTrue(); // it asks for the text in vain, and stays
      dying.released.complete(null);
      while (dying.written.isEmpty()) {
        Thread.onSpinWait();
      }
      dying.close();
      String all = told.get().body();
      assertThat(Heard.of(all).texts())
          .isEqualTo(Heard.of(post(other.url(), CHAT, body).body()).texts());
      assertThat(all).doesNotContain("\"error\"");
      assertThat(dying.written).containsExactly("tiny");
      assertThat(other.written).containsExactly("tiny");
      assertThat(other.asked.getFirst().path("prompt").isArray()).isTrue();
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
      String told = post(at(gateway), CHAT, body).body();
      assertThat(told).doesNotContain("error");
      assertThat(Heard.of(told).texts())
          .isEqualTo(Heard.of(post(other.url(), CHAT, body).body()).texts());
    }
  }

  /** What a client is told in all, when a backend is killed after the client had a part of it. */
  private String untilKilled(RemoteGateway gateway, String path, String body, FakeServer backend)
      throws Exception {
    var request =
        HttpRequest.newBuilder(URI.create(at(gateway) + path))
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build();
    try (InputStream in = CLIENT.send(request, HttpResponse.BodyHandlers.ofInputStream()).body()) {
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

  @Test
  void whenAllBackendsAreGoneItSaysSo() throws Exception {
    try (var dying = new FakeServer(Kind.VLLM).stoppingAfter(4);
        var gateway = before(dying)) {
      String told = untilKilled(gateway, TEXT, body(TEXT, ",\"stream\":true"), dying);
      assertThat(told).contains("cannot go on elsewhere").doesNotContain("[DONE]");
      assertThat(gateway.moved()).isZero();
      assertThat(post(at(gateway), TEXT, body(TEXT, "")).statusCode()).isEqualTo(503);
      assertThat(get(gateway, "/health").statusCode()).isEqualTo(503);
    }
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
          assertThat(Heard.of(told).texts()).isEqualTo(Heard.of(whole).texts());
        }
      }
    }
  }

  @Test
  void aBackendThatStandsStillIsLeftInTheMiddleOfAStream() throws Exception {
    String body = body(TEXT, ",\"stream\":true,\"max_tokens\":24");
    try (var still = new FakeServer(Kind.VLLM).stoppingAfter(5);
        var other = new FakeServer(Kind.VLLM);
        var gateway = before(still, other)) {
      var at = HttpRequest.newBuilder(URI.create(at(gateway) + TEXT));
      var told =
          CLIENT.sendAsync(
              at.POST(HttpRequest.BodyPublishers.ofString(body)).build(),
              HttpResponse.BodyHandlers.ofString());
      still.reached.get();
      still.stalled();
      String all = told.get(20, TimeUnit.SECONDS).body(); // alone about 5
      assertThat(Heard.of(all).texts())
          .isEqualTo(Heard.of(post(other.url(), TEXT, body).body()).texts());
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
      Heard told = Heard.of(post(at(gateway), CHAT, body).body());
      assertThat(gateway.moved()).isEqualTo(3);
      assertThat(told.texts()).isEqualTo(Heard.of(post(last.url(), CHAT, body).body()).texts());
    }
  }

  @Test
  void whereAllThatServeTheModelRefuseTheLastOnesAnswerIsTheClients() throws Exception {
    try (var first = new FakeServer(Kind.VLLM).refusing(429);
        var second = new FakeServer(Kind.VLLM).refusing(429);
        var other = new FakeServer(Kind.VLLM).serving("other");
        var gateway = before(first, second, other)) {
      for (String more : List.of("", ",\"stream\":true")) {
        HttpResponse<String> told = post(at(gateway), TEXT, body(TEXT, more));
        assertThat(told.statusCode()).isEqualTo(429);
        assertThat(said(told)).isEqualTo("refused");
      }
      assertThat(first.asked).hasSize(2);
      assertThat(second.asked).hasSize(2);
      assertThat(other.asked).isEmpty();
    }
  }

  @Test
  void aBackendThatRefusesToGoOnIsNotAskedAgain() throws Exception {
    try (var dying = new FakeServer(Kind.VLLM).stoppingAfter(4);
        var other = new FakeServer(Kind.VLLM).refusing(429);
        var gateway = before(dying, other)) {
      String told = untilKilled(gateway, TEXT, body(TEXT, ",\"stream\":true"), dying);
      assertThat(told).contains("cannot go on elsewhere: ").doesNotContain("[DONE]");
      assertThat(other.asked).hasSize(1);
    }
  }
}
