package dev.banyan.serve.remote;

import dev.banyan.core.Json;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * How backends are spoken to: HTTP/1.1, since closing its connection is how a request is given up.
 *
 * @param key what they want after {@code Bearer}; empty for nothing
 */
record BackendHttp(HttpClient client, String key) implements AutoCloseable {
  private static final Duration CONNECT = Duration.ofSeconds(5);
  private static final Duration SMALL = Duration.ofSeconds(10);

  /** Two silences and the pauses before them: a silent backend is left after about 5 s. */
  private static final Duration WATCHED = Duration.ofSeconds(2);

  static BackendHttp open(String key) {
    HttpClient client =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(CONNECT)
            .executor(Executors.newVirtualThreadPerTaskExecutor())
            .build();
    return new BackendHttp(client, key);
  }

  /**
   * A small question: models, metrics, slots.
   *
   * @throws IOException when its whole answer does not come in 10 s
   */
  HttpResponse<String> get(URI base, String path) throws IOException {
    return small(request(base, path, "").GET(), SMALL);
  }

  /**
   * A watcher's question: its whole answer has to come in 2 s.
   *
   * @throws IOException when it does not
   */
  HttpResponse<String> watch(URI base, String path) throws IOException {
    return small(request(base, path, "").GET(), WATCHED);
  }

  /**
   * A small question with a body: a text's tokens, a conversation's text.
   *
   * @throws IOException when its whole answer does not come in 10 s
   */
  HttpResponse<String> post(URI base, String path, byte[] body) throws IOException {
    return small(request(base, path, "").POST(HttpRequest.BodyPublishers.ofByteArray(body)), SMALL);
  }

  /** The client's own timeout is that of the head alone: a body may stand still after it. */
  private HttpResponse<String> small(HttpRequest.Builder question, Duration patience)
      throws IOException {
    HttpRequest request = question.build();
    CompletableFuture<HttpResponse<String>> answer =
        client.sendAsync(request, HttpResponse.BodyHandlers.ofString());
    try {
      return answer.get(patience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException cause) {
        throw cause;
      }
      throw new IOException(e.getCause());
    } catch (TimeoutException e) {
      throw new IOException(request.uri() + " is not answered in time", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    } finally {
      boolean unused = answer.cancel(true);
    }
  }

  /** What an answer says; an empty object where it is no JSON. */
  static JsonNode json(HttpResponse<String> answer) {
    try {
      return Json.mapper().readTree(answer.body());
    } catch (JacksonException e) {
      return Json.mapper().createObjectNode();
    }
  }

  /** A request that may take long. */
  Upstream ask(URI base, String path, String authorization, String method, byte[] body) {
    return new Upstream(
        client,
        request(base, path, authorization)
            .method(method, HttpRequest.BodyPublishers.ofByteArray(body))
            .build());
  }

  private HttpRequest.Builder request(URI base, String path, String authorization) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(base + path)).header("Content-Type", "application/json");
    if (!key.isEmpty()) {
      request.header("Authorization", "Bearer " + key);
    } else if (!authorization.isEmpty()) {
      request.header("Authorization", authorization);
    }
    return request;
  }

  @Override
  public void close() {
    client.shutdownNow();
  }
}
