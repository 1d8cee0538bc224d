package dev.banyan.serve;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.banyan.core.Json;
import dev.banyan.core.Seed;
import dev.banyan.core.UserInputException;
import dev.banyan.model.Batch;
import dev.banyan.model.BpeTrainer;
import dev.banyan.model.KvStore;
import dev.banyan.model.LanguageModel;
import dev.banyan.model.Precision;
import dev.banyan.model.Tokenizer;
import dev.banyan.model.TrainedBpe;
import dev.banyan.tensor.Scope;
import dev.banyan.weights.config.ModelConfig;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** A real gateway before two real engine processes of a tiny model, asked over HTTP. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class GatewayTest {
  private static final String TEMPLATE =
      "{% for m in messages %}{{ '<|' + m['role'] + '|>' + m['content'] + '<|end|>' }}{% endfor %}"
          + "{% if tools %}{{ tools | length }}{% endif %}<|assistant|>";

  private final HttpClient client = HttpClient.newHttpClient();
  private Path model;
  private Path decisions;
  private Path spans;
  private Gateway gateway;

  @BeforeAll
  void open(@TempDir Path folder) throws IOException {
    model = folder.resolve("tiny");
    decisions = folder.resolve("decisions.jsonl");
    spans = folder.resolve("spans.jsonl");
    write(model);
    gateway = Gateway.open(GatewaySettings.of(model, 2, 0).recording(decisions, spans));
  }

  @AfterAll
  void close() throws IOException {
    gateway.close();
  }

  /** A fresh model with a tokenizer of its own. */
  static void write(Path folder) throws IOException {
    Files.createDirectories(folder);
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      texts.add("the %d quick brown foxes jump over the lazy dog and the river".formatted(i));
    }
    List<String> special = List.of("<|pad|>", "<|begin|>", "<|end|>", "<|user|>", "<|assistant|>");
    TrainedBpe bpe = BpeTrainer.train(texts.iterator(), BpeTrainer.Options.of(320, special));
    Path config = folder.resolveSibling("config.json");
    String text;
    try (InputStream in = GatewayTest.class.getResourceAsStream("/hf/qwen3/config.json")) {
      text =
          new String(java.util.Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
    }
    Files.writeString(
        config,
        text.replace("\"vocab_size\": 199", "\"vocab_size\": 320")
            .replace("\"max_position_embeddings\": 256", "\"max_position_embeddings\": 512"));
    try (LanguageModel fresh =
        LanguageModel.create(ModelConfig.read(config), new Seed(3), Precision.F32)) {
      fresh.save(folder);
    }
    bpe.write(
        folder,
        new TrainedBpe.Roles(
            Optional.of("<|begin|>"),
            Optional.of("<|end|>"),
            Optional.of("<|pad|>"),
            Optional.of(TEMPLATE)));
  }

  private HttpResponse<String> post(String path, String body) throws Exception {
    return client.send(
        HttpRequest.newBuilder(uri(path)).POST(HttpRequest.BodyPublishers.ofString(body)).build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private URI uri(String path) {
    return URI.create("http://127.0.0.1:" + gateway.port() + path);
  }

  private JsonNode asked(String path, String body) throws Exception {
    HttpResponse<String> answer = post(path, body);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return Json.mapper().readTree(answer.body());
  }

  private JsonNode status() throws Exception {
    var request = HttpRequest.newBuilder(uri("/status")).build();
    return Json.mapper()
        .readTree(client.send(request, HttpResponse.BodyHandlers.ofString()).body());
  }

  /** lm_eval leaves the last entry out, as that of the one token it asks for. */
  @Test
  void theStopTokenHasAProbabilityThoughItIsNoPartOfTheAnswer() throws Exception {
    int end = Tokenizer.open(model).id("<|end|>").orElseThrow();
    JsonNode answer =
        asked(
            "/v1/completions",
            "{\"prompt\": [7, 8, 9], \"max_tokens\": 1, \"echo\": true, \"logprobs\": 1,"
                + " \"logit_bias\": {\"%d\": 100}}".formatted(end));
    JsonNode choice = answer.path("choices").path(0);
    assertThat(choice.path("finish_reason").asString()).isEqualTo("stop");
    JsonNode told = choice.path("logprobs");
    assertThat(told.path("token_logprobs").size()).isEqualTo(4);
    assertThat(told.path("top_logprobs").size()).isEqualTo(4);
    assertThat(told.path("tokens").path(3).asString()).isEqualTo("<|end|>");
    assertThat(answer.path("usage").path("completion_tokens").asInt()).isZero();
  }

  @Test
  void tokenIdsAreToldWhereTheyAreAskedFor() throws Exception {
    String asked = "\"max_tokens\": 4, \"ignore_eos\": true, \"return_token_ids\": true}";
    JsonNode text = asked("/v1/completions", "{\"prompt\": [7, 8, 9], " + asked);
    JsonNode choice = text.path("choices").path(0);
    assertThat(choice.path("prompt_token_ids").toString()).isEqualTo("[7,8,9]");
    int[] ids = choice.path("token_ids").valueStream().mapToInt(JsonNode::asInt).toArray();
    assertThat(ids).hasSize(4);
    Tokenizer tokenizer = Tokenizer.open(model);
    assertThat(tokenizer.decode(ids, true)).isEqualTo(choice.path("text").asString());
    JsonNode chat =
        asked(
            "/v1/chat/completions",
            "{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], " + asked);
    assertThat(chat.path("prompt_token_ids").size())
        .isEqualTo(chat.path("usage").path("prompt_tokens").asInt());
    assertThat(chat.path("choices").path(0).path("token_ids").size()).isEqualTo(4);
  }

  /** As vLLM has it; also where a part has no token: a call, or an end without an answer. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "/v1/completions|{\"prompt\": [7, 8], \"ignore_eos\": true, \"max_tokens\": 4",
        "/v1/completions|{\"prompt\": [7, 8], \"logit_bias\": {\"END\": 100}",
        "/v1/chat/completions|{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}],"
            + " \"logit_bias\": {\"END\": 100}",
        "/v1/chat/completions|{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}],"
            + " \"max_tokens\": 200, \"tool_choice\": \"required\", \"tools\":"
            + " [{\"type\": \"function\", \"function\": {\"name\": \"look\"}}]"
      })
  void aStreamTellsTheIdsOfAPromptInTheFirstPartOfEachAnswer(String asked) throws Exception {
    int end = Tokenizer.open(model).id("<|end|>").orElseThrow();
    String[] words = asked.replace("END", Integer.toString(end)).split("\\|", 2);
    String events =
        post(words[0], words[1] + ", \"n\": 2, \"stream\": true, \"return_token_ids\": true}")
            .body();
    Map<Integer, List<Boolean>> told = new TreeMap<>();
    for (String line : events.split("\n\n")) {
      if (line.startsWith("data: {")) {
        JsonNode chunk = Json.mapper().readTree(line.substring(6));
        JsonNode choice = chunk.path("choices").path(0);
        JsonNode ids = (words[0].contains("chat") ? chunk : choice).path("prompt_token_ids");
        told.computeIfAbsent(choice.path("index").asInt(), i -> new ArrayList<>())
            .add(!ids.isEmpty());
      }
    }
    assertThat(events).endsWith("data: [DONE]\n\n");
    assertThat(told).containsOnlyKeys(0, 1);
    for (List<Boolean> each : told.values()) {
      assertThat(each.getFirst()).isTrue();
      assertThat(each.subList(1, each.size())).doesNotContain(true);
    }
  }

  @Test
  void metricsAreOnePageOfGroupsWithTheirTypes() throws Exception {
    var request = HttpRequest.newBuilder(uri("/metrics")).build();
    String page = client.send(request, HttpResponse.BodyHandlers.ofString()).body();
    String group = "";
    List<String> groups = new ArrayList<>();
    for (String line : page.lines().toList()) {
      String name = line.replaceFirst("^# (HELP|TYPE) ", "").replaceFirst("[{ ].*$", "");
      if (!name.equals(group)) {
        assertThat(line).startsWith("# HELP ");
        groups.add(name);
      }
      group = name;
    }
    assertThat(groups).doesNotHaveDuplicates().contains("banyan_freeness", "banyan_moves_total");
    assertThat(page).contains("# TYPE banyan_freeness gauge\nbanyan_freeness{instance=\"0\"} ");
    assertThat(page).doesNotContain("Infinity", "NaN");
  }

  @Test
  void promptsAsTextIdsAndBatchesAreOneAndTheSame() throws Exception {
    int[] ids = Tokenizer.open(model).encode("the quick", true);
    String list = Json.mapper().writeValueAsString(ids);
    String rest = ", \"temperature\": 0, \"max_tokens\": 12, \"ignore_eos\": true}";
    JsonNode text = asked("/v1/completions", "{\"prompt\": \"the quick\"" + rest);
    JsonNode numbers = asked("/v1/completions", "{\"prompt\": " + list + rest);
    JsonNode batch = asked("/v1/completions", "{\"prompt\": [\"the quick\", \"a river\"]" + rest);
    String said = text.at("/choices/0/text").asString();
    assertThat(said).isNotEmpty().isEqualTo(numbers.at("/choices/0/text").asString());
    assertThat(batch.path("choices")).hasSize(2);
    assertThat(batch.at("/choices/0/text").asString()).isEqualTo(said);
    assertThat(text.at("/usage/prompt_tokens").asInt()).isEqualTo(ids.length);
    assertThat(text.at("/usage/completion_tokens").asInt()).isEqualTo(12);
    assertThat(text.at("/usage/total_tokens").asInt()).isEqualTo(12 + ids.length);
    assertThat(text.at("/choices/0/finish_reason").asString()).isEqualTo("length");
  }

  @Test
  void echoedProbabilitiesAreThoseOfTheModelInThisProcess() throws Exception {
    int[] ids = Tokenizer.open(model).encode("the quick brown fox jumps over a lazy river", true);
    JsonNode answer =
        asked(
            "/v1/completions",
            "{\"prompt\": %s, \"echo\": true, \"max_tokens\": 0, \"logprobs\": 2}"
                .formatted(Json.mapper().writeValueAsString(ids)));
    JsonNode got = answer.at("/choices/0/logprobs/token_logprobs");
    assertThat(got).hasSize(ids.length);
    assertThat(got.get(0).isNull()).isTrue();
    double[] expected = inProcess(ids);
    for (int i = 1; i < ids.length; i++) {
      assertThat(got.get(i).asDouble()).isCloseTo(expected[i - 1], within(1e-4));
    }
  }

  /** From the same weights, without engine, memory in pages or HTTP. */
  private double[] inProcess(int[] ids) {
    float[] scores;
    try (LanguageModel here = LanguageModel.open(model);
        KvStore kv = KvStore.none();
        Scope scope = Scope.open()) {
      scores = here.forward(Batch.of(ids), kv).logSoftmax(1).toFloats();
    }
    double[] own = new double[ids.length - 1];
    for (int i = 0; i < own.length; i++) {
      own[i] = scores[i * (scores.length / ids.length) + ids[i + 1]];
    }
    return own;
  }

  @ParameterizedTest
  @CsvSource({"false", "true"})
  void aStreamSaysWhatTheWholeAnswerSays(boolean chat) throws Exception {
    String path = chat ? "/v1/chat/completions" : "/v1/completions";
    String start =
        (chat
                ? "{\"messages\": [{\"role\": \"user\", \"content\": \"the river\"}]"
                : "{\"prompt\": \"the river\"")
            + ", \"seed\": 7, \"temperature\": 1, \"n\": 2, \"max_tokens\": 20, \"ignore_eos\": true";
    JsonNode whole = asked(path, start + "}");
    String events =
        post(path, start + ", \"stream\": true, \"stream_options\": {\"include_usage\": true}}")
            .body();
    StringBuilder[] said = {new StringBuilder(), new StringBuilder()};
    JsonNode usage = null;
    assertThat(events).endsWith("data: [DONE]\n\n");
    for (String line : events.split("\n\n")) {
      if (!line.startsWith("data: {")) {
        continue;
      }
      JsonNode chunk = Json.mapper().readTree(line.substring(6));
      if (chunk.path("usage").isObject()) {
        usage = chunk.path("usage");
      }
      for (JsonNode each : chunk.path("choices")) {
        String piece =
            chat ? each.at("/delta/content").asString("") : each.path("text").asString("");
        said[each.path("index").asInt()].append(piece);
      }
    }
    String text = chat ? "/message/content" : "/text";
    for (int i = 0; i < 2; i++) {
      assertThat(said[i].toString()).isEqualTo(whole.at("/choices/" + i + text).asString());
    }
    assertThat(said[0].toString()).isNotEqualTo(said[1].toString());
    assertThat(usage).isEqualTo(whole.path("usage"));
    assertThat(java.util.Objects.requireNonNull(usage).path("completion_tokens").asInt())
        .isEqualTo(40);
  }

  @Test
  void stopsBiasAndSchemasHold() throws Exception {
    String rest = ", \"temperature\": 0, \"max_tokens\": 24, \"ignore_eos\": true";
    String all =
        asked("/v1/completions", "{\"prompt\": \"the\"" + rest + "}")
            .at("/choices/0/text")
            .asString();
    String stop = all.substring(3, 6);
    JsonNode stopped =
        asked(
            "/v1/completions",
            "{\"prompt\": \"the\"%s, \"stop\": %s}"
                .formatted(rest, Json.mapper().writeValueAsString(stop)));
    assertThat(stopped.at("/choices/0/text").asString())
        .isEqualTo(all.substring(0, all.indexOf(stop)));
    assertThat(stopped.at("/choices/0/finish_reason").asString()).isEqualTo("stop");

    int id = Tokenizer.open(model).encode("z", false)[0];
    JsonNode biased =
        asked(
            "/v1/completions",
            "{\"prompt\": \"the\"%s, \"logit_bias\": {\"%d\": 100}}".formatted(rest, id));
    assertThat(biased.at("/choices/0/text").asString()).isEqualTo("z".repeat(24));

    JsonNode guided =
        asked(
            "/v1/chat/completions",
            """
            {"messages": [{"role": "user", "content": "x"}], "temperature": 1, "seed": 5,
             "max_tokens": 200, "response_format": {"type": "json_schema", "json_schema":
             {"schema": {"type": "object", "properties": {"ok": {"type": "boolean"}},
              "required": ["ok"], "additionalProperties": false}}}}
            """);
    JsonNode object = Json.mapper().readTree(guided.at("/choices/0/message/content").asString());
    assertThat(object.path("ok").isBoolean()).isTrue();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "/v1/completions|{\"prompt\": |400",
        "/v1/completions|[1, 2]|400",
        "/v1/completions|{}|400",
        "/v1/completions|{\"prompt\": {}}|400",
        "/v1/completions|{\"prompt\": [99999]}|400",
        "/v1/completions|{\"prompt\": \"a\\ud800b\"}|400",
        "/v1/completions|{\"prompt\": \"a\", \"model\": \"gpt-4\"}|404",
        "/v1/completions|{\"prompt\": \"a\", \"model\": 4}|400",
        "/v1/completions|{\"prompt\": \"a\", \"max_tokens\": 100000}|400",
        "/v1/completions|{\"prompt\": \"a\", \"max_tokens\": -1}|400",
        "/v1/completions|{\"prompt\": \"a\", \"max_tokens\": \"ten\"}|400",
        "/v1/completions|{\"prompt\": \"a\", \"n\": 1000000}|400",
        "/v1/completions|{\"prompt\": \"a\", \"temperature\": -1}|400",
        "/v1/completions|{\"prompt\": \"a\", \"temperature\": NaN}|400",
        "/v1/completions|{\"prompt\": \"a\", \"temperature\": 1e999}|400",
        "/v1/completions|{\"prompt\": \"a\", \"top_p\": 3}|400",
        "/v1/completions|{\"prompt\": \"a\", \"stream\": \"yes\"}|400",
        "/v1/completions|{\"prompt\": \"a\", \"stop\": 7}|400",
        "/v1/completions|{\"prompt\": \"a\", \"seed\": \"x\"}|400",
        "/v1/completions|{\"prompt\": \"a\", \"logit_bias\": {\"x\": 1}}|400",
        "/v1/completions|{\"prompt\": \"a\", \"logit_bias\": {\"5\": \"much\"}}|400",
        "/v1/completions|{\"prompt\": \"a\", \"logprobs\": 900}|400",
        "/v1/completions|{\"prompt\": \"a\", \"priority\": \"urgent\"}|400",
        "/v1/chat/completions|{\"messages\": []}|400",
        "/v1/chat/completions|{\"messages\": [3]}|400",
        "/v1/chat/completions|{\"messages\": \"hello\"}|400",
        "/nothing|{}|404",
        "/drain/x|{}|400",
        "/drain/77|{}|404",
        "/scale/0|{}|400",
        "/scale/1000|{}|400"
      })
  void whatCannotBeAnsweredIsSaidAsOpenAiSaysIt(String path, String body, int code)
      throws Exception {
    HttpResponse<String> answer = post(path, body);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(code);
    JsonNode error = Json.mapper().readTree(answer.body()).path("error");
    assertThat(error.path("message").asString()).isNotBlank();
    assertThat(error.path("type").asString()).isEqualTo("invalid_request_error");
    assertThat(status().path("instances")).hasSize(2);
  }

  /** What is wrong stands in the message: the field, and what it must be. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "/v1/completions|\"prompt\": [7, 1.5]|whole numbers; one is 1.5",
        "/v1/completions|\"prompt\": [7, \"8\"]|whole numbers; one is \"8\"",
        "/v1/completions|\"prompt\": [[7], [true]]|whole numbers; one is true",
        "/v1/completions|\"prompt\": [7, 4294967303]|token id 4294967303 is not in the vocabulary of 320",
        "/v1/completions|\"prompt\": [-3]|token id -3 is not in the vocabulary of 320",
        "/v1/completions|\"prompt\": \"a\", \"max_tokens\": -1|'max_tokens' is -1, must be at least 1",
        "/v1/completions|\"prompt\": \"a\", \"logit_bias\": [1]|'logit_bias' must be an object",
        "/v1/completions|\"prompt\": \"a\", \"logit_bias\": \"x\"|'logit_bias' must be an object",
        "/v1/completions|\"prompt\": \"a\", \"logit_bias\": {\"5\": 1e999}|logit_bias has a number",
        "/v1/completions|\"prompt\": \"a\", \"response_format\": \"json_object\"|'response_format' must be an object",
        "/v1/completions|\"prompt\": \"a\", \"response_format\": {}|must be text, json_object or json_schema",
        "/v1/completions|\"prompt\": \"a\", \"response_format\": {\"type\": 3}|'type' must be text",
        "/v1/completions|\"prompt\": \"a\", \"response_format\": {\"type\": \"json_schema\"}|an object at json_schema.schema",
        "/v1/completions|\"prompt\": \"a\", \"response_format\": {\"type\": \"json_schema\", \"json_schema\": {\"schema\": \"x\"}}|an object at json_schema.schema",
        "/v1/completions|\"prompt\": \"a\", \"stream_options\": true|'stream_options' must be an object",
        "/v1/completions|\"prompt\": \"a\", \"stream_options\": {\"include_usage\": 1}|'include_usage' must be true or false",
        "/v1/completions|\"prompt\": \"a\", \"priority\": {}|'priority' must be text",
        "/v1/completions|\"prompt\": \"a\", \"model\": 4|'model' must be text",
        "/v1/chat/completions|\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"top_logprobs\": 2|'top_logprobs' needs 'logprobs'",
        "/v1/chat/completions|\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"logprobs\": true, \"top_logprobs\": 21|'top_logprobs' is 21, must be between 0 and 20",
        "/tokenize|\"text\": \"a\"|'prompt' must be text",
        "/tokenize|\"prompt\": \"a\", \"add_special_tokens\": \"no\"|'add_special_tokens' must be true or false",
        "/detokenize|\"tokens\": 5|token ids must be a list of whole numbers"
      })
  void aWrongTypeIsRefusedByItsName(String path, String fields, String message) throws Exception {
    HttpResponse<String> answer = post(path, "{" + fields + "}");
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(400);
    JsonNode error = Json.mapper().readTree(answer.body()).path("error");
    assertThat(error.path("message").asString()).contains(message);
  }

  @Test
  void moreThanEnginesCouldHoldIsRefusedBeforeItIsBuilt() throws Exception {
    String bias =
        IntStream.rangeClosed(0, 1024).mapToObj(i -> "\"" + i + "\":1").collect(joining(","));
    assertThat(refusal("\"prompt\":\"a\",\"logit_bias\":{" + bias + "}"))
        .isEqualTo("logit_bias has 1025 token ids, at most 1024 are taken");
    String many = String.join(",", Collections.nCopies(1025, "\"a\""));
    assertThat(refusal("\"prompt\":[" + many + "]")).startsWith("at most 1024 answers");
    String lists = String.join(",", Collections.nCopies(16, "[7]"));
    String schema = "{\"type\":\"object\",\"description\":\"" + "x".repeat(50_000) + "\"}";
    String format = "{\"type\":\"json_schema\",\"json_schema\":{\"schema\":" + schema + "}}";
    String all = "\"prompt\":[" + lists + "],\"n\":64,\"response_format\":" + format;
    assertThat(refusal(all)).startsWith("all answers together ask for too much at once");
    String text = "a".repeat(7_000_000);
    assertThat(refusal("\"prompt\":\"" + text + "\""))
        .startsWith("a prompt of 7000000 characters has more tokens than there is room for");
    assertThat(post("/tokenize", "{\"prompt\":\"" + text + "\"}").statusCode()).isEqualTo(400);
    assertThat(status().path("counts").path("died").asInt(-1)).isZero();
  }

  private String refusal(String fields) throws Exception {
    HttpResponse<String> answer = post("/v1/completions", "{" + fields + "}");
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(400);
    return Json.mapper().readTree(answer.body()).at("/error/message").asString();
  }

  @ParameterizedTest
  @CsvSource({
    "GET, /v1/completions, POST",
    "DELETE, /tokenize, POST",
    "GET, /drain/0, POST",
    "POST, /health, GET",
    "PUT, /v1/models/tiny, GET"
  })
  void aWrongMethodIsToldTheRightOne(String method, String path, String right) throws Exception {
    HttpResponse<String> answer =
        client.send(
            HttpRequest.newBuilder(uri(path))
                .method(method, HttpRequest.BodyPublishers.ofString("{}"))
                .build(),
            HttpResponse.BodyHandlers.ofString());
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(405);
    assertThat(answer.headers().firstValue("Allow")).contains(right);
    assertThat(Json.mapper().readTree(answer.body()).at("/error/message").asString())
        .isEqualTo(path + " takes " + right + ", not " + method);
  }

  @Test
  void hostileSchemasAndBytesLeaveItAlive() throws Exception {
    String deep = "{\"items\":".repeat(3000) + "{}" + "}".repeat(3000);
    String loop = "{\"$ref\": \"#\"}";
    String regex = "{\"type\": \"string\", \"pattern\": \"^(a+)+$\"}";
    for (String schema : List.of(deep, loop, regex)) {
      HttpResponse<String> answer =
          post(
              "/v1/completions",
              "{\"prompt\": \"a\", \"max_tokens\": 3, \"response_format\": {\"type\": \"json_schema\", \"json_schema\": {\"schema\": "
                  + schema
                  + "}}}");
      assertThat(answer.statusCode()).as(answer.body()).isEqualTo(400);
    }
    byte[] invalid = "{\"prompt\": \"??\"}".getBytes(StandardCharsets.ISO_8859_1);
    invalid[12] = (byte) 0xff;
    assertThat(
            raw(
                "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
                    + invalid.length
                    + "\r\n\r\n",
                invalid))
        .startsWith("HTTP/1.1 400");
    assertThat(
            raw(
                "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 104857600\r\n\r\n"))
        .startsWith("HTTP/1.1 413")
        .contains("invalid_request_error");
    assertThat(raw("GET / HTTP/1.1\r\nHost: localhost\r\nX: " + "x".repeat(40_000) + "\r\n\r\n"))
        .startsWith("HTTP/1.1 431");
    assertThat(raw("\u0000\u0001\u0002\r\n\r\n")).startsWith("HTTP/1.1 400");
    for (String path : List.of("/v1/models/%zz", "/%zz")) {
      assertThat(raw("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n"))
          .startsWith("HTTP/1.1 404");
    }
    byte[] wide = "{\"prompt\": \"a\"}".getBytes(StandardCharsets.UTF_16LE);
    assertThat(
            raw(
                "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
                    + wide.length
                    + "\r\n\r\n",
                wide))
        .startsWith("HTTP/1.1 400")
        .contains("UTF-8");
    assertThat(
            raw(
                "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n"
                    + "Transfer-Encoding: chunked\r\n\r\n{}"))
        .startsWith("HTTP/1.1 400");
    assertThat(
            raw(
                "GET /status HTTP/1.1\r\nHost: localhost\r\nOrigin: http://elsewhere.example\r\n\r\n"))
        .startsWith("HTTP/1.1 403");
    assertThat(status().path("instances")).hasSize(2);
  }

  private String raw(String head, byte... body) throws IOException {
    try (var socket = new Socket(java.net.InetAddress.getLoopbackAddress(), gateway.port())) {
      socket.getOutputStream().write(head.getBytes(StandardCharsets.ISO_8859_1));
      socket.getOutputStream().write(body);
      byte[] buffer = new byte[4096];
      int count = socket.getInputStream().readNBytes(buffer, 0, 12);
      if (socket.getInputStream().available() > 0) {
        count += Math.max(0, socket.getInputStream().read(buffer, count, buffer.length - count));
      }
      return new String(buffer, 0, count, StandardCharsets.UTF_8);
    }
  }

  @ParameterizedTest
  @CsvSource({"true", "false"})
  void aClientThatGoesAwayLeavesNothingBehind(boolean stream) throws Exception {
    byte[] body =
        "{\"prompt\": \"the\", \"max_tokens\": 450, \"ignore_eos\": true, \"stream\": %b}"
            .formatted(stream)
            .getBytes(StandardCharsets.UTF_8);
    try (var socket = new Socket(java.net.InetAddress.getLoopbackAddress(), gateway.port())) {
      socket
          .getOutputStream()
          .write(
              "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"
                  .formatted(body.length)
                  .getBytes(StandardCharsets.UTF_8));
      socket.getOutputStream().write(body);
      until(() -> !status().path("requests").isEmpty());
    }
    until(() -> status().path("requests").isEmpty());
    until(
        () -> {
          for (JsonNode each : status().path("instances")) {
            JsonNode memory = each.at("/load/memory");
            if (!memory.path("freeBlocks").equals(memory.path("totalBlocks"))) {
              return false;
            }
          }
          return true;
        });
  }

  /** What must come true; each look is a request, so this waits for nothing else. */
  @FunctionalInterface
  private interface Truth {
    boolean holds() throws Exception;
  }

  private static void until(Truth truth) throws Exception {
    long deadline = System.nanoTime() + 20_000_000_000L;
    while (!truth.holds()) {
      assertThat(System.nanoTime()).as("it never comes true").isLessThan(deadline);
    }
  }

  @Test
  void decisionsComeOutTheSameAgainAndSpansNest() throws Exception {
    JsonNode unused = asked("/v1/completions", "{\"prompt\": \"the\", \"max_tokens\": 5}");
    DecisionLog.Replay replay = DecisionLog.replay(decisions);
    assertThat(replay.dispatches()).isPositive();
    assertThat(replay.identical()).isEqualTo(replay.dispatches() + replay.rounds());

    until(() -> Files.size(spans) > 0);
    String line = Files.readAllLines(spans).getFirst();
    JsonNode list = Json.mapper().readTree(line).at("/resourceSpans/0/scopeSpans/0/spans");
    JsonNode root = list.get(0);
    assertThat(root.path("traceId").asString()).matches("[0-9a-f]{32}");
    assertThat(root.has("parentSpanId")).isFalse();
    for (int i = 1; i < list.size(); i++) {
      assertThat(list.get(i).path("parentSpanId")).isEqualTo(root.path("spanId"));
      assertThat(list.get(i).path("startTimeUnixNano").asString())
          .isGreaterThanOrEqualTo(root.path("startTimeUnixNano").asString());
    }
  }

  @Test
  void aDecisionThatWasTakenOtherwiseIsFound(@TempDir Path folder) throws Exception {
    JsonNode unused = asked("/v1/completions", "{\"prompt\": \"the\", \"max_tokens\": 2}");
    String line =
        Files.readAllLines(decisions).stream()
            .filter(each -> each.contains("\"to\":0") || each.contains("\"to\":1"))
            .findFirst()
            .orElseThrow();
    Path other = folder.resolve("other.jsonl");
    Files.writeString(
        other,
        (line.contains("\"to\":0")
                ? line.replace("\"to\":0", "\"to\":1")
                : line.replace("\"to\":1", "\"to\":0"))
            + "\n");
    assertThat(DecisionLog.replay(other)).isEqualTo(new DecisionLog.Replay(1, 0, 0, 1));
  }

  /** Engines take long to start, and a log that is begun anew has lost what it had. */
  @Test
  void aTakenPortIsSaidBeforeAnythingIsBegun(@TempDir Path folder) throws Exception {
    Path kept = Files.writeString(folder.resolve("kept"), "before");
    var there =
        GatewaySettings.of(folder.resolve("no model"), 1, gateway.port()).recordingDecisions(kept);
    assertThatThrownBy(() -> Gateway.open(there))
        .isInstanceOf(UserInputException.class)
        .hasMessageStartingWith("127.0.0.1:%d cannot be listened at".formatted(gateway.port()));
    assertThat(kept).hasContent("before");
  }

  @Test
  void thereIsNoWayInFromOutsideWithoutAKey() {
    GatewaySettings outside = GatewaySettings.of(model, 1, 0).at("0.0.0.0");
    assertThatThrownBy(() -> Gateway.open(outside))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining("file of keys");
  }
}
