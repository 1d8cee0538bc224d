package dev.banyan.serve.http;

import dev.banyan.core.Json;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Error objects as OpenAI clients expect them. */
public final class OpenAiError {
  private OpenAiError() {}

  /** Answers with an error: as an event where a stream has begun, else as the whole answer. */
  public static void answer(Exchange exchange, int status, @Nullable String message, String code)
      throws IOException {
    String error = code.isEmpty() ? of(status, message) : of(status, message, code);
    if (exchange.isStreaming()) {
      exchange.event("data: " + error + "\n\n");
    } else {
      exchange.send(status, "application/json", error);
    }
  }

  /** With the code OpenAI has for the status, where it has one. */
  public static String of(int status, @Nullable String message) {
    String code =
        switch (status) {
          case 401 -> "invalid_api_key";
          case 429 -> "rate_limit_exceeded";
          default -> null;
        };
    return of(status, message, code);
  }

  /** An object {@code {"error": …}}. */
  public static String of(int status, @Nullable String message, @Nullable String code) {
    String type =
        switch (status) {
          case 401, 403 -> "authentication_error";
          case 429 -> "rate_limit_error";
          case 500, 502, 503 -> "server_error";
          default -> "invalid_request_error";
        };
    Map<String, Object> error = new LinkedHashMap<>();
    error.put("message", message == null ? "the request cannot be answered" : message);
    error.put("type", type);
    error.put("param", null);
    error.put("code", code);
    return Json.mapper().writeValueAsString(Map.of("error", error));
  }
}
