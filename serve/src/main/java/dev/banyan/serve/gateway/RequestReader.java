package dev.banyan.serve.gateway;

import dev.banyan.core.UserInputException;
import dev.banyan.model.ChatTemplate;
import dev.banyan.model.Conversation;
import dev.banyan.model.Sampling;
import dev.banyan.serve.engine.JsonSchema;
import dev.banyan.serve.http.BadRequestException;
import dev.banyan.serve.http.Exchange;
import dev.banyan.serve.http.JsonBody;
import dev.banyan.serve.http.WholeText;
import dev.banyan.serve.policy.PriorityClass;
import dev.banyan.serve.wire.TokenRequest;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Reads the JSON of completions: everything that a client may get wrong is refused here. Fields
 * that are not known are left alone, as servers of others do.
 */
record RequestReader(ServedModel served) {
  private static final int MOST_CHOICES = 64;
  private static final int MOST_LOGPROBS = 20;
  private static final int MOST_STOPS = 64;
  private static final int MOST_BIASED = 1024;
  private static final int MOST_TOKENIZED = 1 << 20;

  /** What the requests of one answer take on their way to engines, at most, about. */
  private static final long MOST_ASKED_BYTES = 32 << 20;

  private static final int MOST_QUOTED = 40;

  static JsonNode body(Exchange exchange) throws BadRequestException {
    ObjectNode body = JsonBody.read(exchange.body());
    WholeText.check(body);
    return body;
  }

  CompletionRequest read(Exchange exchange, boolean chat) throws BadRequestException {
    JsonNode body = body(exchange);
    CompletionRequest asked = settings(body, chat);
    List<int[]> prompts =
        chat
            ? List.of(conversation(body, asked.tools()))
            : prompts(body.path("prompt"), asked.choices());
    Manner manner = manner(exchange, body, asked);
    long bytes = 0;
    for (int[] prompt : prompts) {
      int unused = mostTokens(body, asked, prompt);
      bytes += asked.choices() * (manner.bytes() + 8L * prompt.length);
    }
    if (bytes > MOST_ASKED_BYTES) {
      throw new BadRequestException(
          400, "all answers together ask for too much at once; ask for fewer in one request");
    }
    List<TokenRequest> requests = new ArrayList<>();
    for (int[] prompt : prompts) {
      int most = mostTokens(body, asked, prompt);
      for (int n = 0; n < asked.choices(); n++) {
        requests.add(request(asked, manner, prompt, most, n));
      }
    }
    return asked.with(requests);
  }

  /** What all answers to one request have in common. */
  private record Manner(
      Sampling sampling,
      long seed,
      List<Integer> stopIds,
      Map<Integer, Double> logitBias,
      PriorityClass priority,
      String adapter,
      String schema) {
    Manner {
      stopIds = List.copyOf(stopIds);
      logitBias = Map.copyOf(logitBias);
    }

    /** About what it takes in each request. */
    long bytes() {
      return 512 + 24L * logitBias.size() + schema.length();
    }
  }

  private CompletionRequest settings(JsonNode body, boolean chat) throws BadRequestException {
    int n = Fields.integer(body, "n", 1, 1, MOST_CHOICES);
    boolean streams = Fields.flag(body, "stream");
    boolean echo = !chat && Fields.flag(body, "echo");
    if (echo && streams) {
      throw new BadRequestException(400, "echo cannot be streamed");
    }
    int logprobs;
    if (chat) {
      boolean wanted = Fields.flag(body, "logprobs");
      int likely = Fields.integer(body, "top_logprobs", 0, 0, MOST_LOGPROBS);
      if (likely > 0 && !wanted) {
        throw new BadRequestException(400, "'top_logprobs' needs 'logprobs' to be true");
      }
      logprobs = wanted ? likely : -1;
    } else {
      logprobs = Fields.integer(body, "logprobs", -1, 0, MOST_LOGPROBS);
    }
    List<String> stops = stops(body.path("stop"));
    String id = (chat ? "chatcmpl-" : "cmpl-") + Long.toHexString(System.nanoTime());
    boolean usage = Fields.flag(Fields.object(body, "stream_options"), "include_usage");
    Tools tools = chat ? Tools.of(body) : Tools.NONE;
    boolean ids = Fields.flag(body, "return_token_ids");
    String model = Fields.text(body, "model", served.name());
    return new CompletionRequest(
        model, tools, chat, streams, usage, echo, ids, n, logprobs, stops, id, List.of());
  }

