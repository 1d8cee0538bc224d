package dev.banyan.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banyan.core.UserInputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LifeSharesTest {
  @TempDir Path temp;

  @Test
  void stepsComeInTheOrderTheyWereRunWithTheirShares() throws Exception {
    step("world", 1, 2.0);
    step("tokenizer", 2, 3.0);
    step("pretrain", 3, 15.0);
    LifeShares life = LifeShares.read(temp);
    assertThat(life.steps())
        .extracting(LifeShares.Step::name)
        .containsExactly("world", "tokenizer", "pretrain");
    assertThat(life.seconds()).isEqualTo(20.0);
    assertThat(life.share(life.steps().get(2))).isEqualTo(0.75);
  }

  @Test
  void aFolderThatHoldsNoLifeIsRefused() throws Exception {
    assertThatThrownBy(() -> LifeShares.read(temp))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining("--run");
    Files.createDirectories(temp.resolve("steps"));
    assertThatThrownBy(() -> LifeShares.read(temp)).hasMessageContaining("no step is done");
  }

  private void step(String name, long at, double seconds) throws Exception {
    Path file = temp.resolve("steps").resolve(name + ".json");
    Files.createDirectories(temp.resolve("steps"));
    Files.writeString(
        file,
        """
        {"name": "%s", "inputs": "0a", "command": "banyan %s", "seconds": %s, "result": {"n": 1}}
        """
            .formatted(name, name, seconds));
    Files.setLastModifiedTime(file, FileTime.fromMillis(1_700_000_000_000L + at * 1000));
  }
}
