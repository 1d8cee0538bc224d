package dev.banyan.serve.remote;

import dev.banyan.core.Json;
import java.util.HashMap;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.MissingNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Reads the token ids out of one stream, and takes out of it what the client did not ask for.
 * llama.cpp tells one id a part and sends nothing for a token that ends within a character, but
 * counts on: such a token is known to be missing.
 */
final class IdReader {
  /** Stands for a token that was counted and not told. */
  static final int UNTOLD = -1;

  private final IdSource source;
  private final boolean hides;
  private final Map<Integer, Integer> counted = new HashMap<>();

  private IdReader(IdSource source, boolean hides) {
    this.source = source;
    this.hides = hides;
  }

  /** Of the answer to a client's own request. */
  static IdReader of(AskedCompletion asked, Kind kind) {
    IdSource source = kind.ids(asked.chat());
    boolean added = !source.fields(asked).isEmpty();
    return switch (source) {
      case NONE -> new IdReader(source, false);
      case RETURNED -> new IdReader(source, !asked.wantsIds());
      case VERBOSE ->
          added || asked.body().path("verbose").asBoolean(false)
              ? new IdReader(source, added)
              : new IdReader(IdSource.NONE, false);
      case PROBABILITIES -> new IdReader(added ? source : IdSource.NONE, added);
    };
  }

  /** Of a {@link Continuation}, which asks for all there is. */
  static IdReader of(Kind kind) {
    return new IdReader(kind.ids(false), false);
  }

  /** Ids of a choice of a part, {@link #UNTOLD} among them; missing where none are told. */
  JsonNode ids(JsonNode part, JsonNode choice) {
    return switch (source) {
      case NONE -> MissingNode.getInstance();
      case RETURNED -> choice.path("token_ids");
      case VERBOSE -> {
        JsonNode verbose = part.path("__verbose");
        yield whole(verbose.path("tokens"), verbose.path("tokens_predicted"), choice);
      }
      case PROBABILITIES -> {
        ArrayNode told = Json.mapper().createArrayNode();
        for (JsonNode each : choice.path("logprobs").path("content")) {
          told.add(each.path("id"));
        }
        yield whole(told, part.path("timings").path("predicted_n"), choice);
      }
    };
  }

  /** The same, and what the client did not ask for is not in the choice any more. */
  JsonNode taken(JsonNode part, ObjectNode choice) {
    JsonNode all = ids(part, choice);
    if (hides && source == IdSource.PROBABILITIES) {
      choice.remove("logprobs");
    }
    return all;
  }

  private JsonNode whole(JsonNode told, JsonNode count, JsonNode choice) {
    if (told.isEmpty() || !count.isIntegralNumber()) {
      return MissingNode.getInstance();
    }
    int index = choice.path("index").asInt(0);
    int untold = count.asInt() - counted.getOrDefault(index, 0) - told.size();
    counted.put(index, count.asInt());
    if (untold < 0) {
      return MissingNode.getInstance();
    }
    ArrayNode all = Json.mapper().createArrayNode();
    for (int i = 0; i < untold; i++) {
      all.add(UNTOLD);
    }
    told.forEach(all::add);
    return all;
  }

  /** Tokens of the prompt of a part's choice; 0 where they are not counted. */
  int promptTokens(JsonNode part) {
    JsonNode timings = part.path("timings");
    return switch (source) {
      case NONE, RETURNED -> 0;
      case VERBOSE -> part.path("__verbose").path("tokens_evaluated").asInt(0);
      case PROBABILITIES -> timings.path("prompt_n").asInt(0) + timings.path("cache_n").asInt(0);
    };
  }

  /**
   * The bytes of a part as they had come if nothing had been asked for besides.
   *
   * @param part what they say
   */
  byte[] shown(byte[] event, JsonNode part) {
    if (!hides) {
      return event;
    }
    return switch (source) {
      case NONE -> event;
      case RETURNED -> TokenIds.hidden(event);
      case VERBOSE -> part.has("__verbose") ? JsonBytes.without(event, "__verbose", 1) : event;
      // timings at the end are for everybody
      case PROBABILITIES ->
          part.path("choices").path(0).path("finish_reason").isNull()
              ? JsonBytes.without(JsonBytes.without(event, "logprobs", 3), "timings", 1)
              : event;
    };
  }
}
