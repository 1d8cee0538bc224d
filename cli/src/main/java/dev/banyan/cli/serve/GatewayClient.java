package dev.banyan.cli.serve;

import dev.banyan.core.Json;
import dev.banyan.core.UserInputException;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** Where the running gateway is, for the commands that talk to one. */
final class GatewayClient {
  private static final Duration PATIENCE = Duration.ofMinutes(5); // a new instance loads a model

  @Option(
      names = "--url",
      paramLabel = "URL",
      defaultValue = "http://127.0.0.1:8000",
      description = "The gateway (default: ${DEFAULT-VALUE}).")
  private String url = "http://127.0.0.1:8000";

  @Option(
      names = "--key",
      paramLabel = "KEY",
      defaultValue = "${env:BANYAN_KEY}",
      description = "Its API key (default: the environment's BANYAN_KEY).")
  private @Nullable String key;

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
      if (key != null && !key.isEmpty()) {
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
