package dev.banyan.serve.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banyan.core.Json;
import dev.banyan.model.Generator;
import dev.banyan.model.LanguageModel;
import dev.banyan.model.Opening;
import dev.banyan.model.Sampling;
import dev.banyan.model.Tokenizer;
import dev.banyan.serve.SmallModel;
import dev.banyan.serve.policy.PriorityClass;
import dev.banyan.serve.wire.Token;
import dev.banyan.serve.wire.TokenRequest;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** The engine over a real model and paged memory, against the generator's contiguous memory. */
class ModelEngineTest {
  private static final String SCHEMA =
      """
      {"type": "object",
       "properties": {
         "name": {"type": "string", "minLength": 1, "maxLength": 5},
         "size": {"type": "integer"},
         "kinds": {"type": "array", "items": {"enum": ["oak", "fig"]}, "maxItems": 3},
         "rest": {"anyOf": [{"type": "boolean"}, {"type": "null"}]}},
       "required": ["name", "kinds"]}""";

  @TempDir private Path folder = Path.of("");

  private static TokenRequest asked(int[] prompt, int tokens, double temperature, String schema) {
    return new TokenRequest(
        prompt,
        Sampling.atTemperature(temperature),
        prompt[0],
        tokens,
        List.of(1),
        Map.of(),
        -1,
        false,
        PriorityClass.NORMAL,
        "",
        schema);
  }

  private static Map<Long, List<Integer>> answers(ModelForward forward, List<TokenRequest> asked) {
    Map<Long, List<Integer>> answers = new HashMap<>();
    var engine =
        new Engine(
            forward,
            new Engine.Size(0, 40, 16, 1, 24, 8),
            Engine.Rules.FIRST_COME,
            () -> 0,
            new Engine.Listener() {
              @Override
              public void token(Token token) {
                if (token.finish() != Token.Finish.STOP) {
                  answers.computeIfAbsent(token.request(), id -> new ArrayList<>()).add(token.id());
                }
              }

              @Override
              public void prompt(long request, List<Token> tokens) {}
            });
    for (int i = 0; i < asked.size(); i++) {
      engine.submit(i, 1, asked.get(i));
    }
    while (engine.hasWork()) {
      assertThat(engine.step()).isTrue();
    }
    assertThat(engine.freeBlocks()).isEqualTo(40);
    return answers;
  }

  @Test
  void pagedAnswersWithSharedBeginningsAndPreemptionAreTheGenerators() {
    Path model = SmallModel.write(folder.resolve("model"));
    var random = new Random(5);
    int[] beginning = random.ints(50, 2, 258).toArray();
    List<int[]> prompts = new ArrayList<>();
    for (int i = 0; i < 9; i++) {
      int[] prompt = Arrays.copyOf(beginning, 50 + random.nextInt(30));
      for (int at = 40 + random.nextInt(10); at < prompt.length; at++) {
        prompt[at] = 2 + random.nextInt(256);
      }
      prompts.add(prompt);
    }
    try (var plain = LanguageModel.open(model, Opening.exact());
        var forward =
            ModelForward.open(
                model, Opening.exact(), Map.of(), new Engine.Size(0, 40, 16, 1, 24, 8))) {
      Map<Long, List<Integer>> got =
          answers(forward, prompts.stream().map(each -> asked(each, 40, 0, "")).toList());
      for (int i = 0; i < prompts.size(); i++) {
        var request = Generator.Request.greedy(prompts.get(i), 40, Set.of(1));
        List<Integer> right =
            new Generator(plain, null).generateAll(List.of(request), 1).getFirst().ids();
        assertThat(got.getOrDefault((long) i, List.of())).isEqualTo(right);
      }
    }
  }

  @Test
  void guidedAnswersFollowTheirSchema() {
    Path model = SmallModel.write(folder.resolve("model"));
    Tokenizer tokenizer = Tokenizer.open(model);
    List<TokenRequest> requests = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      requests.add(asked(new int[] {3 + i, 9}, 400, 1.5, SCHEMA));
    }
    try (var forward =
        ModelForward.open(model, Opening.exact(), Map.of(), new Engine.Size(0, 40, 16, 1, 24, 8))) {
      answers(forward, requests)
          .forEach(
              (id, tokens) -> {
                int[] ids = tokens.stream().mapToInt(Integer::intValue).toArray();
                String text = tokenizer.decode(ids, true);
                assertThat(wrong(Json.mapper().readTree(text))).as(text).isEmpty();
              });
    }
  }

  /** What the schema forbids, checked by hand. */
  private static String wrong(JsonNode node) {
    if (!node.isObject() || !node.has("name") || !node.has("kinds")) {
      return "members are missing";
    }
    for (String key : node.propertyNames()) {
      JsonNode value = Objects.requireNonNull(node.get(key));
      boolean fine =
          switch (key) {
            case "name" ->
                value.isString() && !value.asString().isEmpty() && value.asString().length() <= 5;
            case "size" -> value.isIntegralNumber();
            case "kinds" -> value.isArray() && value.size() <= 3 && kinds(value);
            case "rest" -> value.isBoolean() || value.isNull();
            default -> false;
          };
      if (!fine) {
        return key + " is " + value;
      }
    }
    return "";
  }

  private static boolean kinds(JsonNode array) {
    for (JsonNode each : array) {
      if (!each.asString("").equals("oak") && !each.asString("").equals("fig")) {
        return false;
      }
    }
    return true;
  }
}
