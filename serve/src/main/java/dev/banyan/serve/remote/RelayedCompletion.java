package dev.banyan.serve.remote;

import dev.banyan.core.Json;
import dev.banyan.serve.http.Exchange;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * One completion on its way to a backend and back. While nothing happens the client gets the
 * backend's bytes. When the backend dies or is drained, the answer begins again elsewhere if the
 * client has nothing of it, and else is {@link Resumed}.
 */
final class RelayedCompletion {
  private final Backends backends;
  private final Exchange exchange;
  private final AskedCompletion asked;
  private final String authorization;
  private final ClientStream told;

  /**
   * @param authorization the client's, for backends that look at it themselves
   */
  RelayedCompletion(
      Backends backends, Exchange exchange, AskedCompletion asked, String authorization) {
    this.backends = backends;
    this.exchange = exchange;
    this.asked = asked;
    this.authorization = authorization;
    this.told = new ClientStream(exchange, asked);
  }

  /** How a backend's part of an answer ended. */
  private enum End {
    DONE,
    BROKEN
  }

  /** Answers the client. */
  void run() throws IOException {
    var journey = new Journey(backends, exchange, asked, told);
    exchange.onGone(journey::end);
    try {
      backends.requireServed(asked.model());
      exchange.trip().submitted();
      while (!exchange.isGone()) {
        if (exchange.isStreaming()) {
          new Resumed(backends, exchange, asked, authorization, told, journey).goOn();
          return;
        }
        Journey.Visit visit = journey.next().orElse(null);
        if (visit == null) {
          told.fail(503, journey.why());
          return;
        }
        if (begin(visit, journey) == End.DONE) {
          return;
        }
      }
    } catch (Journey.EndedException e) {
      end();
    } catch (ClientStream.ClientGoneException e) {
      // nobody to tell
    } finally {
      exchange.trip().prompted(told.promptTokens());
    }
  }

  private void end() throws IOException {
    try {
      told.fail(503, Journey.EndedException.WHY);
    } catch (ClientStream.ClientGoneException e) {
      // nobody to tell
    }
  }

  /** The first try at a backend, and every further one while the client has nothing. */
  private End begin(Journey.Visit visit, Journey journey) throws IOException {
    try (visit) {
      Backend backend = visit.backend;
      Backend.Model model = backends.model(backend, asked.model()).orElseThrow();
      byte[] sent = asked.sent(backend.kind, model.id());
      HttpResponse<InputStream> answer = visit.ask(asked.path(), authorization, sent);
      String type = answer.headers().firstValue("Content-Type").orElse("application/json");
      if (type.startsWith("text/event-stream")) {
        journey.saved(visit);
        End end = pass(new Events(answer.body()), visit);
        if (end == End.BROKEN) {
          journey.broken(visit, "its backend broke off");
        }
        return end;
      }
      Optional<byte[]> all = Upstream.whole(answer);
      int status = answer.statusCode();
      boolean fails = status >= 500 || status == 429;
      if ((fails && journey.hasOther(visit)) || (status >= 400 && journey.canReturn(visit))) {
        journey.refused(visit, "its backend answers " + status);
        return End.BROKEN;
      }
      if (all.isEmpty()) {
        told.fail(502, Upstream.TOO_LONG);
        return End.DONE;
      }
      if (!fails) {
        journey.saved(visit);
      }
      whole(status, type, all.get());
      return End.DONE;
    } catch (ClientStream.ClientGoneException e) {
      throw e;
    } catch (IOException e) {
      journey.broken(visit, e);
      return End.BROKEN;
    }
  }

  private void whole(int status, String type, byte[] all) throws IOException {
    try {
      JsonNode answer = Json.mapper().readTree(all);
      JsonNode usage = answer.path("usage");
      exchange.trip().named(answer.path("id").asString(""));
      told.prompted(usage.path("prompt_tokens").asInt(0));
      exchange.trip().counted(usage.path("completion_tokens").asInt(0));
    } catch (JacksonException e) {
      // it is passed on as it is
    }
    try {
      exchange.send(status, type, all, 1);
    } catch (IOException e) {
      throw new ClientStream.ClientGoneException(e);
    }
  }

  /** Passes a stream on, byte by byte but for ids nobody asked for, and keeps account of it. */
  private End pass(Events events, Journey.Visit visit) throws IOException {
    var ids = IdReader.of(asked, visit.backend.kind);
    Optional<Events.Event> next = events.next();
    while (next.isPresent()) {
      Events.Event event = next.get();
      if (event.data().equals("[DONE]")) {
        told.tell(event.bytes());
        return End.DONE;
      }
      JsonNode part = event.part();
      if (Events.isFault(part)) {
        return End.BROKEN;
      }
      if (!visit.takes()) {
        return End.BROKEN;
      }
      told.note(part, ids);
      told.tell(ids.shown(event.bytes(), part));
      if (visit.leaves()) {
        return End.BROKEN;
      }
      next = events.next();
    }
    return End.BROKEN;
  }
}
