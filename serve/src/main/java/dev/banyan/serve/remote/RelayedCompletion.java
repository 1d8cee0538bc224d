package dev.banyan.serve.remote;

import dev.banyan.core.Json;
import dev.banyan.model.StopText;
import dev.banyan.serve.http.HttpServer.Exchange;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.http.HttpResponse;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * One completion on its way to a backend and back. While nothing happens the client gets the
 * backend's bytes. When the backend dies or is drained, the answer begins again elsewhere if the
 * client has nothing of it, and else goes on as a {@link Continuation} in the same stream.
 */
final class RelayedCompletion implements Backend.Stay {
  private static final int MOST_HALVES = 4;
  private static final String HALF = "\uFFFD";

  private final Backends backends;
  private final Exchange exchange;
  private final AskedCompletion asked;
  private final String authorization;
  private final ClientStream told;
  private final List<Emitted> answers;
  private final Set<Backend> tried = new HashSet<>();
  private String why = "no backend is up";
  private boolean secondChance = true;
  private boolean broke;
  private boolean drained;

  private volatile @Nullable Upstream upstream;
  private volatile @Nullable Backend at;
  private volatile boolean movable;
  private volatile boolean left;
  private volatile long id;
  private final AtomicInteger moves = new AtomicInteger();

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
    this.answers = told.answers();
    this.movable = asked.streams();
  }

  /** How a backend's part of an answer ended. */
  private enum End {
    DONE,
    BROKEN
  }

  // ---- while others watch

  @Override
  public void leave() {
    Backend now = at;
    if (movable && now != null && backends.hasOther(now, asked.model())) {
      left = true;
      lost();
    }
  }

  @Override
  public void lost() {
    Upstream now = upstream;
    if (now != null) {
      now.close();
    }
  }

  @Override
  public Optional<Backend.Shown> shown() {
    return Optional.of(new Backend.Shown(id, exchange.trip().answerTokens(), moves.get()));
  }

  // ---- the way

  /** Answers the client. */
  void run() throws IOException {
    id = backends.asked();
    exchange.onGone(this::lost);
    try {
      backends.requireServed(asked.model());
      while (!exchange.isGone()) {
        if (exchange.isStreaming()) {
          goOn();
          return;
        }
        Backend backend = next();
        if (backend == null) {
          told.fail(503, why);
          return;
        }
        if (begin(backend) == End.DONE) {
          return;
        }
      }
    } catch (ClientStream.ClientGoneException e) {
      // nobody to tell
    } finally {
      exchange.trip().prompted(told.promptTokens());
    }
  }

  /** Enters a backend; null when there is none to try. */
  private @Nullable Backend next() {
    Optional<Backend> found =
        backends.enter(this, asked.model(), asked.promptTokens(), Set.copyOf(tried));
    if (found.isEmpty() && secondChance && !tried.isEmpty()) {
      secondChance = false; // a connection kept from before may have been closed, no more than that
      tried.clear();
      found = backends.enter(this, asked.model(), asked.promptTokens(), Set.of());
    }
    at = found.orElse(null);
    return at;
  }

  /** The first try at a backend, and every further one while the client has nothing. */
  private End begin(Backend backend) throws IOException {
    left = false;
    Backend.Model model = backends.model(backend, asked.model()).orElseThrow();
    byte[] sent = asked.sent(backend.kind, model.id());
    try (Upstream now = backends.line.ask(backend.url, asked.path(), authorization, "POST", sent)) {
      enter(now, backend);
      HttpResponse<InputStream> answer = now.answer();
      String type = answer.headers().firstValue("Content-Type").orElse("application/json");
      if (type.startsWith("text/event-stream")) {
        saved();
        End end = pass(new Events(answer.body()), backend);
        if (end == End.BROKEN) {
          broken(backend, "its backend broke off");
        }
        return end;
      }
      Optional<byte[]> all = Upstream.whole(answer);
      int status = answer.statusCode();
      if ((status >= 500 || status == 429) && backends.hasOther(backend, asked.model())) {
        broken(backend, "its backend answers " + status);
        if (tried.size() < backends.all().size()) {
          return End.BROKEN;
        }
      }
      if (all.isEmpty()) {
        told.fail(502, Upstream.TOO_LONG);
        return End.DONE;
      }
      if (status < 500 && status != 429) {
        saved();
      }
      whole(status, type, all.get());
      return End.DONE;
    } catch (ClientStream.ClientGoneException e) {
      throw e;
    } catch (IOException e) {
      broken(backend, e);
      return End.BROKEN;
    } finally {
      leaveBackend(backend);
    }
  }

  private void enter(Upstream now, Backend backend) {
    upstream = now;
    if (exchange.isGone() || left || !backend.isUp()) {
      now.close();
    }
  }

  private void leaveBackend(Backend backend) {
    upstream = null;
    backend.exit(this);
  }

  private void broken(Backend backend, IOException e) {
    if (e instanceof ConnectException) {
      backend.down();
    }
    broken(backend, "its backend broke off");
  }

  private void broken(Backend backend, String reason) {
    if (exchange.isGone()) {
      return;
    }
    tried.add(backend);
    why = reason;
    broke = true;
    drained = left;
  }

  /** Another answers what the last one left: the break is counted now, not where it was final. */
  private void saved() {
    if (broke) {
      broke = false;
      backends.wentOn(drained);
      moves.incrementAndGet();
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
  private End pass(Events events, Backend backend) throws IOException {
    boolean hides = backend.kind.givesIds(asked.chat()) && !asked.wantsIds();
    Optional<Events.Event> next = events.next();
    while (next.isPresent()) {
      Events.Event event = next.get();
      if (event.data().equals("[DONE]")) {
        told.tell(event.bytes());
        return End.DONE;
      }
      JsonNode part = json(event.data());
      if (isFault(part)) {
        return End.BROKEN;
      }
      told.note(part);
      told.tell(hides ? TokenIds.hidden(event.bytes()) : event.bytes());
      movable = told.isMovable();
      if (backend.isDraining() && movable && backends.hasOther(backend, asked.model())) {
        left = true;
        return End.BROKEN;
      }
      next = events.next();
    }
    return End.BROKEN;
  }

  private static JsonNode json(String data) {
    try {
      return Json.mapper().readTree(data);
    } catch (JacksonException e) {
      return Json.mapper().createObjectNode();
    }
  }

  /** An error in a stream that is the server's, not the request's. */
  private static boolean isFault(JsonNode part) {
    JsonNode error = part.path("error");
    return error.isObject() && error.path("code").asInt(500) >= 500;
  }

  // ---- after a backend was lost

  private void goOn() throws IOException {
    if (told.isEmpty()) {
      if (!anew()) {
        return;
      }
    } else {
      for (Emitted each : answers) {
        while (!each.isOver()) {
          if (exchange.isGone() || !further(each)) {
            return;
          }
        }
      }
    }
    told.end();
  }

  /** The same request once more, in a stream that has begun; false when the client was told why. */
  private boolean anew() throws IOException {
    while (answers.stream().anyMatch(each -> !each.isOver())) {
      if (answers.stream().anyMatch(each -> !each.isEmpty())) {
        for (Emitted each : answers) {
          while (!each.isOver()) {
            if (exchange.isGone() || !further(each)) {
              return false;
            }
          }
        }
        return true;
      }
      Backend backend = next();
      if (backend == null) {
        told.fail(503, why);
        return false;
      }
      left = false;
      answers.forEach(Emitted::cut);
      Backend.Model model = backends.model(backend, asked.model()).orElseThrow();
      byte[] sent = asked.sent(backend.kind, model.id());
      follow(backend, asked.path(), sent, answers, null);
    }
    return true;
  }

  /** Goes on with one answer at another backend; false when the client was told why it ended. */
  private boolean further(Emitted emitted) throws IOException {
    Backend backend = next();
    if (backend == null) {
      told.fail(502, "the backend of this answer was lost and it cannot go on elsewhere: " + why);
      return false;
    }
    left = false;
    StopText gate = null;
    Continuation way;
    try {
      if (emitted.hasIds() && !asked.stops().isEmpty()) {
        gate = new StopText(asked.stops());
        release(emitted, backend, gate);
      } else {
        emitted.cut();
      }
      Backend.Model model = backends.model(backend, asked.model()).orElseThrow();
      way =
          Continuation.of(
              asked, emitted, backend.kind, model.mostTokens(), template(backend, emitted));
      if (way instanceof Continuation.Further further) {
        further.body().put("model", model.id());
      }
    } catch (ClientStream.ClientGoneException e) {
      throw e;
    } catch (IOException e) {
      leaveBackend(backend);
      broken(backend, e);
      return true;
    }
    switch (way) {
      case Continuation.Impossible impossible -> {
        leaveBackend(backend);
        tried.add(backend);
        secondChance = false;
        why = impossible.why();
      }
      case Continuation.Ended ended -> {
        leaveBackend(backend);
        saved();
        emitted.finish(ended.finish());
        told.tell(emitted, "", ended.finish(), Json.mapper().createObjectNode());
      }
      case Continuation.Further next -> {
        byte[] body = Json.mapper().writeValueAsBytes(next.body());
        follow(backend, Continuation.COMPLETIONS, body, List.of(emitted), gate);
      }
    }
    return true;
  }

  /**
   * Tells the client text that its lost backend had computed and held back, since it could have
   * been the beginning of a stop string.
   */
  private void release(Emitted emitted, Backend backend, StopText gate) throws IOException {
    for (int half = 0; half < MOST_HALVES; half++) {
      String text = detokenized(backend, emitted.ids());
      if (!text.startsWith(emitted.text())) {
        break;
      }
      if (!text.endsWith(HALF)) {
        String rest = gate.add(text.substring(emitted.text().length()));
        emitted.keep(rest);
        if (!rest.isEmpty()) {
          told.tell(emitted, rest, "", Json.mapper().createObjectNode());
        }
        return;
      }
      emitted.ids().removeLast();
    }
    throw new IOException("the text of its token ids is another one");
  }

  private String detokenized(Backend backend, List<Integer> ids) throws IOException {
    ObjectNode body = Json.mapper().createObjectNode();
    backends.model(backend, asked.model()).ifPresent(model -> body.put("model", model.id()));
    ArrayNode tokens = body.putArray("tokens");
    ids.forEach(tokens::add);
    HttpResponse<String> answer =
        backends.line.post(backend.url, "/detokenize", Json.mapper().writeValueAsBytes(body));
    JsonNode text = json(answer.body());
    for (String each : List.of("prompt", "text", "content")) {
      if (answer.statusCode() == 200 && text.path(each).isString()) {
        return text.path(each).asString();
      }
    }
    throw new IOException("/detokenize is not answered");
  }

  /** A conversation as llama.cpp would write it for the model. */
  private Optional<String> template(Backend backend, Emitted emitted) throws IOException {
    if (!asked.chat() || backend.kind != Kind.LLAMA_CPP || emitted.hasIds()) {
      return Optional.empty();
    }
    HttpResponse<String> answer = backends.line.post(backend.url, "/apply-template", asked.bytes());
    JsonNode prompt = json(answer.body()).path("prompt");
    return answer.statusCode() == 200 && prompt.isString()
        ? Optional.of(prompt.asString())
        : Optional.empty();
  }

  /** Reads a stream and tells its parts as if they were of the client's first one. */
  private void follow(
      Backend backend, String path, byte[] sent, List<Emitted> of, @Nullable StopText gate)
      throws IOException {
    boolean whole = of.size() == answers.size() && of.stream().allMatch(Emitted::isEmpty);
    int base = whole ? 0 : of.getFirst().tokens();
    try (Upstream now = backends.line.ask(backend.url, path, authorization, "POST", sent)) {
      enter(now, backend);
      HttpResponse<InputStream> answer = now.answer();
      if (answer.statusCode() != 200) {
        broken(backend, "the next backend answers " + answer.statusCode());
        return;
      }
      saved();
      var events = new Events(answer.body());
      Optional<Events.Event> next = events.next();
      while (next.isPresent() && !next.get().data().equals("[DONE]")) {
        JsonNode part = json(next.get().data());
        if (isFault(part)) {
          break;
        }
        if (whole) {
          answers.forEach(each -> each.prompt(part.path("prompt_token_ids")));
        }
        for (JsonNode choice : part.path("choices")) {
          int index = whole ? choice.path("index").asInt(0) : 0;
          if (choice instanceof ObjectNode node && index >= 0 && index < of.size()) {
            piece(node, of.get(index), path.equals(asked.path()) && asked.chat(), gate);
          }
        }
        JsonNode usage = part.path("usage");
        if (usage.isObject()) {
          told.prompted(usage.path("prompt_tokens").asInt(0) - base);
          if (of.size() == 1) {
            of.getFirst().counted(base + usage.path("completion_tokens").asInt(0));
          }
        }
        boolean over = of.stream().allMatch(Emitted::isOver);
        if (over && gate != null && gate.isStopped()) {
          return;
        }
        movable = told.isMovable();
        if (!over && backend.isDraining() && movable && backends.hasOther(backend, asked.model())) {
          left = true;
          break;
        }
        next = events.next();
      }
      if (of.stream().anyMatch(each -> !each.isOver())) {
        broken(backend, "its backend broke off");
      }
    } catch (ClientStream.ClientGoneException e) {
      throw e;
    } catch (IOException e) {
      if (of.stream().anyMatch(each -> !each.isOver())) {
        broken(backend, e);
      }
    } finally {
      leaveBackend(backend);
    }
  }

  private void piece(ObjectNode choice, Emitted emitted, boolean chat, @Nullable StopText gate)
      throws IOException {
    int before = emitted.tokens();
    if (gate != null) {
      String text = gate.add(choice.path("text").asString(""));
      boolean ends = !choice.path("finish_reason").asString("").isEmpty();
      text += ends && !gate.isStopped() ? gate.finish() : "";
      choice.put("text", text);
      if (gate.isStopped()) {
        choice.put("finish_reason", "stop");
      }
    }
    emitted.take(choice, chat);
    exchange.trip().tokens(Math.max(0, emitted.tokens() - before));
    String finish = choice.path("finish_reason").asString("");
    ObjectNode also = choice.deepCopy();
    also.remove(List.of("index", "finish_reason", "prompt_token_ids"));
    if (!asked.wantsIds()) {
      also.remove("token_ids");
    }
    if (chat) {
      if (also.path("delta") instanceof ObjectNode delta) {
        delta.remove("role");
        boolean silent = delta.isEmpty() || delta.path("content").asString("x").isEmpty();
        if (!silent || !finish.isEmpty()) {
          told.tell(emitted, also, finish);
        }
      }
      return;
    }
    String text = choice.path("text").asString("");
    also.remove("text");
    if (!text.isEmpty() || !finish.isEmpty() || also.path("logprobs").isObject()) {
      told.tell(emitted, text, finish, also);
    }
  }
}
