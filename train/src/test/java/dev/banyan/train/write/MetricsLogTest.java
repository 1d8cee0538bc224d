package dev.banyan.train.write;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banyan.core.UserInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MetricsLogTest {
  @TempDir private Path folder;

  @Test
  void aTornLineAndStepsThatWillBeRepeatedAreDropped() throws IOException {
    Path file = folder.resolve("run/metrics.jsonl");
    try (MetricsLog log = MetricsLog.create(file)) {
      for (int step = 1; step <= 5; step++) {
        log.write(step, Map.of("loss", step / 2.0));
      }
    }
    String whole = Files.readString(file);
    assertThat(whole).startsWith("{\"step\":1,\"loss\":0.5}\n").hasLineCount(5);
    Files.writeString(file, "{\"step\":6,\"lo", StandardOpenOption.APPEND);

    MetricsLog.resume(file, 6).close();
    assertThat(file).hasContent(whole);

    try (MetricsLog log = MetricsLog.resume(file, 3)) {
      log.write(4, Map.of("loss", 2.0));
      log.write(5, Map.of("loss", 2.5));
    }
    assertThat(Files.readString(file)).isEqualTo(whole);

    MetricsLog.create(file).close();
    assertThat(file).isEmptyFile();
  }

  @Test
  void numbersThatJsonLacksAreNull() throws IOException {
    Path file = folder.resolve("metrics.jsonl");
    try (MetricsLog log = MetricsLog.create(file)) {
      log.write(1, Map.of("loss", Double.NaN));
      log.sync();
    }
    assertThat(file).hasContent("{\"step\":1,\"loss\":null}");
  }

  @Test
  void aFileThatIsNoMetricsIsNotTouched() throws IOException {
    Path file = folder.resolve("metrics.jsonl");
    Files.writeString(file, "something else\n");

    assertThatThrownBy(() -> MetricsLog.resume(file, 3))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining("metrics.jsonl:1");
    assertThat(file).hasContent("something else\n");
  }
}
