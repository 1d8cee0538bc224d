package dev.banyan.serve.read;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banyan.core.UserInputException;
import dev.banyan.serve.LoadRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class LoadRequestReaderTest {
  @TempDir private Path folder;

  private Path file(String text) throws IOException {
    return Files.writeString(folder.resolve("requests.jsonl"), text);
  }

  @Test
  void linesSayWhatTheyWantAndTheRestIsUsual() throws IOException {
    Path timed =
        file(
            """
            {"prompt": "a", "arrivalSeconds": 0.5, "outputTokens": 7, "more": true}

            {"prompt": "b", "arrivalSeconds": 0.5}
            """);
    assertThat(LoadRequest.read(timed, 32))
        .containsExactly(new LoadRequest(0.5, "a", 7), new LoadRequest(0.5, "b", 32));
    List<LoadRequest> untimed = LoadRequest.read(file("{\"prompt\": \"c\"}"), 3);
    assertThat(untimed).containsExactly(new LoadRequest(Double.NaN, "c", 3));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"prompt\": 3}|:2: 'prompt' is missing",
        "{\"prompt\": \"\"}|:2: 'prompt' is missing",
        "{prompt|:2: no JSON",
        "{\"prompt\": \"a\", \"arrivalSeconds\": 2, \"outputTokens\": 0}|:2: 'outputTokens' is 0",
        "{\"prompt\": \"a\", \"arrivalSeconds\": -2}|:2: 'arrivalSeconds' is -2",
        "{\"prompt\": \"a\", \"arrivalSeconds\": 0.5}|must not go back",
        "{\"prompt\": \"a\"}|:2: all lines have 'arrivalSeconds' or none has",
      })
  void whatIsNoRequestIsNamedByItsLine(String line, String said) throws IOException {
    Path wrong = file("{\"prompt\": \"a\", \"arrivalSeconds\": 1}\n" + line);
    assertThatThrownBy(() -> LoadRequest.read(wrong, 1))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining(said)
        .hasMessageNotContaining("\n");
  }

  @Test
  void aFileWithoutARequestIsRefused() throws IOException {
    Path empty = file("\n");
    assertThatThrownBy(() -> LoadRequest.read(empty, 1)).isInstanceOf(UserInputException.class);
    Path missing = folder.resolve("nowhere");
    assertThatThrownBy(() -> LoadRequest.read(missing, 1))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining("nowhere");
  }
}