  private static List<String> stops(JsonNode stop) throws BadRequestException {
    List<String> stops = new ArrayList<>();
    if (stop.isString()) {
      stops.add(stop.asString());
    } else if (stop.isArray()) {
      for (JsonNode each : stop) {
        if (!each.isString()) {
          throw new BadRequestException(400, "'stop' must be text or a list of texts");
        }
        stops.add(each.asString(""));
      }
    } else if (!stop.isMissingNode() && !stop.isNull()) {
      throw new BadRequestException(400, "'stop' must be text or a list of texts");
    }
    if (stops.size() > MOST_STOPS) {
      throw new BadRequestException(400, "at most 64 stop strings are taken");
    }
    return stops;
  }

  private int[] conversation(JsonNode body, Tools tools) throws BadRequestException {
    JsonNode messages = body.path("messages");
    if (!messages.isArray() || messages.isEmpty()) {
      throw new BadRequestException(400, "'messages' must be a list of at least one message");
    }
    ChatTemplate used =
        served
            .template()
            .orElseThrow(
                () ->
                    new UserInputException("the model has no chat template; use /v1/completions"));
    List<Map<String, ?>> all = Messages.of(messages);
    var conversation = new Conversation(all, tools.shown(), null, true, Map.of());
    String text = used.render(conversation).text();
    return served.prompt(text, false);
  }

  private List<int[]> prompts(JsonNode prompt, int choices) throws BadRequestException {
    List<int[]> all = new ArrayList<>();
    if (prompt.isString()) {
      all.add(served.prompt(prompt.asString(), true));
    } else if (prompt.isArray() && !prompt.isEmpty() && prompt.get(0).isNumber()) {
      all.add(ids(prompt));
    } else if (prompt.isArray() && !prompt.isEmpty()) {
      JsonBody.requireFew((long) prompt.size() * choices);
      for (JsonNode each : prompt) {
        all.add(each.isString() ? served.prompt(each.asString(), true) : ids(each));
      }
    } else {
      throw new BadRequestException(400, "'prompt' must be text, token ids, or a list of either");
    }
    return all;
  }

  /** Tokens of the text at {@code /tokenize}. */
  int[] tokenized(JsonNode body) throws BadRequestException {
    JsonNode text = body.path("prompt");
    if (!text.isString()) {
      throw new BadRequestException(400, "'prompt' must be text");
    }
    if (text.stringValue().length() > MOST_TOKENIZED) {
      throw new BadRequestException(
          400, String.format(Locale.ROOT, "the text has more than %,d characters", MOST_TOKENIZED));
    }
    boolean special = Fields.flag(body, "add_special_tokens", true);
    return served.encode(text.stringValue(), special);
  }

  int[] ids(JsonNode list) throws BadRequestException {
    if (!list.isArray()) {
      throw new BadRequestException(400, "token ids must be a list of whole numbers");
    }
    int[] ids = new int[list.size()];
    for (int i = 0; i < ids.length; i++) {
      JsonNode id = list.get(i);
      if (!id.isIntegralNumber()) {
        throw new BadRequestException(
            400, "token ids must be a list of whole numbers; one is " + shortened(id));
      }
      ids[i] = id.canConvertToInt() ? id.intValue() : -1;
      if (ids[i] < 0 || ids[i] >= served.engine().vocabulary()) {
        throw new BadRequestException(
            400,
            "token id %s is not in the vocabulary of %d"
                .formatted(shortened(id), served.engine().vocabulary()));
      }
    }
    return ids;
  }

  private static String shortened(JsonNode node) {
    String text = node.toString();
    return text.length() <= MOST_QUOTED ? text : text.substring(0, MOST_QUOTED) + "…";
  }

  /** How many tokens an answer may have. */
  private int mostTokens(JsonNode body, CompletionRequest asked, int[] prompt)
      throws BadRequestException {
    if (prompt.length == 0) {
      throw new BadRequestException(400, "the prompt is empty");
    }
    int room = served.engine().mostTokens() - prompt.length;
    String limit =
        body.hasNonNull("max_completion_tokens") ? "max_completion_tokens" : "max_tokens";
    int most =
        Fields.integer(
            body,
            limit,
            asked.chat() ? Math.max(1, room) : 16,
            asked.echo() ? 0 : 1,
            Fields.NO_MOST);
    if (most > room) {
      throw new BadRequestException(
          400,
          "the prompt has %d tokens and %d more were asked for; there is room for %d together"
              .formatted(prompt.length, most, served.engine().mostTokens()),
          "context_length_exceeded");
    }
    return most;
  }

