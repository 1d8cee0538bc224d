package dev.banyan.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banyan.core.Json;
import dev.banyan.core.Progress;
import dev.banyan.core.Seed;
import dev.banyan.core.UserInputException;
import dev.banyan.model.Precision;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Each bench once, as small as it gets. */
class BenchesTest {
  @TempDir Path temp;

  @Test
  void aFolderHoldsUntilARecordedLogitIsAnother() throws Exception {
    Path folder = fixture("qwen2", "same");
    List<FolderCheck> checks = FolderCheck.all(temp, 1e-3, Progress.none());
    assertThat(checks).hasSize(1).allMatch(check -> check.sameBytes() && check.holds(1e-3));
    assertThat(checks.getFirst().name()).isEqualTo("same");

    Path oracle = folder.resolve("oracle.json");
    String text = Files.readString(oracle);
    String changed = text.replaceFirst("(\"logits\": *\\[\\s*\\[\\s*\\[\\s*)", "$1 77.0, ");
    int second = changed.indexOf(',', changed.indexOf("77.0,") + 5);
    changed = changed.substring(0, changed.indexOf("77.0,") + 4) + changed.substring(second);
    Files.writeString(oracle, changed);
    assertThat(FolderCheck.all(temp, 1e-3, Progress.none()))
        .noneMatch(check -> check.holds(1e-3))
        .allMatch(check -> check.verification().maxDifference() > 50);
  }

  @Test
  void foldersWithoutARecordingAreRefused() {
    assertThatThrownBy(() -> FolderCheck.all(temp, 1e-3, Progress.none()))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining("oracle.json");
  }

  @Test
  void mergesAreReadInBothFormsOfTheFile() {
    JsonNode now = tree("{\"model\": {\"merges\": [[\"a\", \"b\"], [\"ab\", \"c\"]]}}");
    JsonNode before = tree("{\"model\": {\"merges\": [\"a b\", \"ab c\"]}}");
    assertThat(BpeSpeed.merges(now)).containsExactly("a b", "ab c");
    assertThat(BpeSpeed.merges(before)).isEqualTo(BpeSpeed.merges(now));
  }

  @Test
  void aPeerWithOtherMergesIsFoundOut() throws Exception {
    Path python = temp.resolve("python");
    // the peer "learns" one merge that cannot be ours alone
    Files.writeString(
        python,
        """
        #!/bin/sh
        echo '{"model": {"merges": [["x", "y"]]}}' > "$4"
        echo '{"peer": "fake", "seconds": 0.5}'
        """);
    assertThat(python.toFile().setExecutable(true)).isTrue();
    var text = new BpeSpeed.Text("small", List.of("ab ab ab cd", "ab cd cd"));
    BpeSpeed speed = BpeSpeed.measure(text, 270, 1, Optional.of(new Peer(python)), Progress.none());
    assertThat(speed.peer()).isEqualTo("fake");
    assertThat(speed.sameMerges()).isFalse();
    assertThat(speed.training().peerMedian()).isEqualTo(speed.bytes() / 0.5);
    assertThat(speed.whole().compared()).isTrue();
  }

  @Test
  void worldTextsAreAsManyDocumentsAsWereAskedFor() {
    assertThat(BpeSpeed.ofWorld(new Seed(1), 10))
        .extracting(text -> text.documents().size())
        .containsExactly(10, 5, 5);
  }

  @Test
  void generationIsMeasuredForEveryBatch() {
    List<GenerationSpeed> speeds =
        GenerationSpeed.measure(List.of(1, 3), 2, 1, new Seed(1), Progress.none());
    assertThat(speeds).extracting(GenerationSpeed::batch).containsExactly(1, 3);
    assertThat(speeds).allMatch(speed -> speed.median() > 0);
  }

  @Test
  void trainingIsMeasuredInPairsThroughTheTrainersOwnStep() throws Exception {
    Path python = temp.resolve("python");
    Files.writeString(
        python,
        """
        #!/bin/sh
        echo "$@" >> "%s"
        echo '{"peer": "fake", "medianTokensPerSecond": 128.0}'
        """
            .formatted(temp.resolve("said")));
    assertThat(python.toFile().setExecutable(true)).isTrue();
    try (WorkFolder work = WorkFolder.open()) {
      var rows = new TrainSpeed.Rows(2, 16);
      TrainSpeed speed =
          TrainSpeed.measure(
              work,
              TrainSpeed.config(work, rows, Precision.F32, 2, new Seed(1)),
              2,
              1,
              Optional.of(new Peer(python)),
              Progress.none());
      assertThat(speed.pairs().ours()).hasSize(2).allMatch(rate -> rate > 0);
      assertThat(speed.pairs().medianRatio()).isEqualTo(speed.pairs().ourMedian() / 128);
    }
    assertThat(Files.readAllLines(temp.resolve("said")))
        .hasSize(2)
        .allMatch(line -> line.contains("--dtype float32 --threads 2 --steps 1"))
        .allMatch(line -> line.endsWith("--batch 2 --time 16"));
  }

  @Test
  void residentMemoryIsReadAfterEveryStep() {
    var shape = new SmallRun.Shape(32, 1, 16, 2);
    MemoryCurve curve = MemorySoak.run(shape, 8, new Seed(1), Progress.none());
    assertThat(curve.steps()).isEqualTo(8);
    assertThat(curve.bytes()).allMatch(bytes -> bytes > 100_000_000 && bytes < 4_000_000_000L);
  }

  @Test
  void aStartIsTimedAsOftenAsAskedAndACommandThatFailsIsRefused() {
    assertThat(StartTime.measure(List.of("true"), 3).seconds()).hasSize(3);
    assertThatThrownBy(() -> StartTime.measure(List.of("false"), 1))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining("false ended with 1");
  }

  private Path fixture(String name, String copy) throws Exception {
    var resource = Objects.requireNonNull(BenchesTest.class.getResource("/hf/" + name));
    Path source = Path.of(resource.toURI());
    Path target = Files.createDirectories(temp.resolve(copy));
    try (var files = Files.list(source)) {
      for (Path file : files.toList()) {
        Files.copy(file, target.resolve(file.getFileName()));
      }
    }
    return target;
  }

  private static JsonNode tree(String json) {
    return Json.mapper().readTree(json);
  }
}
