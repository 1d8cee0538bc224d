package dev.banyan.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SettingsTest {
  private static final List<Setting> KNOWN =
      Setting.table(
          """
          data           PATHS    -      What to read.
          steps          INTEGER  10     How many  steps.
          learning-rate  NUMBER   1e-3   How fast.
          shuffle        FLAG     true   Whether to shuffle.
          mode           TEXT     slow   How.
          name           TEXT     -      What it is called.
          """);

  private enum Mode {
    SLOW,
    VERY_FAST
  }

  @TempDir private Path folder;

  @Test
  void aTableHasNamesKindsDefaultsAndSentences() {
    assertThat(KNOWN).hasSize(6);
    assertThat(KNOWN.get(1))
        .isEqualTo(new Setting("steps", Setting.Kind.INTEGER, "10", "How many  steps."));
    assertThat(KNOWN.getFirst().fallback()).isNull();
  }

  @Test
  void whatIsNotSaidHasItsDefault() {
    Settings settings = Settings.of(KNOWN);
    assertThat(settings.count("steps", 1)).isEqualTo(10);
    assertThat(settings.number("learning-rate", 0, 1)).isEqualTo(1e-3);
    assertThat(settings.flag("shuffle")).isTrue();
    assertThat(settings.choice("mode", Mode.class)).isEqualTo(Mode.SLOW);
    assertThat(settings.paths("data")).isEmpty();
    assertThat(settings.path("name")).isEmpty();
    assertThat(settings.says("steps")).isFalse();
    assertThat(settings.said()).isEmpty();
    assertThatThrownBy(() -> settings.required("name"))
        .isInstanceOf(UserInputException.class)
        .hasMessage("flags: name is missing: What it is called.");
  }

  @Test
  void aFileSaysThingsAndFlagsSayThemAnew() throws IOException {
    Settings file =
        read(
            """
            # a comment
            data: [a.txt, "b c.txt"]
            steps: 1_000
            learning-rate: 0.5
            shuffle: false
            mode: very-fast
            """);
    assertThat(file.paths("data")).containsExactly(Path.of("a.txt"), Path.of("b c.txt"));
    assertThat(file.count("steps", 1)).isEqualTo(1000);
    assertThat(file.number("learning-rate", 0, 1)).isEqualTo(0.5);
    assertThat(file.flag("shuffle")).isFalse();
    assertThat(file.choice("mode", Mode.class)).isEqualTo(Mode.VERY_FAST);

    Settings flags = file.with("steps", "7").with("data", List.of("c"));
    assertThat(flags.count("steps", 1)).isEqualTo(7);
    assertThat(flags.paths("data")).containsExactly(Path.of("c"));
    assertThat(flags.flag("shuffle")).isFalse();
    assertThat(file.count("steps", 1)).as("settings do not change").isEqualTo(1000);
    assertThat(flags.with("steps", List.of()).count("steps", 1)).isEqualTo(10);

    assertThatThrownBy(() -> flags.count("steps", 8))
        .as("what a flag says is not laid to the file")
        .hasMessage("--steps is 7, expected a whole number from 8 to 2147483647");
    assertThatThrownBy(() -> file.count("steps", 2000)).hasMessageContaining("s.yaml: steps is");
  }

  @Test
  void whatWasSaidCanBeSaidAgain() throws IOException {
    Settings settings =
        read("data: [a, b]\nsteps: 5\nshuffle: false\nlearning-rate: 2e-4\nname: 'true'\n");
    Map<String, Object> said = settings.said();
    assertThat(said)
        .containsEntry("data", List.of("a", "b"))
        .containsEntry("steps", 5L)
        .containsEntry("shuffle", false)
        .hasSize(5);

    Settings again = Settings.of(KNOWN).with(said, "again");
    assertThat(again.said()).isEqualTo(said);
    assertThat(again.number("learning-rate", 0, 1)).isEqualTo(2e-4);
  }

  @Test
  void anEmptyFileSaysNothing() throws IOException {
    assertThat(read("").said()).isEmpty();
    assertThat(read("# nothing\n").said()).isEmpty();
    assertThat(read("steps:\n").said()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "stesp: 5|there is no setting stesp; did you mean steps?",
        "learning_rate: 5|did you mean learning-rate?",
        "zzzzzzzz: 5|there are data, steps, learning-rate",
        "steps: {a: 1}|steps takes a value, not a mapping",
        "- steps|expected lines of `key: value`",
        "just words|expected lines of `key: value`",
      })
  void whatCannotBeSettingsIsRefusedWithItsFile(String yaml, String said) {
    assertThatThrownBy(() -> read(yaml))
        .isInstanceOf(UserInputException.class)
        .hasMessageStartingWith(folder.resolve("s.yaml") + ": ")
        .hasMessageContaining(said);
  }

  @Test
  void brokenYamlIsNamedByLineAndColumn() {
    assertThatThrownBy(() -> read("steps: 5\nmode: 'open\n"))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining("s.yaml:3:1: this is no YAML: found unexpected end of stream");
    assertThatThrownBy(() -> read("steps: 5\n\tmode: x\n"))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining("s.yaml:2:1: this is no YAML: ")
        .hasMessageContaining("TAB");
    assertThatThrownBy(() -> read("steps: 5\nmode: x\nsteps: 6\n"))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining("s.yaml:3:")
        .hasMessageContaining("steps");
  }

  @Test
  void aFileThatIsMissingOrNoTextIsRefused() throws IOException {
    Path absent = folder.resolve("absent.yaml");
    assertThatThrownBy(() -> Settings.read(absent, KNOWN))
        .isInstanceOf(UserInputException.class)
        .hasMessageStartingWith(absent.toString());
    Path bytes = folder.resolve("bytes.yaml");
    Files.write(bytes, new byte[] {'a', (byte) 0xff, (byte) 0xfe});
    assertThatThrownBy(() -> Settings.read(bytes, KNOWN))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining("UTF-8");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "steps: 0|steps is 0, expected a whole number from 1",
        "steps: -3|steps is -3",
        "steps: 1.5|steps is 1.5, expected a whole number",
        "steps: many|steps is many",
        "steps: 99999999999|steps is 99999999999",
        "steps: [1, 2]|steps takes one value, not 2",
        "learning-rate: 2|learning-rate is 2, expected a number from 0 to 1",
        "learning-rate: .nan|learning-rate is NaN, expected a number",
        "learning-rate: fast|learning-rate is fast",
        "shuffle: maybe|shuffle is maybe, expected true or false",
        "mode: quick|mode is quick, expected slow, very-fast",
        "data: \"a\\0b\"|expected a path",
      })
  void aValueThatCannotBeIsRefusedWithFileKeyAndWhatIsExpected(String yaml, String said)
      throws IOException {
    Settings settings = read(yaml);
    assertThatThrownBy(
            () -> {
              settings.count("steps", 1);
              settings.number("learning-rate", 0, 1);
              settings.flag("shuffle");
              settings.choice("mode", Mode.class);
              settings.paths("data");
            })
        .isInstanceOf(UserInputException.class)
        .hasMessageStartingWith(folder.resolve("s.yaml") + ": ")
        .hasMessageContaining(said);
  }

  @Test
  void aNameThatTheProgramMadeUpIsAProgrammingError() {
    assertThatThrownBy(() -> Settings.of(KNOWN).text("nothing"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private Settings read(String yaml) throws IOException {
    Path file = folder.resolve("s.yaml");
    Files.writeString(file, yaml);
    return Settings.read(file, KNOWN);
  }
}
