package dev.banyan.serve.remote;

import dev.banyan.core.Json;
import dev.banyan.model.StopText;
import dev.banyan.serve.http.Exchange;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * An answer after the backend it began at was lost or left: told further in the same stream, as
 * {@link Continuation}s at others, until it is whole.
 */
final class Resumed {
  private static final int MOST_HALVES = 4;
  private static final String HALF = "\uFFFD";

  private final Backends backends;
  private final Exchange exchange;
  private final AskedCompletion asked;
  private final String authorization;
  private final ClientStream told;
  private final List<Emitted> answers;
  private final Journey journey;

  /**
   * @param told what the client has already
   * @param journey that brought it there
   */
  Resumed(
      Backends backends,
      Exchange exchange,
      AskedCompletion asked,
      String authorization,
      ClientStream told,
      Journey journey) {
    this.backends = backends;
    this.exchange = exchange;
    this.asked = asked;
    this.authorization = authorization;
    this.told = told;
    this.answers = told.answers();
    this.journey = journey;
  }

  /** Tells the client the rest, or why there is none. */
  void goOn() throws IOException {
    if (told.isEmpty() ? anew() : allFurther()) {
      told.end();
    }
  }

  private boolean allFurther() throws IOException {
    for (Emitted each : answers) {
      while (!each.isOver()) {
        if (exchange.isGone() || !further(each)) {
          return false;
        }
      }
    }
    return true;
  }

  /** The same request once more, in a stream that has begun; false when the client was told why. */
  private boolean anew() throws IOException {
    while (answers.stream().anyMatch(each -> !each.isOver())) {
      if (answers.stream().anyMatch(each -> !each.isEmpty())) {
        return allFurther();
      }
      Journey.Visit visit = journey.next().orElse(null);
      if (visit == null) {
        told.fail(503, journey.why());
        return false;
      }
      try (visit) {
        Backend backend = visit.backend;
        answers.forEach(Emitted::cut);
        Backend.Model model = backends.model(backend, asked.model()).orElseThrow();
        byte[] sent = asked.sent(backend.kind, model.id());
        follow(visit, asked.path(), sent, answers, null);
      }
    }
    return true;
  }

  /** Goes on with one answer at another backend; false when the client was told why it ended. */
  private boolean further(Emitted emitted) throws IOException {
    Journey.Visit visit = journey.next().orElse(null);
    if (visit == null) {
      String why = journey.why();
      told.fail(502, "the backend of this answer was lost and it cannot go on elsewhere: " + why);
      return false;
    }
    try (visit) {
      further(emitted, visit);
    }
    return true;
  }

  private void further(Emitted emitted, Journey.Visit visit) throws IOException {
    Backend backend = visit.backend;
    BackendTokenizer words = visit.tokenizer();
    int length = emitted.length(); // with what the client has not, and the slot has
    StopText gate = null;
    Continuation way;
    try {
      words.learn(asked, emitted);
      if (!words.agrees(asked, emitted)) {
        if (journey.canReturn(visit)) {
          journey.impossible(visit, "the text of its token ids is another one");
          return;
        }
        emitted.forgetIds();
      }
      if (emitted.hasIds() && !asked.stops().isEmpty()) {
        gate = new StopText(asked.stops());
        release(emitted, words, gate);
      } else {
        emitted.cut();
      }
      int most = backends.model(backend, asked.model()).orElseThrow().mostTokens();
      way = Continuation.of(asked, emitted, backend.kind, most, template(words, emitted));
    } catch (ClientStream.ClientGoneException e) {
      throw e;
    } catch (IOException e) {
      journey.broken(visit, e, "its next backend was asked in vain: " + e.getMessage());
      return;
    }
    switch (way) {
      case Continuation.Impossible impossible -> journey.impossible(visit, impossible.why());
      case Continuation.Ended ended -> {
        journey.saved(visit);
        emitted.finish(ended.finish());
        told.tell(emitted, "", ended.finish(), Json.mapper().createObjectNode());
      }
      case Continuation.Further next -> {
        byte[] body = Json.mapper().writeValueAsBytes(next.body().put("model", words.model()));
        Optional<LlamaSlots.Filled> slot =
            journey
                .source()
                .filter(from -> !from.equals(backend))
                .flatMap(from -> backends.slots.move(from, backend, length));
        try {
          follow(visit, Continuation.COMPLETIONS, body, List.of(emitted), gate);
        } finally {
          slot.ifPresent(LlamaSlots.Filled::close);
        }
      }
    }
  }

