package dev.banyan.serve;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.banyan.core.Json;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import tools.jackson.databind.JsonNode;

/** A server of other people's make: it streams a prompt's own words back, or misbehaves. */
final class FakeOpenAi implements AutoCloseable {
  /** What it does with a completion that it was asked for. */
  interface Behaviour {
    void answer(JsonNode asked, HttpExchange exchange) throws IOException, InterruptedException;
  }

  final Queue<JsonNode> asked = new ConcurrentLinkedQueue<>();
  private final HttpServer server;
  private volatile Behaviour behaviour = FakeOpenAi::stream;
  private volatile String models = "{\"data\": [{\"id\": \"parrot\"}, {\"id\": \"crow\"}]}";
  private volatile int modelsStatus = 200;

  FakeOpenAi() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext("/v1/models", exchange -> send(exchange, modelsStatus, models));
    server.createContext("/v1/completions", this::complete);
    server.createContext("/v1/chat/completions", this::complete);
    server.start();
  }

  String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  void behave(Behaviour other) {
    behaviour = other;
  }

  void listModels(int status, String body) {
    modelsStatus = status;
    models = body;
  }

  private void complete(HttpExchange exchange) throws IOException {
    JsonNode body = Json.mapper().readTree(exchange.getRequestBody().readAllBytes());
    asked.add(body);
    try {
      behaviour.answer(body, exchange);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      exchange.close();
    }
  }

  /** The words of the prompt one by one, as many as were asked for. */
  static void stream(JsonNode asked, HttpExchange exchange) throws IOException {
    int tokens = asked.path("max_tokens").asInt();
    try (OutputStream out = open(exchange)) {
      event(out, ": alive");
      for (int i = 0; i < tokens; i++) {
        event(out, "data: " + piece(asked, word(asked, i), ""));
      }
      event(out, "data: " + piece(asked, "", "length"));
      Map<String, Object> usage =
          Map.of("prompt_tokens", 3 + 2 * words(asked).length, "completion_tokens", tokens);
      event(out, "data: " + json(Map.of("choices", List.of(), "usage", usage)));
      event(out, "data: [DONE]");
    }
  }

  /** The answer that {@link #stream} gives. */
  static String echo(String prompt, int tokens) {
    var text = new StringBuilder();
    String[] words = prompt.split(" ", -1);
    for (int i = 0; i < tokens; i++) {
      text.append(words[i % words.length]).append(' ');
    }
    return text.toString();
  }

  static OutputStream open(HttpExchange exchange) throws IOException {
    exchange.getResponseHeaders().set("Content-Type", "text/event-stream");
    exchange.sendResponseHeaders(200, 0);
    return exchange.getResponseBody();
  }

  static void event(OutputStream out, String line) {
    try {
      out.write((line + "\n\n").getBytes(StandardCharsets.UTF_8));
      out.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static void send(HttpExchange exchange, int status, String body) throws IOException {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(status, bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  static String piece(JsonNode asked, String text, String finish) {
    Map<String, Object> choice =
        asked.has("messages")
            ? Map.of("delta", Map.of("content", text), "finish_reason", finish)
            : Map.of("text", text, "finish_reason", finish);
    return json(Map.of("choices", List.of(choice)));
  }

  static String word(JsonNode asked, int index) {
    String[] words = words(asked);
    return words[index % words.length] + " ";
  }

  static String prompt(JsonNode asked) {
    return asked.has("messages")
        ? asked.path("messages").path(0).path("content").asString()
        : asked.path("prompt").asString();
  }

  private static String[] words(JsonNode asked) {
    return prompt(asked).split(" ", -1);
  }

  private static String json(Object value) {
    return Json.mapper().writeValueAsString(value);
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
