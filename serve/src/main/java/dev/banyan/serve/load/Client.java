package dev.banyan.serve.load;

import dev.banyan.core.Json;
import dev.banyan.core.Nearest;
import dev.banyan.core.UserInputException;
import dev.banyan.serve.LoadAnswer;
import dev.banyan.serve.LoadRequest;
import dev.banyan.serve.LoadTarget;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** Asks one OpenAI server for streamed answers and times them. */
public final class Client {
  private static final Duration FINDING = Duration.ofSeconds(30);
  private static final int LONGEST_REFUSAL = 64 << 10;
  private static final double NANOS = 1e9;

  private final LoadTarget target;
  private final HttpClient http;
  private final String model;

  private Client(LoadTarget target, HttpClient http, String model) {
    this.target = target;
    this.http = http;
    this.model = model;
  }

  /**
   * Asks for the models.
   *
   * @throws UserInputException when nothing answers, it is no OpenAI server, or has no such model
   */
  public static Client find(LoadTarget target, HttpClient http) {
    Duration finding = target.patience().compareTo(FINDING) < 0 ? target.patience() : FINDING;
    HttpRequest request = to(target, "/models").timeout(finding).GET().build();
    HttpResponse<String> answer;
    try {
      answer = http.send(request, HttpResponse.BodyHandlers.ofString());
    } catch (SSLException e) {
      throw new UserInputException(
          "%s speaks no TLS that is trusted here (%s); --cert FILE names its certificate"
              .formatted(target.url(), e.getMessage()),
          e);
    } catch (IOException e) {
      throw new UserInputException("no server answers at " + target.url(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UserInputException("interrupted before " + target.url() + " answered", e);
    }
    if (answer.statusCode() == 401 || answer.statusCode() == 403) {
      throw new UserInputException(
          "%s %s: %s"
              .formatted(
                  target.url(),
                  target.key().isEmpty()
                      ? "wants a key, which --key KEY gives"
                      : "refuses the key that --key or BANYAN_KEY gives",
                  message(answer.body())));
    }
    List<String> models = new ArrayList<>();
    try {
      for (JsonNode each : Json.mapper().readTree(answer.body()).path("data")) {
        models.add(each.path("id").asString(""));
      }
    } catch (JacksonException e) {
      models.clear();
    }
    if (answer.statusCode() != 200 || models.isEmpty()) {
      throw new UserInputException(
          "%s is no OpenAI server: GET %s answers %d and lists no models"
              .formatted(target.url(), request.uri().getPath(), answer.statusCode()));
    }
    String model = target.model().isEmpty() ? models.getFirst() : target.model();
    // a gateway may serve more than it lists (adapters), so the first request decides; but a name
    // that is nearly one of the list is a slip
    if (!models.contains(model)) {
      String hint = Nearest.of(model, models).map(n -> "; did you mean '" + n + "'?").orElse("");
      if (!models.stream().anyMatch(known -> model.startsWith(known + ":"))) {
        throw new UserInputException(
            "%s has no model '%s'%s It has: %s"
                .formatted(
                    target.url(),
                    model,
                    hint.isEmpty() ? "." : hint,
                    String.join(", ", models.subList(0, Math.min(8, models.size())))));
      }
    }
    return new Client(target, http, model);
  }

  /** The model that is asked. */
  public String model() {
    return model;
  }

  Duration patience() {
    return target.patience();
  }

  /**
   * Asks for two tokens, which also wakes the server.
   *
   * @throws UserInputException when it does not answer such a request
   */
  public void requireAnswer() {
    LoadAnswer answer = askFirst(new LoadRequest(0, "hello", 2));
    if (!answer.answered()) {
      String hint =
          answer.reason().contains("ignore_eos") ? "; --may-end leaves that field out" : "";
      throw new UserInputException(
          "%s does not answer a first request: %s, %s%s"
              .formatted(target.url(), answer.failure(), answer.reason(), hint));
    }
  }

  /** The tokens of a prompt as the server counts them; 0 where it does not, or refuses it. */
  int promptTokens(String prompt) {
    LoadAnswer answer = askFirst(new LoadRequest(0, prompt, 1));
    return answer.answered() ? answer.promptTokens() : 0;
  }

  /** Asks outside of a run, no longer than a request of one may take. */
  private LoadAnswer askFirst(LoadRequest request) {
    var answer = new CompletableFuture<LoadAnswer>();
    Thread asking =
        Thread.ofVirtual()
            .start(
                () -> {
                  try {
                    answer.complete(ask(0, request, System.nanoTime()));
                  } catch (RuntimeException e) {
                    answer.completeExceptionally(e);
                  }
                });
    try {
      if (!asking.join(target.patience())) {
        asking.interrupt();
      }
    } catch (InterruptedException e) {
      asking.interrupt();
      Thread.currentThread().interrupt();
    }
    return answer.join();
  }

  /**
   * Asks and reads the whole stream. Never throws: what goes wrong is in the answer.
   *
   * @param due scheduled arrival, {@link System#nanoTime}
   */
  LoadAnswer ask(int number, LoadRequest request, long due) {
    var heard = new Heard(due);
    String failure = "";
    String reason = "";
    try {
      HttpRequest post =
          to(target, target.chat() ? "/chat/completions" : "/completions")
              .header("Content-Type", "application/json")
              .timeout(target.patience().compareTo(FINDING) > 0 ? target.patience() : FINDING)
              .POST(HttpRequest.BodyPublishers.ofString(body(request)))
              .build();
      HttpResponse<InputStream> answer = http.send(post, HttpResponse.BodyHandlers.ofInputStream());
      try (InputStream in = answer.body()) {
        if (answer.statusCode() == 200) {
          hear(in, heard);
          failure = heard.error != null ? "error in the stream" : heard.whole() ? "" : "cut off";
          reason = heard.error != null ? heard.error : "the answer is no whole stream of events";
        } else {
          failure = "HTTP " + answer.statusCode();
          reason = message(new String(in.readNBytes(LONGEST_REFUSAL), StandardCharsets.UTF_8));
        }
      }
    } catch (InterruptedException e) {
      failure = "timeout";
      reason = "no end after " + target.patience().toSeconds() + " s";
    } catch (IOException e) {
      boolean waited =
          e instanceof HttpTimeoutException
              || e.getCause() instanceof InterruptedException
              || Thread.interrupted();
      failure = waited ? "timeout" : heard.sent ? "cut off" : "no connection";
      reason = waited ? "no end after " + target.patience().toSeconds() + " s" : said(e);
    }
    return heard.answer(number, request, failure, failure.isEmpty() ? "" : reason);
  }

  private static HttpRequest.Builder to(LoadTarget target, String path) {
    var request = HttpRequest.newBuilder(target.at(path)).version(HttpClient.Version.HTTP_1_1);
    return target.key().isEmpty()
        ? request
        : request.header("Authorization", "Bearer " + target.key());
  }

  private String body(LoadRequest request) {
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("model", model);
    if (target.chat()) {
      body.put("messages", List.of(Map.of("role", "user", "content", request.prompt())));
    } else {
      body.put("prompt", request.prompt());
    }
    body.put("max_tokens", request.outputTokens());
    body.put("temperature", 0);
    body.put("stream", true);
    body.put("stream_options", Map.of("include_usage", true));
    if (!target.mayEnd()) {
      body.put("ignore_eos", true);
    }
    body.putAll(target.fields());
    return Json.mapper().writeValueAsString(body);
  }

  private void hear(InputStream in, Heard heard) throws IOException {
    heard.sent = true;
    var lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      if (!line.startsWith("data:")) {
        continue; // a comment that keeps the connection alive, an event's name, an event's end
      }
      String data = line.substring(5).strip();
      if (data.equals("[DONE]")) {
        heard.done = true;
        continue;
      }
      try {
        heard.chunk(Json.mapper().readTree(data), System.nanoTime());
      } catch (JacksonException e) {
        heard.error = "an event is no JSON: " + data.substring(0, Math.min(80, data.length()));
      }
    }
  }

  /** What an error object says, or the beginning of what came instead of one. */
  private static String message(String body) {
    String said;
    try {
      JsonNode tree = Json.mapper().readTree(body);
      said = tree.path("error").path("message").asString(tree.path("message").asString(""));
    } catch (JacksonException e) {
      said = "";
    }
    String all = (said.isEmpty() ? body : said).strip().replaceAll("\\s+", " ");
    return all.isEmpty() ? "no reason given" : all.substring(0, Math.min(200, all.length()));
  }

  private static String said(IOException e) {
    return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
  }

  /** What came of one stream so far. */
  private static final class Heard {
    private final long due;
    private final long begun = System.nanoTime();
    private final StringBuilder text = new StringBuilder();
    private boolean sent;
    private boolean done;
    private boolean finished;
    private @Nullable String error;
    private long first;
    private long last;
    private int pieces;
    private int promptTokens;
    private int outputTokens;

    Heard(long due) {
      this.due = due;
    }

    void chunk(JsonNode chunk, long now) {
      if (chunk.has("error") && !chunk.path("error").isNull()) {
        error = chunk.path("error").path("message").asString(chunk.path("error").toString());
        return;
      }
      JsonNode usage = chunk.path("usage");
      promptTokens = usage.path("prompt_tokens").asInt(promptTokens);
      outputTokens = usage.path("completion_tokens").asInt(outputTokens);
      JsonNode choice = chunk.path("choices").path(0);
      finished |= !choice.path("finish_reason").asString("").isEmpty();
      String piece =
          choice.path("text").asString(choice.path("delta").path("content").asString(""));
      if (!piece.isEmpty()) {
        text.append(piece);
        first = pieces == 0 ? now : first;
        last = now;
        pieces++;
      }
    }

    boolean whole() {
      return done || finished;
    }

    LoadAnswer answer(int number, LoadRequest request, String failure, String reason) {
      int tokens = outputTokens > 0 ? outputTokens : pieces;
      return new LoadAnswer(
          number,
          request.arrivalSeconds(),
          Math.max(0, begun - due) / NANOS,
          pieces == 0 ? Double.NaN : (first - due) / NANOS,
          tokens < 2 || pieces < 2 ? Double.NaN : (last - first) / NANOS / (tokens - 1),
          (System.nanoTime() - due) / NANOS,
          promptTokens,
          tokens,
          text.toString(),
          failure,
          reason);
    }
  }
}