  /** A conversation as text, where that is all another backend could be asked with. */
  private Optional<String> template(BackendTokenizer words, Emitted emitted) throws IOException {
    boolean written = asked.chat() && words.backend().kind == Kind.LLAMA_CPP;
    return written && !emitted.hasIds() && !emitted.isPromptStrange()
        ? Optional.of(words.template(asked))
        : Optional.empty();
  }

  /**
   * Tells the client text that its lost backend had computed and held back, since it could have
   * been the beginning of a stop string.
   */
  private void release(Emitted emitted, BackendTokenizer words, StopText gate) throws IOException {
    List<Integer> ids = new ArrayList<>(emitted.ids());
    for (int half = 0; half < MOST_HALVES && !ids.isEmpty(); half++) {
      String text = words.detokenized(ids);
      if (!text.startsWith(emitted.text())) {
        break;
      }
      // what the client has is whole, whatever it ends with
      String more = text.substring(emitted.text().length());
      if (!more.endsWith(HALF)) {
        emitted.ids().subList(ids.size(), emitted.ids().size()).clear();
        String rest = gate.add(more);
        emitted.keep(rest);
        if (!rest.isEmpty()) {
          told.tell(emitted, rest, "", Json.mapper().createObjectNode());
        }
        return;
      }
      ids.removeLast();
    }
    throw new IOException("the text of its token ids is another one");
  }

  /** Reads a stream and tells its parts as if they were of the client's first one. */
  private void follow(
      Journey.Visit visit, String path, byte[] sent, List<Emitted> of, @Nullable StopText gate)
      throws IOException {
    Kind kind = visit.backend.kind;
    boolean whole = of.size() == answers.size() && of.stream().allMatch(Emitted::isEmpty);
    var ids = whole ? IdReader.of(asked, kind) : IdReader.of(kind);
    int base = whole ? 0 : of.getFirst().tokens();
    try {
      HttpResponse<InputStream> answer = visit.ask(path, authorization, sent);
      if (answer.statusCode() != 200) {
        journey.refused(visit, "the next backend answers " + answer.statusCode());
        return;
      }
      journey.saved(visit);
      var events = new Events(answer.body());
      Optional<Events.Event> next = events.next();
      while (next.isPresent() && !next.get().data().equals("[DONE]")) {
        JsonNode part = next.get().part();
        if (Events.isFault(part)) {
          break;
        }
        if (!visit.takes()) {
          break;
        }
        if (whole) {
          answers.forEach(each -> each.prompt(part.path("prompt_token_ids")));
        }
        for (JsonNode choice : part.path("choices")) {
          int index = whole ? choice.path("index").asInt(0) : 0;
          if (choice instanceof ObjectNode node && index >= 0 && index < of.size()) {
            if (whole) {
              of.get(index).prompted(ids.promptTokens(part));
            }
            piece(node, ids.taken(part, node), of.get(index), whole && asked.chat(), gate);
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
        if (!over && visit.leaves()) {
          break;
        }
        next = events.next();
      }
      if (of.stream().anyMatch(each -> !each.isOver())) {
        journey.broken(visit, "its backend broke off");
      }
    } catch (ClientStream.ClientGoneException e) {
      throw e;
    } catch (IOException e) {
      if (of.stream().anyMatch(each -> !each.isOver())) {
        journey.broken(visit, e);
      }
    }
  }

  private void piece(
      ObjectNode choice, JsonNode ids, Emitted emitted, boolean chat, @Nullable StopText gate)
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
    emitted.take(choice, ids, chat);
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
