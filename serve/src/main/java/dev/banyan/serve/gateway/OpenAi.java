package dev.banyan.serve.gateway;

import dev.banyan.core.Json;
import dev.banyan.core.UserInputException;
import dev.banyan.model.ChatTemplate;
import dev.banyan.model.Conversation;
import dev.banyan.model.Sampling;
import dev.banyan.model.StopText;
import dev.banyan.model.StreamingDecoder;
import dev.banyan.model.Tokenizer;
import dev.banyan.serve.engine.JsonSchema;
import dev.banyan.serve.http.HttpServer.BadRequestException;
import dev.banyan.serve.http.HttpServer.Exchange;
import dev.banyan.serve.http.OpenAiError;
import dev.banyan.serve.http.WholeText;
import dev.banyan.serve.policy.PriorityClass;
import dev.banyan.serve.wire.Say;
import dev.banyan.serve.wire.Token;
import dev.banyan.serve.wire.TokenRequest;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** The OpenAI HTTP API over a {@link LiveCluster}: text in and out, tokens in between. */
final class OpenAi {
  private static final int MOST_CHOICES = 64;
  private static final int MOST_LOGPROBS = 20;
  private static final int MOST_SHOWN = 512;
  private static final long HEARTBEAT_MILLIS = 10_000;

  private final LiveCluster cluster;
  private final Tokenizer tokenizer;
  private final Optional<ChatTemplate> template;
  private final Sampling usual;
  private final Set<Integer> stopIds;
  private final Say.Ready engine;
  private final String name;

  OpenAi(
      LiveCluster cluster,
      Tokenizer tokenizer,
      Optional<ChatTemplate> template,
      Sampling usual,
      Set<Integer> stopIds,
      Say.Ready engine,
      String name) {
    this.cluster = cluster;
    this.tokenizer = tokenizer;
    this.template = template;
    this.usual = usual;
    this.stopIds = stopIds;
    this.engine = engine;
    this.name = name;
  }

  void answer(Exchange exchange) throws IOException {
    try {
      route(exchange);
    } catch (BadRequestException e) {
      OpenAiError.answer(exchange, e.status, e.getMessage(), e.code);
    } catch (UserInputException | IllegalArgumentException e) {
      // where the model lies is nobody's business outside
      String message = e.getMessage();
      fail(exchange, 400, message == null ? null : message.replace(engine.model(), name));
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
          json(exchange, Map.of("object", "list", "data", names().map(this::model).toList()));
      case "GET /health" -> health(exchange);
      case "GET /metrics" -> exchange.send(200, "text/plain; version=0.0.4", metrics());
      case "GET /status" -> json(exchange, status());
      case "POST /tokenize" -> {
        JsonNode body = body(exchange);
        boolean special = body.path("add_special_tokens").asBoolean(true);
        int[] ids = tokenizer.encode(body.path("prompt").asString(""), special);
        json(
            exchange,
            Map.of("tokens", ids, "count", ids.length, "max_model_len", engine.mostTokens()));
      }
      case "POST /detokenize" ->
          json(
              exchange,
              Map.of("prompt", tokenizer.decode(ids(body(exchange).path("tokens")), false)));
      case "GET /tokenizer_info" -> json(exchange, tokenizerInfo());
      default -> {
        String asked =
            URLDecoder.decode(
                exchange.path().replaceFirst("^/v1/models/", "").replace("+", "%2B"),
                StandardCharsets.UTF_8);
        if (what.startsWith("GET /v1/models/") && names().anyMatch(asked::equals)) {
          json(exchange, model(asked));
        } else if (what.startsWith("GET /v1/models/")) {
          String why = "the model '" + asked + "' is not served here";
          throw new BadRequestException(404, why, "model_not_found");
        } else {
          throw new BadRequestException(404, "there is nothing at " + what);
        }
      }
    }
  }

  private static void json(Exchange exchange, Object value) throws IOException {
    exchange.send(200, "application/json", Json.mapper().writeValueAsString(value));
  }

