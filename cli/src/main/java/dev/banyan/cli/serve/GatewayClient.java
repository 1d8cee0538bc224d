package dev.banyan.cli.serve;

import dev.banyan.core.Json;
import dev.banyan.core.UserInputException;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * Talks to a running gateway. No flags here: picocli looks at the methods of what has any, and
 * these name JSON, which a plain start does not load.
 *
 * @param key its API key, or nothing
 */
record GatewayClient(String url, String key) {
  private static final Duration PATIENCE = Duration.ofMinutes(5); // a new instance loads a model

  /**
   * Asks and gives the answer.
   *
   * @throws UserInputException when nothing answers, or it refuses
   */
  JsonNode ask(String method, String path) throws IOException {
    HttpResponse<String> answer;
    try (HttpClient client = HttpClient.newHttpClient()) {
      var request =
          HttpRequest.newBuilder(URI.create(url.replaceAll("/+$", "") + path))
              .timeout(PATIENCE)
              .method(method, HttpRequest.BodyPublishers.noBody());
      if (!key.isEmpty()) {
        request.header("Authorization", "Bearer " + key);
      }
      answer = client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    } catch (IllegalArgumentException e) {
      throw new UserInputException(url + " is no address: " + e.getMessage(), e);
    } catch (IOException e) {
      throw new UserInputException(
          "no gateway answers at " + url + "; is 'banyan serve' running?", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
    JsonNode body;
    try {
      body = Json.mapper().readTree(answer.body());
    } catch (JacksonException e) {
      throw new UserInputException(url + " is no gateway of banyan", e);
    }
    if (answer.statusCode() != 200) {
      throw new UserInputException(
          "the gateway refuses: " + body.path("error").path("message").asString("no reason given"));
    }
    return body;
  }
}
