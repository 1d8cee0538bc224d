package dev.banyan.serve.gateway;

import dev.banyan.core.Json;
import dev.banyan.core.UserInputException;
import dev.banyan.model.StopText;
import dev.banyan.serve.http.BadRequestException;
import dev.banyan.serve.http.Exchange;
import dev.banyan.serve.http.Exposition;
import dev.banyan.serve.http.OpenAiError;
import dev.banyan.serve.http.Routes;
import dev.banyan.serve.wire.Token;
import dev.banyan.serve.wire.TokenRequest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The OpenAI HTTP API over a {@link LiveCluster}: text in and out, tokens in between. */
final class OpenAi {
  private static final int MOST_SHOWN = 512;
  private static final long HEARTBEAT_MILLIS = 10_000;

  private static final Routes ROUTES =
      new Routes(
          Set.of(
              "POST /v1/chat/completions",
              "POST /v1/completions",
              "GET /v1/models",
              "GET /",
              "GET /health",
              "GET /metrics",
              "GET /status",
              "POST /tokenize",
              "POST /detokenize",
              "GET /tokenizer_info",
              "POST /drain/",
              "POST /resume/",
              "POST /scale/",
              "GET /v1/models/"));

  private final LiveCluster cluster;
  private final ServedModel served;
  private final RequestReader reader;
  private final Logprobs logprobs;
  private final Metrics metrics;

  OpenAi(LiveCluster cluster, ServedModel served) {
    this.cluster = cluster;
    this.served = served;
    this.reader = new RequestReader(served);
    this.logprobs = new Logprobs(served.tokenizer());
    this.metrics = new Metrics(cluster);
  }

  void answer(Exchange exchange) throws IOException {
    try {
      route(exchange);
    } catch (BadRequestException e) {
      if (exchange.isGone()) {
        throw new IOException("the client went away", e);
      }
      OpenAiError.answer(exchange, e.status, e.getMessage(), e.code);
    } catch (UserInputException | IllegalArgumentException e) {
      // where the model lies is nobody's business outside
      String message = e.getMessage();
      fail(
          exchange,
          400,
          message == null ? null : message.replace(served.engine().model(), served.name()));
    } catch (LiveCluster.NobodyException e) {
      fail(exchange, 503, "no instance is up");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      fail(exchange, 503, "the server is stopping");
    } catch (RuntimeException e) {
      fail(exchange, 500, "the server could not answer");
    }
  }

  private static void fail(Exchange exchange, int status, @Nullable String message)
      throws IOException {
    OpenAiError.answer(exchange, status, message, "");
  }

  private void route(Exchange exchange) throws IOException, InterruptedException {
    String what = exchange.method() + " " + exchange.path();
    switch (what) {
      case "POST /v1/chat/completions" -> complete(exchange, true);
      case "POST /v1/completions" -> complete(exchange, false);
      case "GET /v1/models" ->
          json(
              exchange, Map.of("object", "list", "data", served.names().map(this::model).toList()));
      case "GET /health" -> health(exchange);
      case "GET /metrics" -> exchange.send(200, Exposition.TYPE, metrics.text());
      case "POST /tokenize" -> {
        int[] ids = reader.tokenized(RequestReader.body(exchange));
        json(
            exchange,
            Map.of(
                "tokens", ids, "count", ids.length, "max_model_len", served.engine().mostTokens()));
      }
      case "POST /detokenize" ->
          json(
              exchange,
              Map.of(
                  "prompt",
                  served
                      .tokenizer()
                      .decode(reader.ids(RequestReader.body(exchange).path("tokens")), false)));
      case "GET /tokenizer_info" -> json(exchange, tokenizerInfo());
      default -> {
        String asked = exchange.pathAfter("/v1/models/");
        if (what.startsWith("GET /v1/models/") && served.names().anyMatch(asked::equals)) {
          json(exchange, model(asked));
        } else if (what.startsWith("GET /v1/models/")) {
          String why = "the model '" + asked + "' is not served here";
          throw new BadRequestException(404, why, "model_not_found");
        } else {
          throw ROUTES.refusal(exchange);
        }
      }
    }
  }

  private static void json(Exchange exchange, Object value) throws IOException {
    exchange.send(200, "application/json", Json.mapper().writeValueAsString(value));
  }

  // ---- what the server is

  private Object model(String id) {
    return Map.of(
        "id",
        id,
        "object",
        "model",
        "created",
        0,
        "owned_by",
        "banyan",
        "max_model_len",
        served.engine().mostTokens());
  }

  private void health(Exchange exchange) throws IOException {
    long up = cluster.shown().stream().filter(LiveCluster.Shown::up).count();
    String text =
        Json.mapper()
            .writeValueAsString(
                Map.of(
                    "status",
                    up > 0 ? "ok" : "down",
                    "instances",
                    up,
                    "mode",
                    served.engine().mode()));
    exchange.send(up > 0 ? 200 : 503, "application/json", text);
  }

