package dev.banyan.serve.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class JsonBodyTest {
  private static final int MOST_BYTES = 8 << 20;

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** Each is within the bytes a body may have, and its tree many times as large. */
  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '\'',
      delimiter = '|',
      value = {"{}", "[]", "{\"\":[0]}", "\"a\"", "1.5"})
  void aBodyOfTooManyPartsIsRefusedBeforeItsTreeIsMade(String part) {
    int count = (MOST_BYTES - 20) / (part.length() + 1);
    byte[] body = bytes("{\"a\":[" + (part + ",").repeat(count) + "0]}");
    assertThat(body.length).isLessThanOrEqualTo(MOST_BYTES);
    assertThatThrownBy(() -> JsonBody.read(body))
        .hasMessageContaining("too much JSON")
        .hasMessageContaining("1,000,000")
        .isInstanceOfSatisfying(
            BadRequestException.class, e -> assertThat(e.status).isEqualTo(400));
  }

  @Test
  void aBodyThatIsTooDeepIsRefused() {
    byte[] body = bytes("{\"a\":" + "[".repeat(1000) + "]".repeat(1000) + "}");
    assertThatThrownBy(() -> JsonBody.read(body)).hasMessageContaining("500 levels");
  }

  @Test
  void sevenPromptsOfTheLongestContextPass() throws BadRequestException {
    String prompt =
        IntStream.range(0, 131_072).mapToObj(i -> "" + i).toList().toString().replace(" ", "");
    String all = "[" + (prompt + ",").repeat(6) + prompt + "]";
    byte[] body = bytes("{\"prompt\":" + all + ",\"max_tokens\":1}");
    assertThat(body.length).isLessThanOrEqualTo(MOST_BYTES);
    assertThat(JsonBody.read(body).at("/prompt/6/131071").asInt()).isEqualTo(131_071);
  }
}
