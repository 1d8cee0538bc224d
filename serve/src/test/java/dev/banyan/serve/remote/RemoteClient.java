package dev.banyan.serve.remote;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banyan.core.Json;
import dev.banyan.serve.RemoteGateway;
import dev.banyan.serve.RemoteSettings;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import tools.jackson.databind.JsonNode;

/** A client of a gateway before servers of others, and what it makes of the answers. */
final class RemoteClient {
  static final String TEXT = "/v1/completions";
  static final String CHAT = "/v1/chat/completions";
  static final HttpClient CLIENT = HttpClient.newHttpClient();

  private RemoteClient() {}

  static RemoteGateway before(FakeServer... servers) throws IOException {
    List<URI> urls = new ArrayList<>();
    for (FakeServer each : servers) {
      urls.add(each.url());
    }
    return RemoteGateway.open(RemoteSettings.of(urls, 0));
  }

  static URI at(RemoteGateway gateway) {
    return URI.create("http://127.0.0.1:" + gateway.port());
  }

  static HttpResponse<String> post(URI server, String path, String body) throws Exception {
    var request =
        HttpRequest.newBuilder(URI.create(server + path))
            .POST(HttpRequest.BodyPublishers.ofString(body));
    return CLIENT.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  static String body(String path, String more) {
    String what =
        path.equals(CHAT)
            ? "\"messages\":[{\"role\":\"user\",\"content\":\"tell me w7\"}]"
            : "\"prompt\":\"tell me w7\"";
    return "{%s\"model\":\"tiny\"%s}"
        .formatted(more.contains("\"prompt\"") ? "" : what + ",", more);
  }

  static CompletableFuture<HttpResponse<String>> asked(URI server, String path, String body) {
    var request =
        HttpRequest.newBuilder(URI.create(server + path))
            .POST(HttpRequest.BodyPublishers.ofString(body));
    return CLIENT.sendAsync(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  static void awaitTokens(RemoteGateway gateway, int tokens) throws Exception {
    JsonNode status = Json.mapper().createObjectNode();
    while (status.at("/requests/0/tokens").asInt(0) < tokens) {
      status = Json.mapper().readTree(get(gateway, "/status").body());
    }
  }

  static HttpResponse<String> get(RemoteGateway gateway, String path) throws Exception {
    return CLIENT.send(
        HttpRequest.newBuilder(URI.create(at(gateway) + path)).build(),
        HttpResponse.BodyHandlers.ofString());
  }

  static RemoteSettings settings(
      List<URI> urls, Optional<Path> key, boolean awaits, int port, Path folder) {
    RemoteSettings plain = RemoteSettings.of(urls, port).recording(folder.resolve("spans"));
    RemoteSettings settings = key.map(plain::withBackendKey).orElse(plain);
    return awaits ? settings.awaiting() : settings;
  }

  static String said(HttpResponse<String> refusal) {
    return Json.mapper().readTree(refusal.body()).path("error").path("message").asString();
  }

  /** What a client makes of a stream. */
  record Heard(List<String> texts, List<String> finishes, JsonNode usage, String all) {
    static Heard of(String all) {
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
      return new Heard(texts.stream().map(StringBuilder::toString).toList(), finishes, usage, all);
    }
  }
}
