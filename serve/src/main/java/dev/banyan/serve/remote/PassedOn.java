package dev.banyan.serve.remote;

import dev.banyan.core.Json;
import dev.banyan.serve.http.BadRequestException;
import dev.banyan.serve.http.Exchange;
import dev.banyan.serve.http.JsonBody;
import dev.banyan.serve.http.OpenAiError;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.util.Optional;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A request that goes to a backend as it came, but for the model's name there, and whose answer
 * comes back as it is. It is short: a drained backend finishes it, and one that is lost ends it.
 */
final class PassedOn {
  private final Backends backends;
  private final Exchange exchange;
  private final String authorization;

  /**
   * @param authorization the client's, for backends that look at it themselves
   */
  PassedOn(Backends backends, Exchange exchange, String authorization) {
    this.backends = backends;
    this.exchange = exchange;
    this.authorization = authorization;
  }

  /** Asks about texts and tokens, which costs next to nothing. */
  void pass() throws IOException {
    pass(false);
  }

  /** Asks for what the model computes, which counts as an answer and has tokens. */
  void compute() throws IOException {
    pass(true);
  }

  private void pass(boolean computes) throws IOException {
    ObjectNode body = Json.mapper().createObjectNode();
    String model = "";
    if (exchange.method().equals("POST")) {
      body = JsonBody.read(exchange.body());
      model = AskedCompletion.model(body);
      backends.requireServed(model);
    }
    Place place =
        backends
            .enter(backend -> new Place(backend, computes ? 1 : 0), model, 0, Set.of())
            .orElseThrow(() -> new BadRequestException(503, "no backend is up"));
    try (place) {
      String there = backends.model(place.backend, model).orElseThrow().id();
      byte[] sent = AskedCompletion.sent(exchange.body(), body, there);
      if (computes) {
        exchange.trip().submitted();
      }
      HttpResponse<InputStream> answer;
      Optional<byte[]> all;
      try {
        answer = place.ask(sent);
        all = Upstream.whole(answer);
      } catch (IOException e) {
        throw exchange.isGone() ? e : failure(place.backend);
      }
      if (all.isEmpty()) {
        OpenAiError.answer(exchange, 502, Upstream.TOO_LONG, "");
        return;
      }
      if (computes) {
        account(all.get());
      }
      String type = answer.headers().firstValue("Content-Type").orElse("application/json");
      exchange.send(answer.statusCode(), type, all.get(), 1);
    }
  }

  private BadRequestException failure(Backend backend) {
    return backends.isEnding()
        ? new BadRequestException(503, Journey.EndedException.WHY)
        : new BadRequestException(
            502, backend.isUp() ? "its backend broke off" : "its backend does not answer any more");
  }

  private void account(byte[] all) {
    try {
      JsonNode answer = Json.mapper().readTree(all);
      JsonNode usage = answer.path("usage");
      exchange.trip().named(answer.path("id").asString(""));
      int tokens = usage.path("prompt_tokens").asInt(usage.path("total_tokens").asInt(0));
      exchange.trip().prompted(tokens);
    } catch (JacksonException e) {
      // it is passed on as it is
    }
  }

  /** The time at the backend. */
  private final class Place extends OpenVisit {
    private final int answers;

    private Place(Backend backend, int answers) {
      super(backend);
      this.answers = answers;
    }

    private HttpResponse<InputStream> ask(byte[] body) throws IOException {
      Upstream now =
          backends.line.ask(backend.url, exchange.path(), authorization, exchange.method(), body);
      opens(now);
      exchange.onGone(now::close);
      if (backends.isEnding() || !backend.isUp()) {
        now.close();
      }
      return now.answer();
    }

    @Override
    public void leave() {}

    @Override
    public int answers() {
      return answers;
    }
  }
}
