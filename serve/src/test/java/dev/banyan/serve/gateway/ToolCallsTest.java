package dev.banyan.serve.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ToolCallsTest {
  private static final String ANSWER =
      "Let me look. <tool_call>\n{\"name\": \"weather\", \"arguments\": {\"city\": \"Bern\"}}\n"
          + "</tool_call>\n<tool_call>{\"name\": \"time\", \"arguments\": \"{}\"}</tool_call>";

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 7, 1000})
  void callsAreFoundHoweverTheAnswerIsCut(int size) {
    var calls = new ToolCalls("x");
    assertThat(said(calls, ANSWER, size)).isEqualTo("Let me look. ");
    assertThat(calls.calls()).hasSize(2);
    assertThat(calls.calls().getFirst())
        .containsEntry("function", Map.of("name", "weather", "arguments", "{\"city\":\"Bern\"}"));
    assertThat(calls.calls().getLast())
        .containsEntry("function", Map.of("name", "time", "arguments", "{}"))
        .containsEntry("index", 1);
  }

  @Test
  void whatIsNoCallStaysText() {
    for (String text :
        List.of(
            "a < b and a <tool b",
            "<tool_call>nonsense</tool_call> after",
            "<tool_call>{\"arguments\": {}}</tool_call>",
            "ends with <tool_ca",
            "<tool_call>[1, 2]")) {
      var calls = new ToolCalls("x");
      assertThat(said(calls, text, 3)).isEqualTo(text);
      assertThat(calls.calls()).isEmpty();
    }
  }

  @Test
  void aCallThatLacksOnlyItsEndIsTaken() {
    var calls = new ToolCalls("x");
    assertThat(said(calls, "<tool_call>{\"name\": \"f\", \"arguments\": {}}", 4)).isEmpty();
    assertThat(calls.calls()).hasSize(1);
  }

  private static String said(ToolCalls calls, String text, int size) {
    var said = new StringBuilder();
    for (int at = 0; at < text.length(); at += size) {
      said.append(calls.add(text.substring(at, Math.min(text.length(), at + size))));
    }
    return said.append(calls.finish()).toString();
  }
}