  /**
   * What is shown of the server.
   *
   * @param operates whether who asks may drain and scale
   */
  Object status(boolean operates) {
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("model", served.name());
    all.put("counts", cluster.counts());
    all.put("instances", cluster.shown());
    all.put("requests", cluster.shownRequests(MOST_SHOWN));
    all.put("operates", operates);
    return all;
  }

  private Object tokenizerInfo() {
    Map<String, Object> info = new LinkedHashMap<>();
    served
        .tokenizer()
        .bosId()
        .ifPresent(id -> info.put("bos_token", served.tokenizer().token(id).orElse("")));
    served
        .tokenizer()
        .eosId()
        .ifPresent(id -> info.put("eos_token", served.tokenizer().token(id).orElse("")));
    served.tokenizer().chatTemplate().ifPresent(text -> info.put("chat_template", text));
    return info;
  }

  // ---- completions

  private void complete(Exchange exchange, boolean chat) throws IOException, InterruptedException {
    CompletionRequest asked = reader.read(exchange, chat);
    var answer = new CompletionAnswer(asked, logprobs, System.currentTimeMillis() / 1000);
    var bell = new Semaphore(0);
    Set<Stream> open = ConcurrentHashMap.newKeySet();
    try {
      List<Choice> choices = new ArrayList<>();
      for (TokenRequest each : asked.requests()) {
        Stream stream = cluster.submit(each, bell);
        open.add(stream);
        int index = choices.size();
        choices.add(
            new Choice(
                index,
                stream,
                served.tokenizer().stream(true),
                new StopText(asked.stops()),
                asked.tools().reader(asked.id() + "_" + index)));
      }
      exchange.trip().submitted();
      exchange.trip().named(asked.id());
      exchange.trip().prompted(asked.promptTokens());
      exchange.onGone(() -> open.forEach(cluster::cancel));
      if (asked.stream()) {
        stream(exchange, answer, choices, bell);
      } else {
        for (Choice each : choices) {
          while (!each.isOver() && !exchange.isGone()) {
            Token token = each.stream.next(HEARTBEAT_MILLIS);
            if (token != null) {
              String unused = taken(exchange, each, token);
            }
          }
        }
        json(exchange, answer.whole(choices));
      }
    } finally {
      open.forEach(cluster::cancel);
    }
  }

  /** The text that is certain with a token. */
  private String taken(Exchange exchange, Choice choice, Token token) throws BadRequestException {
    if (token.finish() == Token.Finish.NONE || token.finish() == Token.Finish.LENGTH) {
      exchange.trip().token();
    }
    return choice.take(token, cluster);
  }

  private void stream(
      Exchange exchange, CompletionAnswer answer, List<Choice> choices, Semaphore bell)
      throws IOException, InterruptedException {
    CompletionRequest asked = answer.asked();
    List<Choice> open = new ArrayList<>(choices);
    if (asked.chat()) {
      for (Choice each : choices) {
        exchange.event(answer.chunk(each, Map.of("role", "assistant", "content", ""), null, null));
      }
    }
    long spoke = System.nanoTime();
    while (!open.isEmpty() && !exchange.isGone()) {
      boolean rung = bell.tryAcquire(HEARTBEAT_MILLIS, TimeUnit.MILLISECONDS);
      int unused = bell.drainPermits(); // all that is there is told now
      boolean told = false;
      for (boolean more = rung; more; ) {
        more = false;
        for (Choice each : List.copyOf(open)) { // one of each in turn
          Token token = each.stream.poll();
          if (token != null) {
            more = true;
            told |= tell(exchange, answer, each, token);
            if (each.isOver()) {
              open.remove(each);
            }
          }
        }
      }
      if (told) {
        spoke = System.nanoTime();
      } else if (System.nanoTime() - spoke > HEARTBEAT_MILLIS * 1_000_000) {
        exchange.event(": alive\n\n");
        spoke = System.nanoTime();
      }
    }
    if (asked.usage()) {
      exchange.event(answer.last(choices));
    }
    exchange.event("data: [DONE]\n\n");
  }

  /** Tells what a token brings; false when that is nothing yet. */
  private boolean tell(Exchange exchange, CompletionAnswer answer, Choice choice, Token token)
      throws IOException {
    CompletionRequest asked = answer.asked();
    boolean told = false;
    String piece = taken(exchange, choice, token);
    boolean tells = (asked.logprobs() >= 0 || asked.ids()) && token.finish() != Token.Finish.STOP;
    if (!piece.isEmpty() || tells) {
      Object delta = asked.chat() ? Map.of("content", piece) : piece;
      exchange.event(answer.chunk(choice, delta, tells ? token : null, null));
      told = true;
    }
    if (choice.isOver()) {
      if (choice.tools != null && !choice.tools.calls().isEmpty()) {
        var calls = Map.of("tool_calls", choice.tools.calls());
        exchange.event(answer.chunk(choice, calls, null, null));
      }
      exchange.event(answer.chunk(choice, asked.chat() ? Map.of() : "", null, choice.finish));
      told = true;
    }
    return told;
  }
}
