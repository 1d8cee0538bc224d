package dev.banyan.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banyan.core.Json;
import dev.banyan.core.UserInputException;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ChatTemplateTest {
  private static final LocalDateTime NOW = LocalDateTime.of(2026, 1, 2, 3, 4, 5);

  @TempDir private Path folder = Path.of("");

  /** What transformers made of a conversation: a text, or how it failed. */
  private record Recorded(
      @Nullable String text,
      @Nullable List<List<Integer>> generations,
      @Nullable String raised,
      @Nullable String message) {}

  private record Recording(String name, String source, Map<String, Recorded> cases) {}

  @ParameterizedTest
  @ValueSource(strings = {"recorded.json", "random.json"})
  void textsAreThoseOfTransformers(String file) {
    Given given = Given.read();
    int texts = 0;
    for (Recording recording : Json.read(resource(file), Recording[].class)) {
      for (var each : recording.cases().entrySet()) {
        Recorded recorded = each.getValue();
        String where = recording.name() + " " + each.getKey() + "\n" + recording.source();
        String wanted = recorded.text();
        if (wanted == null) {
          assertThatThrownBy(() -> given.render(recording, each.getKey()))
              .as(where)
              .isInstanceOf(UserInputException.class)
              .hasMessageContaining(recorded.raised() == null ? "" : recorded.raised());
        } else if (!wanted.contains(" at 0x")) { // a place in Python's memory is not for us
          ChatText found = given.render(recording, each.getKey());
          assertThat(found.text()).as(where).isEqualTo(wanted);
          assertThat(codePoints(found)).as(where).isEqualTo(recorded.generations());
          texts++;
        }
      }
    }
    assertThat(texts).isGreaterThan(100);
  }

  private static List<List<Integer>> codePoints(ChatText found) {
    String text = found.text();
    return found.answers().stream()
        .map(
            span -> List.of(text.codePointCount(0, span.from()), text.codePointCount(0, span.to())))
        .toList();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '@',
      quoteCharacter = '`',
      textBlock =
          """
          {{ x                             @ 1:1  @ has no '}}'
          {% if x %}                       @ 1:11  @ there is no {% endif %}
          {% include 'a' %}                @ 1:4  @ the tag 'include' is not supported
          {% froeach x in y %}             @ 1:4  @ there is no tag 'froeach'
          {{ x | uper }}                   @ 1:8  @ there is no filter 'uper'; did you mean 'upper'?
          {{ x is strin }}                 @ 1:9  @ there is no test 'strin'; did you mean 'string'?
          {{ x is none.y }}                @ 1:9  @ there is no test 'none.y'
          {{ 'a }}                         @ 1:4  @ the string has no end '
          {{ [1, 2) }}                     @ 1:9  @ unexpected ')'
          {% break %}                      @ 1:4  @ break outside of a loop
          {{ 1 + }}                        @ 1:8  @ '}}' instead of an expression
          {% endfor %}                     @ 1:4  @ ends nothing
          """)
  void whatIsNoTemplateIsRefusedWithLineAndColumn(String source, String place, String what) {
    assertThatThrownBy(() -> ChatTemplate.parse("t.jinja", "\n" + source, Map.of()))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining("t.jinja:" + place.strip().replaceFirst("1", "2") + ": ")
        .hasMessageContaining(what.strip());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
        "{{ 'a' * 10 ** 12 }}",
        "{{ [0] * 10 ** 12 }}",
        "{{ '%999999999d' % 1 }}",
        "{{ '{:9999999}'.format(1) * 100 }}",
        "{{ 'a'.ljust(2000000000) }}",
        "{{ range(10 ** 9) }}",
        "{{ 2 ** (10 ** 9) }}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% set ns = namespace(x='a') %}{% for i in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
        "{% set ns = namespace(x='a') %}{% for i in range(99) %}{% set ns.x = ns.x.replace('a', 'aa') %}{% endfor %}",
        "{% set ns = namespace(x=[1]) %}{% for i in range(99) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x }}",
        "{% set ns = namespace(x=[1]) %}{% for i in range(9999) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x | tojson }}",
        "{% set ns = namespace(x=[1], y=[1]) %}{% for i in range(60) %}{% set ns.x = [ns.x, ns.x] %}{% set ns.y = [ns.y, ns.y] %}{% endfor %}{{ ns.x == ns.y }}",
        "{{ messages | tojson(indent=10 ** 9) }}",
        "{% set x = 'ab' * 5000000 %}{% for i in range(99999) %}{{ x | length }}{% endfor %}"
      })
  void aHostileTemplateEndsSoonAndSaysWhy(String source) {
    ChatTemplate template = ChatTemplate.parse("hostile", source, Map.of());
    assertThatThrownBy(() -> template.render(question()))
        .isInstanceOf(UserInputException.class)
        .hasMessageStartingWith("hostile:1:");
  }

  /** Texts that Jinja 3.1.6 gave: it sorts by lists of keys, which look for equals first. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '@',
      quoteCharacter = '`',
      textBlock =
          """
          {{ [none, none] | sort }}                       @ [None, None]
          {{ [x, y] | sort(reverse=true) }}               @ [Undefined, Undefined]
          {{ [{'a': 1}, {'b': 2}] | sort(attribute='c') }} @ [{'a': 1}, {'b': 2}]
          {{ {range(2): 'r', (0, 1): 't'}[range(0, 2)] }} @ r
          {{ {1: 2}[([1],)] is defined }} @ False
          {{ {'a': 1} | truncate(9) }} @ {'a': 1}
          {{ [1, 2] | truncate(3, end='', leeway=0) }} @ [1, 2]
          """)
  void isRenderedAsPythonDoes(String source, String text) {
    assertThat(ChatTemplate.parse("t", source, Map.of()).render(question()).text()).isEqualTo(text);
  }

  @Test
  void nestingBeyondReasonIsRefusedAndNotACrash() {
    var brackets = Map.of("(", ")", "[", "]", "-", "", "not ", "", "{1:", "}");
    for (var each : brackets.entrySet()) {
      String source = each.getKey().repeat(50_000) + "1" + each.getValue().repeat(50_000);
      assertThatThrownBy(() -> ChatTemplate.parse("t", "{{ " + source + " }}", Map.of()))
          .isInstanceOf(UserInputException.class)
          .hasMessageContaining("nested");
    }
    assertThatThrownBy(() -> ChatTemplate.parse("t", "{% if 1 %}".repeat(9_999), Map.of()))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining("nested");
    String sum = "{{ 1" + " + 1".repeat(50_000) + " }}";
    assertThatThrownBy(() -> ChatTemplate.parse("t", sum, Map.of()).render(question()))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining("nested");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{{ ''.__class__.__mro__ }}",
        "{{ messages.append(1) }}",
        "{{ messages[0].update({}) }}",
        "{{ self.x }}",
        "{{ raise_exception.__globals__.x }}"
      })
  void nothingIsReachableThatWasNotHandedIn(String source) {
    assertThatThrownBy(() -> ChatTemplate.parse("t", source, Map.of()).render(question()))
        .isInstanceOf(UserInputException.class);
  }

  @Test
  void aTemplateIsFoundWhereTransformersFindsIt() throws IOException {
    assertThat(ChatTemplate.find(folder)).isEmpty();
    assertThatThrownBy(() -> ChatTemplate.read(folder))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining("there is no chat template");
    Path config = folder.resolve("tokenizer_config.json");
    Files.writeString(
        config, "{\"bos_token\": {\"content\": \"<s>\"}, \"chat_template\": \"{{ bos_token }}1\"}");
    assertThat(text(question())).isEqualTo("<s>1");
    Files.writeString(
        config,
        """
        {"chat_template": [{"name": "default", "template": "plain"},
                           {"name": "tool_use", "template": "{{ tools | length }} tools"}]}
        """);
    assertThat(ChatTemplate.read(folder).names()).containsExactly("default", "tool_use");
    assertThat(text(question())).isEqualTo("plain");
    var tool = Map.of("type", "function");
    assertThat(text(new Conversation(question().messages(), List.of(tool), null, true, Map.of())))
        .isEqualTo("1 tools");
    Files.writeString(folder.resolve("chat_template.jinja"), "{{ messages[0].content }}\n");
    assertThat(text(question())).isEqualTo("2+2?");
    Path more = Files.createDirectory(folder.resolve("additional_chat_templates"));
    Files.writeString(more.resolve("rag.jinja"), "rag");
    ChatTemplate both = ChatTemplate.read(folder);
    assertThat(both.names()).containsExactly("default", "rag");
    assertThat(both.render("rag", question(), () -> NOW).text()).isEqualTo("rag");
    assertThatThrownBy(() -> both.render("tool", question(), () -> NOW))
        .hasMessageContaining("there is no chat template 'tool'");
    Files.writeString(folder.resolve("chat_template.jinja"), "a\n  {{ b(1) }}");
    assertThatThrownBy(() -> text(question()))
        .hasMessageEndingWith("chat_template.jinja:2:7: 'b' is undefined");
  }

  private String text(Conversation conversation) {
    return ChatTemplate.read(folder).render(conversation).text();
  }

  private static Conversation question() {
    return Conversation.toAnswer(List.of(Conversation.message("user", "2+2?")));
  }

  /** The conversations of conversations.json. */
  private record Given(Map<String, Object> all) {
    @SuppressWarnings("unchecked")
    static Given read() {
      return new Given(Json.read(resource("conversations.json"), Map.class));
    }

    @SuppressWarnings("unchecked")
    ChatText render(Recording recording, String name) {
      boolean prompt = name.endsWith("+prompt");
      var cases = (Map<String, Map<String, Object>>) Objects.requireNonNull(all.get("cases"));
      Map<String, Object> one = Objects.requireNonNull(cases.get(name.replace("+prompt", "")));
      var template =
          ChatTemplate.parse(
              recording.name(),
              recording.source(),
              (Map<String, String>) Objects.requireNonNull(all.get("tokens")));
      var messages = (List<Map<String, Object>>) Objects.requireNonNull(one.get("messages"));
      var conversation =
          new Conversation(
              messages,
              one.containsKey("tools") ? (List<Map<String, Object>>) all.get("tools") : null,
              one.containsKey("documents")
                  ? (List<Map<String, Object>>) all.get("documents")
                  : null,
              prompt,
              (Map<String, Object>) Objects.requireNonNullElse(one.get("variables"), Map.of()));
      return template.render(conversation, () -> NOW);
    }
  }

  private static Path resource(String name) {
    try {
      return Path.of(
          Objects.requireNonNull(ChatTemplateTest.class.getResource("/chat/" + name)).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }
}
