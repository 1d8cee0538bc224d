package dev.banyan.serve.gateway;

import dev.banyan.core.Json;
import dev.banyan.core.UserInputException;
import dev.banyan.serve.ApiKeys;
import dev.banyan.serve.gateway.HttpServer.Exchange;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Who may ask for what and how much of it; the page; draining and scaling. */
final class FrontDoor {
  private static final long NANOS_PER_SECOND = 1_000_000_000L;
  private static final long NANOS_PER_MINUTE = 60 * NANOS_PER_SECOND;

  private final OpenAi api;
  private final Server server;
  private final LiveCluster cluster;
  private final @Nullable ApiKeys keys;
  private final @Nullable Spans spans;
  private final int mostOpen;
  private final String page;

  FrontDoor(
      OpenAi api,
      Server server,
      LiveCluster cluster,
      @Nullable ApiKeys keys,
      @Nullable Spans spans,
      int mostOpen)
      throws IOException {
    this.api = api;
    this.server = server;
    this.cluster = cluster;
    this.keys = keys;
    this.spans = spans;
    this.mostOpen = mostOpen;
    try (InputStream in = FrontDoor.class.getResourceAsStream("page.html")) {
      if (in == null) {
        throw new IOException("page.html is not on the class path");
      }
      this.page = new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  void answer(Exchange exchange) throws IOException {
    String what = exchange.method() + " " + exchange.path();
    switch (what) {
      case "GET /" -> exchange.send(200, "text/html; charset=utf-8", page);
      case "GET /health" -> {
        if (server.isStopping()) {
          refuse(exchange, 503, "the server is stopping");
        } else {
          api.answer(exchange);
        }
      }
      default -> {
        ApiKeys.Client client = null;
        if (keys != null) {
          client = client(exchange, keys).orElse(null);
          if (client == null) {
            refuse(
                exchange,
                401,
                exchange.header("Authorization").isEmpty()
                    ? "a key is needed: 'Authorization: Bearer KEY'"
                    : "the key is not known here");
            return;
          }
        } else if (isForeign(exchange)) {
          refuse(exchange, 403, "a page of another site may not ask here without a key");
          return;
        } else if (!isOurName(exchange.header("Host"))) {
          refuse(exchange, 403, "without keys it is asked as localhost or by its address only");
          return;
        }
        admitted(exchange, what, client);
      }
    }
  }

  private static Optional<ApiKeys.Client> client(Exchange exchange, ApiKeys keys) {
    String header = exchange.header("Authorization");
    return header.regionMatches(true, 0, "Bearer ", 0, 7)
        ? keys.client(header.substring(7).strip())
        : Optional.empty();
  }

  /** Without keys any page a browser has open could ask; browsers say where such requests start. */
  private static boolean isForeign(Exchange exchange) {
    String origin = exchange.header("Origin");
    return !origin.isEmpty() && !origin.endsWith("//" + exchange.header("Host"));
  }

  /**
   * Whether a page's host is this machine by a name no one else can give it: a foreign name that
   * was made to lead here would have its pages pass for ours.
   */
  private static boolean isOurName(String host) {
    String name = host.replaceFirst(":\\d*$", "").toLowerCase(Locale.ROOT);
    return name.isEmpty()
        || name.equals("localhost")
        || name.endsWith(".localhost")
        || name.equals("[::1]")
        || name.matches("127(\\.\\d{1,3}){3}");
  }

  private void admitted(Exchange exchange, String what, ApiKeys.@Nullable Client client)
      throws IOException {
    if (exchange.method().equals("POST") && operate(exchange)) {
      return;
    }
    boolean completes =
        what.equals("POST /v1/chat/completions") || what.equals("POST /v1/completions");
    if (!completes) {
      api.answer(exchange);
      return;
    }
    long now = System.nanoTime();
    long minute = Math.floorDiv(now, NANOS_PER_MINUTE);
    if (server.isStopping()) {
      refuse(exchange, 503, "the server is stopping");
      return;
    }
    if (cluster.open() >= mostOpen) {
      refuse(exchange, 429, "%d answers are in the making already; ask again".formatted(mostOpen));
      return;
    }
    if (client != null && keys != null && !keys.admit(client, minute)) {
      String why = "the limit of '" + client.name() + "' for this minute is reached";
      long left = NANOS_PER_MINUTE - Math.floorMod(now, NANOS_PER_MINUTE);
      exchange.send(429, "application/json", OpenAiError.of(429, why), 1 + left / NANOS_PER_SECOND);
      return;
    }
    try {
      api.answer(exchange);
    } finally {
      Trip trip = exchange.trip();
      if (client != null && keys != null) {
        keys.spend(client, minute, (long) trip.promptTokens + trip.answerTokens());
      }
      if (spans != null) {
        spans.write(
            exchange.header("traceparent"),
            exchange.path(),
            trip.id,
            new Spans.Times(trip.arrived, trip.submitted, trip.firstToken, Trip.now()),
            Map.of(
                "gen_ai.usage.input_tokens", (long) trip.promptTokens,
                "gen_ai.usage.output_tokens", (long) trip.answerTokens()));
      }
    }
  }

  /** Draining and scaling; false when something else was asked for. */
  private boolean operate(Exchange exchange) throws IOException {
    String[] parts = exchange.path().split("/");
    if (parts.length != 3) {
      return false;
    }
    try {
      switch (parts[1]) {
        case "drain", "resume" -> {
          int id = Integer.parseInt(parts[2]);
          boolean now = parts[1].equals("drain");
          if (!server.drain(id, now)) {
            refuse(exchange, 404, "there is no instance " + id);
          } else {
            json(exchange, Map.of("instance", id, "draining", now, "requests", server.owned(id)));
          }
        }
        case "scale" -> {
          server.scale(Integer.parseInt(parts[2]));
          json(exchange, Map.of("instances", cluster.taking()));
        }
        default -> {
          return false;
        }
      }
    } catch (NumberFormatException e) {
      refuse(exchange, 400, "'" + parts[2] + "' is no number");
    } catch (UserInputException e) {
      refuse(exchange, 400, e.getMessage());
    }
    return true;
  }

  private static void json(Exchange exchange, Object value) throws IOException {
    exchange.send(200, "application/json", Json.mapper().writeValueAsString(value));
  }

  private static void refuse(Exchange exchange, int status, @Nullable String why)
      throws IOException {
    exchange.send(status, "application/json", OpenAiError.of(status, why));
  }
}
