package dev.banyan.serve.http;

import dev.banyan.core.Json;
import dev.banyan.serve.ApiKeys;
import java.io.IOException;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Who may ask and how much of it: keys, their limits, pages of other sites, back-pressure. */
public final class Doorkeeper {
  private static final long NANOS_PER_SECOND = 1_000_000_000L;
  private static final long NANOS_PER_MINUTE = 60 * NANOS_PER_SECOND;

  private final Optional<ApiKeys> keys;
  private final @Nullable Spans spans;
  private final int mostOpen;
  private final LongSupplier nanos;

  /**
   * @param spans where stages of completions are written, or nowhere
   * @param mostOpen answers in the making; more are refused with 429
   */
  public Doorkeeper(Optional<ApiKeys> keys, @Nullable Spans spans, int mostOpen) {
    this(keys, spans, mostOpen, System::nanoTime);
  }

  Doorkeeper(Optional<ApiKeys> keys, @Nullable Spans spans, int mostOpen, LongSupplier nanos) {
    this.keys = keys;
    this.spans = spans;
    this.mostOpen = mostOpen;
    this.nanos = nanos;
  }

  /** Who was let in; without keys nobody in particular. */
  public record Guest(Optional<ApiKeys.Client> client) {
    /** Whether it may drain, resume and scale: with keys, if its line says so. */
    public boolean operates() {
      return client.isEmpty() || client.get().operator();
    }
  }

  /** Refuses who may not ask before a body is read. */
  static HttpServer.Gate gate(Optional<ApiKeys> keys) {
    return exchange -> {
      Guest unused = guest(keys, exchange);
    };
  }

  /** Who asks; empty when it was refused, which the client was told. */
  public Optional<Guest> guest(Exchange exchange) throws IOException {
    try {
      return Optional.of(guest(keys, exchange));
    } catch (BadRequestException e) {
      refuse(exchange, e.status, e.getMessage());
      return Optional.empty();
    }
  }

  private static Guest guest(Optional<ApiKeys> keys, Exchange exchange) throws BadRequestException {
    if (keys.isPresent()) {
      Optional<ApiKeys.Client> client = client(exchange, keys.get());
      if (client.isEmpty()) {
        throw new BadRequestException(
            401,
            exchange.header("Authorization").isEmpty()
                ? "a key is needed: 'Authorization: Bearer KEY'"
                : "the key is not known here");
      }
      return new Guest(client);
    }
    if (isForeign(exchange)) {
      throw new BadRequestException(403, "a page of another site may not ask here without a key");
    }
    if (!isOurName(exchange.header("Host"))) {
      throw new BadRequestException(
          403, "without keys it is asked as localhost or by its address only");
    }
    return new Guest(Optional.empty());
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

  /**
   * Lets a completion be answered unless a limit is reached, and counts what it came to.
   *
   * @param open answers in the making now
   */
  public void complete(Exchange exchange, Guest guest, int open, HttpServer.Handler api)
      throws IOException {
    long now = nanos.getAsLong();
    if (open >= mostOpen) {
      refuse(exchange, 429, "%d answers are in the making already; ask again".formatted(mostOpen));
      return;
    }
    ApiKeys.Client client = guest.client().orElse(null);
    if (client != null && keys.isPresent() && !keys.get().admit(client, minute(now))) {
      String why = "the limit of '" + client.name() + "' for this minute is reached";
      long left = NANOS_PER_MINUTE - Math.floorMod(now, NANOS_PER_MINUTE);
      exchange.send(429, "application/json", OpenAiError.of(429, why), 1 + left / NANOS_PER_SECOND);
      return;
    }
    try {
      api.answer(exchange);
    } finally {
      Trip trip = exchange.trip();
      if (client != null && keys.isPresent()) {
        long tokens = (long) trip.promptTokens() + trip.answerTokens();
        keys.get().spend(client, minute(nanos.getAsLong()), tokens);
      }
      if (spans != null) {
        spans.write(
            exchange.header("traceparent"),
            exchange.path(),
            trip.id,
            new Spans.Times(trip.arrived, trip.submitted, trip.firstToken, Trip.now()),
            Map.of(
                "gen_ai.usage.input_tokens", (long) trip.promptTokens(),
                "gen_ai.usage.output_tokens", (long) trip.answerTokens()));
      }
    }
  }

  /** Whether a guest may operate the server; else it is told that it may not. */
  public static boolean letsOperate(Exchange exchange, Guest guest) throws IOException {
    if (!guest.operates()) {
      refuse(
          exchange,
          403,
          "this key may ask, not operate: a line with 'operator' is needed, which"
              + " 'banyan serve key NAME --operator' makes");
    }
    return guest.operates();
  }

  private static long minute(long nanos) {
    return Math.floorDiv(nanos, NANOS_PER_MINUTE);
  }

  /** Answers with JSON. */
  public static void json(Exchange exchange, Object value) throws IOException {
    exchange.send(200, "application/json", Json.mapper().writeValueAsString(value));
  }

  /** Answers with an error as OpenAI has them. */
  public static void refuse(Exchange exchange, int status, @Nullable String why)
      throws IOException {
    exchange.send(status, "application/json", OpenAiError.of(status, why));
  }
}