  private static JsonNode body(Exchange exchange) throws BadRequestException {
    try {
      JsonNode body = Json.mapper().readTree(exchange.body());
      if (body instanceof ObjectNode) {
        WholeText.check(body);
        return body;
      }
    } catch (JacksonException e) {
      throw new BadRequestException(400, "the body is no JSON");
    }
    throw new BadRequestException(400, "the body is no JSON object");
  }

  // ---- what the server is

  private java.util.stream.Stream<String> names() {
    return java.util.stream.Stream.concat(
        java.util.stream.Stream.of(name),
        engine.adapters().stream().map(adapter -> name + ":" + adapter));
  }

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
        engine.mostTokens());
  }

  private void health(Exchange exchange) throws IOException {
    int up = cluster.shown().size();
    String text =
        Json.mapper()
            .writeValueAsString(
                Map.of("status", up > 0 ? "ok" : "down", "instances", up, "mode", engine.mode()));
    exchange.send(up > 0 ? 200 : 503, "application/json", text);
  }

  private Object status() {
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("model", name);
    all.put("counts", cluster.counts());
    all.put("instances", cluster.shown());
    all.put("requests", cluster.shownRequests(MOST_SHOWN));
    return all;
  }

  private String metrics() {
    var text = new StringBuilder();
    for (LiveCluster.Shown each : cluster.shown()) {
      String of = "{instance=\"" + each.id() + "\"} ";
      double used =
          1 - (double) each.load().memory().freeBlocks() / each.load().memory().totalBlocks();
      text.append("banyan_requests_running")
          .append(of)
          .append(each.figures().running())
          .append('\n');
      text.append("banyan_requests_waiting")
          .append(of)
          .append(each.figures().waiting())
          .append('\n');
      text.append("banyan_kv_used_ratio").append(of).append(used).append('\n');
      text.append("banyan_kv_blocks")
          .append(of)
          .append(each.load().memory().totalBlocks())
          .append('\n');
      text.append("banyan_generated_tokens_total")
          .append(of)
          .append(each.figures().generatedTokens())
          .append('\n');
      text.append("banyan_preemptions_total")
          .append(of)
          .append(each.figures().preemptions())
          .append('\n');
    }
    LiveCluster.Counts counts = cluster.counts();
    text.append("banyan_requests_total ").append(counts.requests()).append('\n');
    text.append("banyan_moves_total ").append(counts.moves()).append('\n');
    text.append("banyan_replays_total ").append(counts.replayed()).append('\n');
    return text.toString();
  }

  private Object tokenizerInfo() {
    Map<String, Object> info = new LinkedHashMap<>();
    tokenizer.bosId().ifPresent(id -> info.put("bos_token", tokenizer.token(id).orElse("")));
    tokenizer.eosId().ifPresent(id -> info.put("eos_token", tokenizer.token(id).orElse("")));
    tokenizer.chatTemplate().ifPresent(text -> info.put("chat_template", text));
    return info;
  }

  // ---- completions

  /** What was asked, apart from its prompts. */
  private record Asked(
      JsonNode body,
      Tools wanted,
      boolean chat,
      boolean stream,
      boolean usage,
      boolean echo,
      boolean ids,
      int choices,
      int logprobs,
      List<String> stops,
      String id) {}

  /** One choice while it grows. */
  private static final class Choice {
    final int index;
    final Stream stream;
    final StreamingDecoder decoder;
    final StopText gate;
    final @Nullable ToolCalls tools;
    final StringBuilder text = new StringBuilder();
    final List<Token> tokens = new ArrayList<>();

    /** The stop token, which is no part of the answer. */
    @Nullable Token end;

    String finish = "";

    Choice(
        int index,
        Stream stream,
        StreamingDecoder decoder,
        StopText gate,
        @Nullable ToolCalls tools) {
      this.index = index;
      this.tools = tools;
      this.stream = stream;
      this.decoder = decoder;
      this.gate = gate;
    }
  }

  private void complete(Exchange exchange, boolean chat) throws IOException, InterruptedException {
    JsonNode body = body(exchange);
    Asked asked = asked(body, chat);
    List<int[]> prompts =
        chat ? List.of(conversation(body, asked.wanted)) : prompts(body.path("prompt"));
    if ((long) prompts.size() * asked.choices > 1024) {
      throw new BadRequestException(400, "at most 1024 answers can be asked for at once");
    }
    List<TokenRequest> requests = new ArrayList<>();
    for (int[] prompt : prompts) {
      for (int n = 0; n < asked.choices; n++) {
        requests.add(request(exchange, asked, prompt, n));
      }
    }
    Set<Stream> open = ConcurrentHashMap.newKeySet();
    try {
      List<Choice> choices = new ArrayList<>();
      for (TokenRequest each : requests) {
        Stream stream = cluster.submit(each);
        open.add(stream);
        int index = choices.size();
        choices.add(
            new Choice(
                index,
                stream,
                tokenizer.stream(true),
                new StopText(asked.stops),
                asked.wanted.reader(asked.id + "_" + index)));
      }
      exchange.trip().submitted(asked.id);
      exchange.trip().prompted(prompts.stream().mapToInt(each -> each.length).sum());
      exchange.onGone(() -> open.forEach(cluster::cancel));
      if (asked.stream) {
        stream(exchange, asked, choices);
      } else {
        for (Choice each : choices) {
          while (each.finish.isEmpty() && !exchange.isGone()) {
            Token token = each.stream.next(HEARTBEAT_MILLIS);
            if (token != null) {
              exchange.trip().token();
              String unused = take(each, token);
            }
          }
        }
        json(exchange, whole(asked, choices));
      }
    } finally {
      open.forEach(cluster::cancel);
    }
  }

  private Asked asked(JsonNode body, boolean chat) throws BadRequestException {
    int n = integer(body, "n", 1, 1, MOST_CHOICES);
    boolean streams = flag(body, "stream");
    boolean echo = !chat && flag(body, "echo");
    if (echo && streams) {
      throw new BadRequestException(400, "echo cannot be streamed");
    }
    int logprobs;
    if (chat) {
      boolean wanted = flag(body, "logprobs");
      logprobs = wanted ? integer(body, "top_logprobs", 0, 0, MOST_LOGPROBS) : -1;
    } else {
      logprobs = integer(body, "logprobs", -1, 0, MOST_LOGPROBS);
    }
    List<String> stops = new ArrayList<>();
    JsonNode stop = body.path("stop");
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
    if (stops.size() > 64) {
      throw new BadRequestException(400, "at most 64 stop strings are taken");
    }
    String id = (chat ? "chatcmpl-" : "cmpl-") + Long.toHexString(System.nanoTime());
    boolean usage = flag(body.path("stream_options"), "include_usage");
    Tools tools = chat ? Tools.of(body) : Tools.NONE;
    boolean ids = flag(body, "return_token_ids");
    return new Asked(body, tools, chat, streams, usage, echo, ids, n, logprobs, stops, id);
  }

  private int[] conversation(JsonNode body, Tools tools) throws BadRequestException {
    JsonNode messages = body.path("messages");
    if (!messages.isArray() || messages.isEmpty()) {
      throw new BadRequestException(400, "'messages' must be a list of at least one message");
    }
    ChatTemplate used =
        template.orElseThrow(
            () -> new UserInputException("the model has no chat template; use /v1/completions"));
    List<Map<String, ?>> all = Messages.of(messages);
    var conversation = new Conversation(all, tools.shown(), null, true, Map.of());
    String text = used.render(conversation).text();
    return tokenizer.encode(text, false);
  }

  private List<int[]> prompts(JsonNode prompt) throws BadRequestException {
    List<int[]> all = new ArrayList<>();
    if (prompt.isString()) {
      all.add(tokenizer.encode(prompt.asString(), true));
    } else if (prompt.isArray() && !prompt.isEmpty() && prompt.get(0).isNumber()) {
      all.add(ids(prompt));
    } else if (prompt.isArray() && !prompt.isEmpty()) {
      for (JsonNode each : prompt) {
        all.add(each.isString() ? tokenizer.encode(each.asString(), true) : ids(each));
      }
    } else {
      throw new BadRequestException(400, "'prompt' must be text, token ids, or a list of either");
    }
    return all;
  }

  private int[] ids(JsonNode list) throws BadRequestException {
    if (!list.isArray()) {
      throw new BadRequestException(400, "token ids must be a list of numbers");
    }
    int[] ids = new int[list.size()];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = list.get(i).asInt(-1);
      if (ids[i] < 0 || ids[i] >= engine.vocabulary()) {
        throw new BadRequestException(400, "token id " + ids[i] + " is not in the vocabulary");
      }
    }
    return ids;
  }

  private TokenRequest request(Exchange exchange, Asked asked, int[] prompt, int n)
      throws BadRequestException {
    JsonNode body = asked.body;
    if (prompt.length == 0) {
      throw new BadRequestException(400, "the prompt is empty");
    }
    int room = engine.mostTokens() - prompt.length;
    String limit =
        body.hasNonNull("max_completion_tokens") ? "max_completion_tokens" : "max_tokens";
    int most =
        integer(body, limit, asked.chat ? Math.max(1, room) : 16, asked.echo ? 0 : 1, 1 << 30);
    if (most > room) {
      throw new BadRequestException(
          400,
          "the prompt has %d tokens and %d more were asked for; there is room for %d together"
              .formatted(prompt.length, most, engine.mostTokens()),
          "context_length_exceeded");
    }
    var sampling =
        new Sampling(
            number(body, "temperature", usual.temperature()),
            integer(body, "top_k", usual.topK(), 0, 1 << 30),
            number(body, "top_p", usual.topP()),
            number(body, "min_p", usual.minP()),
            number(body, "repetition_penalty", usual.repetitionPenalty()),
            number(body, "presence_penalty", 0),
            number(body, "frequency_penalty", 0));
    Map<Integer, Double> bias = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> each : body.path("logit_bias").properties()) {
      try {
        int id = Integer.parseInt(each.getKey());
        if (id < 0 || id >= engine.vocabulary() || !each.getValue().isNumber()) {
          throw new BadRequestException(
              400, "logit_bias has a number for each of some token ids of the vocabulary");
        }
        bias.put(id, each.getValue().doubleValue());
      } catch (NumberFormatException e) {
        throw new BadRequestException(400, "logit_bias is by token id");
      }
    }
    JsonNode seeded = body.path("seed");
    boolean unseeded = seeded.isMissingNode() || seeded.isNull();
    if (!unseeded && !(seeded.isIntegralNumber() && seeded.canConvertToLong())) {
      throw new BadRequestException(400, "'seed' must be a whole number");
    }
    long seed = unseeded ? System.nanoTime() : seeded.longValue();
    return new TokenRequest(
        prompt,
        sampling,
        seed + 0x9e3779b97f4a7c15L * n,
        most,
        flag(body, "ignore_eos") ? List.of() : List.copyOf(stopIds),
        bias,
        asked.logprobs,
        asked.echo && asked.logprobs >= 0,
        priority(exchange, body),
        adapter(model(body)),
        asked.wanted.schema().isEmpty()
            ? schema(body.path("response_format"))
            : asked.wanted.schema());
  }

  private static PriorityClass priority(Exchange exchange, JsonNode body)
      throws BadRequestException {
    String text = body.path("priority").asString(exchange.header("X-Priority"));
    if (text.isEmpty()) {
      return PriorityClass.NORMAL;
    }
    try {
      return PriorityClass.valueOf(text.toUpperCase(Locale.ROOT));
    } catch (IllegalArgumentException e) {
      throw new BadRequestException(400, "priority is low, normal or high");
    }
  }

  private String model(JsonNode body) throws BadRequestException {
    JsonNode model = body.path("model");
    if (!model.isMissingNode() && !model.isNull() && !model.isString()) {
      throw new BadRequestException(400, "'model' must be text");
    }
    return model.asString(name);
  }

  private String adapter(String model) throws BadRequestException {
    if (model.equals(name) || model.isEmpty()) {
      return "";
    }
    if (model.startsWith(name + ":")) {
      String adapter = model.substring(name.length() + 1);
      if (engine.adapters().contains(adapter)) {
        return adapter;
      }
    }
    throw new BadRequestException(
        404, "the model '" + model + "' is not served here; " + name + " is", "model_not_found");
  }

  private static String schema(JsonNode format) throws BadRequestException {
    String schema =
        switch (format.path("type").asString("text")) {
          case "text" -> "";
          case "json_object" -> "{}";
          case "json_schema" -> format.path("json_schema").path("schema").toString();
          default -> throw new BadRequestException(400, "response_format is not known");
        };
    if (!schema.isEmpty()) {
      JsonSchema.check(schema);
    }
    return schema;
  }

  private static boolean flag(JsonNode body, String key) throws BadRequestException {
    JsonNode node = body.path(key);
    if (node.isMissingNode() || node.isNull()) {
      return false;
    }
    if (!node.isBoolean()) {
      throw new BadRequestException(400, "'" + key + "' must be true or false");
    }
    return node.booleanValue();
  }

  private static int integer(JsonNode body, String key, int otherwise, int least, int most)
      throws BadRequestException {
    JsonNode node = body.path(key);
    if (node.isMissingNode() || node.isNull()) {
      return otherwise;
    }
    if (!node.isIntegralNumber() || !node.canConvertToInt()) {
      throw new BadRequestException(400, "'" + key + "' must be a whole number");
    }
    if (node.intValue() < least || node.intValue() > most) {
      throw new BadRequestException(
          400,
          "'%s' is %d, must be between %d and %d".formatted(key, node.intValue(), least, most));
    }
    return node.intValue();
  }

  private static double number(JsonNode body, String key, double otherwise)
      throws BadRequestException {
    JsonNode node = body.path(key);
    if (node.isMissingNode() || node.isNull()) {
      return otherwise;
    }
    if (!node.isNumber()) {
      throw new BadRequestException(400, "'" + key + "' must be a number");
    }
    return node.doubleValue();
  }

  // ---- answers

  /** Takes a token; gives the text that is certain now. */
  private String take(Choice choice, Token token) throws BadRequestException {
    switch (token.finish()) {
      case ERROR ->
          throw cluster.isEnding()
              ? new BadRequestException(503, "the server is stopping")
              : new BadRequestException(500, "the engine could not go on with this request");
      case STOP -> {
        choice.finish = "stop";
        choice.end = choice.stream.asked.maxTokens() > 0 ? token : null;
      }
      case NONE, LENGTH -> choice.tokens.add(token);
    }
    String piece = "";
    if (token.finish() != Token.Finish.STOP) {
      piece = choice.gate.add(choice.decoder.add(token.id()));
    }
    if (token.finish() == Token.Finish.LENGTH) {
      choice.finish = "length";
    }
    if (!choice.finish.isEmpty()) {
      piece += choice.gate.add(choice.decoder.finish());
      piece += choice.gate.finish();
    }
    if (choice.gate.isStopped()) {
      choice.finish = "stop";
      cluster.cancel(choice.stream);
    }
    if (choice.tools != null) {
      piece = choice.tools.add(piece);
      if (!choice.finish.isEmpty()) {
        piece += choice.tools.finish();
        if (!choice.tools.calls().isEmpty() && !choice.finish.equals("length")) {
          choice.finish = "tool_calls";
        }
      }
    }
    choice.text.append(piece);
    return piece;
  }

  private void stream(Exchange exchange, Asked asked, List<Choice> choices)
      throws IOException, InterruptedException {
    List<Choice> open = new ArrayList<>(choices);
    if (asked.chat) {
      for (Choice each : choices) {
        exchange.event(chunk(asked, each, Map.of("role", "assistant", "content", ""), null, null));
      }
    }
    long spoke = System.nanoTime();
    while (!open.isEmpty() && !exchange.isGone()) {
      for (Choice each : List.copyOf(open)) {
        Token token = each.stream.next(open.size() == 1 ? HEARTBEAT_MILLIS : 2);
        if (token == null) {
          if (System.nanoTime() - spoke > HEARTBEAT_MILLIS * 1_000_000) {
            exchange.event(": alive\n\n");
            spoke = System.nanoTime();
          }
          continue;
        }
        exchange.trip().token();
        String piece = take(each, token);
        boolean over = !each.finish.isEmpty();
        boolean tells = (asked.logprobs >= 0 || asked.ids) && token.finish() != Token.Finish.STOP;
        if (!piece.isEmpty() || tells) {
          Object delta = asked.chat ? Map.of("content", piece) : piece;
          exchange.event(chunk(asked, each, delta, tells ? token : null, null));
          spoke = System.nanoTime();
        }
        if (over) {
          open.remove(each);
          if (each.tools != null && !each.tools.calls().isEmpty()) {
            var calls = Map.of("tool_calls", each.tools.calls());
            exchange.event(chunk(asked, each, calls, null, null));
          }
          exchange.event(chunk(asked, each, asked.chat ? Map.of() : "", null, each.finish));
        }
      }
    }
    if (asked.usage) {
      Map<String, Object> last = envelope(asked, true);
      last.put("choices", List.of());
      last.put("usage", usage(asked, choices));
      exchange.event("data: " + Json.mapper().writeValueAsString(last) + "\n\n");
    }
    exchange.event("data: [DONE]\n\n");
  }

  private String chunk(
      Asked asked, Choice choice, Object delta, @Nullable Token token, @Nullable String finish) {
    Map<String, Object> one = new LinkedHashMap<>();
    one.put("index", choice.index);
    one.put(asked.chat ? "delta" : "text", delta);
    boolean probable = token != null && asked.logprobs >= 0;
    one.put("logprobs", probable ? logprobs(asked, List.of(token), List.of(), 0) : null);
    one.put("finish_reason", finish);
    Map<String, Object> all = envelope(asked, true);
    if (asked.ids) {
      // as vLLM has them: a conversation's prompt beside its first part, others' in their choice
      if (token != null) {
        one.put("token_ids", List.of(token.id()));
      }
      boolean begins = asked.chat ? token == null : choice.tokens.size() == 1;
      if (begins && finish == null) {
        (asked.chat ? all : one).put("prompt_token_ids", choice.stream.asked.prompt());
      }
    }
    all.put("choices", List.of(one));
    if (asked.usage) {
      all.put("usage", null);
    }
    return "data: " + Json.mapper().writeValueAsString(all) + "\n\n";
  }

  private Map<String, Object> envelope(Asked asked, boolean chunk) {
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("id", asked.id);
    all.put(
        "object",
        asked.chat ? (chunk ? "chat.completion.chunk" : "chat.completion") : "text_completion");
    all.put("created", System.currentTimeMillis() / 1000);
    all.put("model", asked.body.path("model").asString(name));
    return all;
  }

  private Object whole(Asked asked, List<Choice> choices) {
    List<Object> list = new ArrayList<>();
    for (Choice each : choices) {
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("index", each.index);
      if (asked.chat) {
        one.put("message", message(each));
      } else {
        int[] prompt = each.stream.asked.prompt();
        String before = asked.echo ? tokenizer.decode(prompt, true) : "";
        one.put("text", before + each.text);
      }
      Object probable = null;
      if (asked.logprobs >= 0) {
        int first = asked.echo ? each.stream.asked.prompt()[0] : -1;
        List<Token> told = new ArrayList<>(each.tokens);
        if (!asked.chat && each.end != null) {
          told.add(each.end); // as vLLM; lm_eval takes the last entry for what was generated
        }
        probable = logprobs(asked, told, asked.echo ? each.stream.prompt : List.of(), first);
      }
      one.put("logprobs", probable);
      one.put("finish_reason", each.finish);
      list.add(one);
    }
    Map<String, Object> all = envelope(asked, false);
    all.put("choices", list);
    all.put("usage", usage(asked, choices));
    return all;
  }

  private static Object message(Choice choice) {
    Map<String, Object> message = new LinkedHashMap<>();
    message.put("role", "assistant");
    boolean calls = choice.tools != null && !choice.tools.calls().isEmpty();
    message.put("content", calls && choice.text.isEmpty() ? null : choice.text.toString());
    if (choice.tools != null && calls) {
      List<Object> all = new ArrayList<>();
      for (Map<String, Object> each : choice.tools.calls()) {
        Map<String, Object> call = new LinkedHashMap<>(each);
        call.remove("index"); // a stream's only
        all.add(call);
      }
      message.put("tool_calls", all);
    }
    return message;
  }

  private static Object usage(Asked asked, List<Choice> choices) {
    int prompt = 0;
    int answer = 0;
    for (Choice each : choices) {
      prompt += each.index % asked.choices == 0 ? each.stream.asked.prompt().length : 0;
      answer += each.tokens.size();
    }
    return Map.of(
        "prompt_tokens", prompt, "completion_tokens", answer, "total_tokens", prompt + answer);
  }

  private String spelled(int id) {
    return tokenizer.decode(new int[] {id}, false);
  }

  /** Probabilities as the two APIs have them; with {@code first} those of an echoed prompt too. */
  private Object logprobs(Asked asked, List<Token> tokens, List<Token> prompt, int first) {
    return asked.chat ? chatLogprobs(tokens) : textLogprobs(asked, tokens, prompt, first);
  }

  private Object chatLogprobs(List<Token> tokens) {
    List<Object> content = new ArrayList<>();
    for (Token each : tokens) {
      List<Object> top = new ArrayList<>();
      for (int i = 0; i < each.topIds().length; i++) {
        top.add(one(each.topIds()[i], each.topLogprobs()[i]));
      }
      Map<String, Object> one = one(each.id(), each.logprob());
      one.put("top_logprobs", top);
      content.add(one);
    }
    return Map.of("content", content);
  }

  private Map<String, Object> one(int id, float logprob) {
    String text = spelled(id);
    Map<String, Object> one = new LinkedHashMap<>();
    one.put("token", text);
    one.put("logprob", logprob);
    List<Integer> bytes = new ArrayList<>();
    for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
      bytes.add(b & 0xff);
    }
    one.put("bytes", bytes);
    return one;
  }

  private Object textLogprobs(Asked asked, List<Token> tokens, List<Token> prompt, int first) {
    List<String> texts = new ArrayList<>();
    List<@Nullable Object> logprobs = new ArrayList<>();
    List<@Nullable Object> tops = new ArrayList<>();
    List<Integer> offsets = new ArrayList<>();
    int offset = 0;
    if (asked.echo && first >= 0) {
      texts.add(spelled(first));
      logprobs.add(null);
      tops.add(null);
      offsets.add(0);
      offset = texts.getFirst().length();
    }
    List<Token> all = new ArrayList<>(prompt);
    all.addAll(tokens);
    for (Token each : all) {
      String text = spelled(each.id());
      texts.add(text);
      logprobs.add(each.logprob());
      Map<String, Object> top = new LinkedHashMap<>();
      for (int i = 0; i < each.topIds().length; i++) {
        top.putIfAbsent(spelled(each.topIds()[i]), each.topLogprobs()[i]);
      }
      tops.add(top);
      offsets.add(offset);
      offset += text.length();
    }
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("tokens", texts);
    map.put("token_logprobs", logprobs);
    map.put("top_logprobs", tops);
    map.put("text_offset", offsets);
    return map;
  }
}