  private Manner manner(Exchange exchange, JsonNode body, CompletionRequest asked)
      throws BadRequestException {
    var sampling =
        new Sampling(
            Fields.number(body, "temperature", served.usual().temperature()),
            Fields.integer(body, "top_k", served.usual().topK(), 0, Fields.NO_MOST),
            Fields.number(body, "top_p", served.usual().topP()),
            Fields.number(body, "min_p", served.usual().minP()),
            Fields.number(body, "repetition_penalty", served.usual().repetitionPenalty()),
            Fields.number(body, "presence_penalty", 0),
            Fields.number(body, "frequency_penalty", 0));
    return new Manner(
        sampling,
        seed(body.path("seed")),
        Fields.flag(body, "ignore_eos") ? List.of() : List.copyOf(served.stopIds()),
        bias(Fields.object(body, "logit_bias")),
        priority(exchange, body),
        adapter(asked.model()),
        asked.tools().schema().isEmpty()
            ? schema(Fields.object(body, "response_format"))
            : asked.tools().schema());
  }

  private static TokenRequest request(
      CompletionRequest asked, Manner manner, int[] prompt, int most, int n) {
    return new TokenRequest(
        prompt,
        manner.sampling,
        manner.seed + 0x9e3779b97f4a7c15L * n,
        most,
        manner.stopIds,
        manner.logitBias,
        asked.logprobs(),
        asked.echo() && asked.logprobs() >= 0,
        manner.priority,
        manner.adapter,
        manner.schema);
  }

  private Map<Integer, Double> bias(JsonNode weights) throws BadRequestException {
    if (weights.size() > MOST_BIASED) {
      throw new BadRequestException(
          400,
          "logit_bias has %d token ids, at most %d are taken"
              .formatted(weights.size(), MOST_BIASED));
    }
    Map<Integer, Double> bias = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> each : weights.properties()) {
      try {
        int id = Integer.parseInt(each.getKey());
        if (id < 0
            || id >= served.engine().vocabulary()
            || !each.getValue().isNumber()
            || !Double.isFinite(each.getValue().doubleValue())) {
          throw new BadRequestException(
              400, "logit_bias has a number for each of some token ids of the vocabulary");
        }
        bias.put(id, each.getValue().doubleValue());
      } catch (NumberFormatException e) {
        throw new BadRequestException(400, "logit_bias is by token id");
      }
    }
    return bias;
  }

  private static long seed(JsonNode seeded) throws BadRequestException {
    boolean unseeded = seeded.isMissingNode() || seeded.isNull();
    if (!unseeded && !(seeded.isIntegralNumber() && seeded.canConvertToLong())) {
      throw new BadRequestException(400, "'seed' must be a whole number");
    }
    return unseeded ? System.nanoTime() : seeded.longValue();
  }

  private static PriorityClass priority(Exchange exchange, JsonNode body)
      throws BadRequestException {
    String text = Fields.text(body, "priority", exchange.header("X-Priority"));
    if (text.isEmpty()) {
      return PriorityClass.NORMAL;
    }
    try {
      return PriorityClass.valueOf(text.toUpperCase(Locale.ROOT));
    } catch (IllegalArgumentException e) {
      throw new BadRequestException(400, "priority is low, normal or high");
    }
  }

  private String adapter(String model) throws BadRequestException {
    if (model.equals(served.name()) || model.isEmpty()) {
      return "";
    }
    if (model.startsWith(served.name() + ":")) {
      String adapter = model.substring(served.name().length() + 1);
      if (served.engine().adapters().contains(adapter)) {
        return adapter;
      }
    }
    throw new BadRequestException(
        404,
        "the model '" + model + "' is not served here; " + served.name() + " is",
        "model_not_found");
  }

  private static String schema(JsonNode format) throws BadRequestException {
    String schema =
        switch (Fields.text(format, "type", format.isMissingNode() ? "text" : "")) {
          case "text" -> "";
          case "json_object" -> "{}";
          case "json_schema" -> {
            JsonNode asked = format.path("json_schema").path("schema");
            if (!asked.isObject()) {
              throw new BadRequestException(
                  400,
                  "'response_format' of type json_schema needs an object at json_schema.schema");
            }
            yield asked.toString();
          }
          default ->
              throw new BadRequestException(
                  400, "the type of 'response_format' must be text, json_object or json_schema");
        };
    if (!schema.isEmpty()) {
      JsonSchema.check(schema);
    }
    return schema;
  }
}
