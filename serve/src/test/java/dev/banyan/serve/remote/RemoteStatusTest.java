package dev.banyan.serve.remote;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banyan.core.Json;
import dev.banyan.serve.RemoteGateway;
import dev.banyan.serve.RemoteSettings;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;

/** What the page of a gateway before servers of others is told. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class RemoteStatusTest {
  private static final String STREAM =
      "{\"prompt\":\"tell me w7\",\"model\":\"tiny\",\"stream\":true,\"max_tokens\":24}";

  private final HttpClient client = HttpClient.newHttpClient();

  @Test
  void aRequestIsShownWhereItIsAndThatItWentOnElsewhere() throws Exception {
    try (var first = new FakeServer(Kind.VLLM).stoppingAfter(7);
        var second = new FakeServer(Kind.VLLM).stoppingAfter(5);
        var gateway = RemoteGateway.open(RemoteSettings.of(urls(first, second), 0))) {
      assertThat(ask(gateway, "GET", "/status").path("requests")).isEmpty();
      var unused =
          client.sendAsync(
              HttpRequest.newBuilder(at(gateway, "/v1/completions"))
                  .POST(HttpRequest.BodyPublishers.ofString(STREAM))
                  .build(),
              HttpResponse.BodyHandlers.discarding());
      JsonNode before = until(gateway, at -> at.at("/requests/0/tokens").asInt() == 7);
      assertThat(before.at("/requests/0/instance").asInt()).isZero();
      assertThat(before.at("/requests/0/moves").asInt()).isZero();
      assertThat(before.at("/instances/0/ours").asInt()).isEqualTo(1);
      assertThat(before.at("/instances/0/kind").asString()).isEqualTo("vLLM");
      assertThat(before.at("/instances/0/url").asString()).isEqualTo(first.url().toString());
      assertThat(before.at("/instances/1/ours").asInt()).isZero();

      assertThat(ask(gateway, "POST", "/drain/0").path("draining").asBoolean()).isTrue();
      JsonNode after =
          until(
              gateway,
              at ->
                  at.at("/requests/0/instance").asInt() == 1
                      && at.at("/requests/0/tokens").asInt() == 12);
      assertThat(after.path("requests")).hasSize(1);
      assertThat(after.at("/requests/0/id")).isEqualTo(before.at("/requests/0/id"));
      assertThat(after.at("/requests/0/moves").asInt()).isEqualTo(1);
      assertThat(after.at("/counts/moves").asInt()).isEqualTo(1);
      assertThat(after.at("/instances/0/draining").asBoolean()).isTrue();
      assertThat(after.at("/instances/0/ours").asInt()).isZero();

      assertThat(ask(gateway, "POST", "/resume/0").path("draining").asBoolean(true)).isFalse();
      assertThat(ask(gateway, "GET", "/status").at("/instances/0/draining").asBoolean()).isFalse();
      assertThat(gateway.drain(0)).isTrue();
      assertThat(gateway.resume(0)).isTrue();
      assertThat(gateway.resume(2)).isFalse();
      assertThat(ask(gateway, "GET", "/status").at("/instances/0/draining").asBoolean()).isFalse();
    }
  }

  @Test
  void aModelThatIsNotServedHasOpenAisCode() throws Exception {
    try (var server = new FakeServer(Kind.VLLM);
        var gateway = RemoteGateway.open(RemoteSettings.of(urls(server), 0))) {
      assertThat(ask(gateway, "GET", "/v1/models/tiny").path("id").asString()).isEqualTo("tiny");
      JsonNode error = ask(gateway, "GET", "/v1/models/other").path("error");
      assertThat(error.path("code").asString()).isEqualTo("model_not_found");
      assertThat(error.path("message").asString()).contains("other");
    }
  }

  private JsonNode until(RemoteGateway gateway, Predicate<JsonNode> holds) throws Exception {
    JsonNode now = ask(gateway, "GET", "/status");
    while (!holds.test(now)) {
      now = ask(gateway, "GET", "/status");
    }
    return now;
  }

  private JsonNode ask(RemoteGateway gateway, String method, String path) throws Exception {
    var request =
        HttpRequest.newBuilder(at(gateway, path))
            .method(method, HttpRequest.BodyPublishers.noBody())
            .build();
    return Json.mapper()
        .readTree(client.send(request, HttpResponse.BodyHandlers.ofString()).body());
  }

  private static URI at(RemoteGateway gateway, String path) {
    return URI.create("http://127.0.0.1:" + gateway.port() + path);
  }

  private static List<URI> urls(FakeServer... servers) {
    return List.of(servers).stream().map(FakeServer::url).toList();
  }
}
