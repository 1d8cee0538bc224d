package dev.banyan.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

class JsonTest {
  @TempDir Path folder;

  record Point(int x, int y) {}

  @Test
  void aFileIsReadAsARecord() throws IOException {
    Path file = Files.writeString(folder.resolve("p.json"), "{\"x\": 1, \"y\": 2, \"more\": 3}");
    assertThat(Json.read(file, Point.class)).isEqualTo(new Point(1, 2));
  }

  @Test
  void brokenFilesAreNamedWithLineAndColumn() throws IOException {
    Path file = Files.writeString(folder.resolve("p.json"), "{\n  \"x\": 1,\n  \"y\": oops\n}");
    assertThatThrownBy(() -> Json.read(file, Point.class))
        .isInstanceOf(UserInputException.class)
        .hasMessageStartingWith(file + ":3:")
        .hasMessageContaining("oops")
        .message()
        .hasLineCount(1);
  }

  @Test
  void missingFilesNullAndTrailingTextAreTheUsersToMend() throws IOException {
    Path missing = folder.resolve("none.json");
    assertThatThrownBy(() -> Json.read(missing, Point.class))
        .isInstanceOf(UserInputException.class)
        .hasMessage(missing + ": there is no such file");
    for (String text : List.of("null", "", "{\"x\":1,\"y\":2} {", "[1]", "{\"x\":1,\"y\":null}")) {
      Path file = Files.writeString(folder.resolve("bad.json"), text);
      assertThatThrownBy(() -> Json.read(file, Point.class))
          .as(text)
          .isInstanceOf(UserInputException.class)
          .hasMessageStartingWith(file.toString());
    }
  }

  @Test
  void aBrokenJsonlLineIsNamedByItsNumber() {
    assertThatThrownBy(() -> Json.readLine("{\"x\"", Path.of("a.jsonl"), 1234, Point.class))
        .isInstanceOf(UserInputException.class)
        .hasMessageStartingWith("a.jsonl:1234:");
  }

  @Test
  void aResultHasTheCommonFieldsFirstAndEveryFigureInOrder() throws IOException {
    Path file = folder.resolve("out/result.json");
    Clock clock = Clock.fixed(Instant.parse("2026-05-04T03:02:01.123456Z"), ZoneOffset.UTC);
    Result.of("banyan world write", new Seed(5), clock)
        .put("documents", 12)
        .put("bitsPerByte", new Interval(1.5, 1.25, 1.75))
        .put("loss", List.of(1.5, Double.NaN))
        .put("perDomain", Map.of("stories", Double.POSITIVE_INFINITY))
        .put("point", new Point(3, 4))
        .write(file);

    JsonNode json = Json.mapper().readTree(Files.readString(file));
    Iterator<String> names = json.propertyNames().iterator();
    for (String name :
        List.of(
            "command",
            "version",
            "seed",
            "host",
            "startedAt",
            "documents",
            "bitsPerByte",
            "loss",
            "perDomain",
            "point")) {
      assertThat(names.next()).isEqualTo(name);
    }
    assertThat(json.get("command").asString()).isEqualTo("banyan world write");
    assertThat(json.get("version").asString()).matches("\\d+\\.\\d+\\.\\d+.*");
    assertThat(json.get("seed").asLong()).isEqualTo(5);
    assertThat(json.get("startedAt").asString()).isEqualTo("2026-05-04T03:02:01.123Z");
    assertThat(json.get("host").get("cores").asInt()).isPositive();
    assertThat(json.get("host").get("memoryBytes").asLong()).isGreaterThan(1L << 28);
    assertThat(json.get("host").get("jdk").asString()).startsWith("25");
    assertThat(json.get("bitsPerByte").get("low").asDouble()).isEqualTo(1.25);
    assertThat(json.get("loss").get(1).isNull()).isTrue();
    assertThat(json.get("perDomain").get("stories").isNull()).isTrue();
    assertThat(json.get("point").get("y").asInt()).isEqualTo(4);
  }

  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Curve(double best, float[] losses, List<Interval> parts) {}

  @Test
  void aNumberThatIsNotFiniteIsNullAlsoInsideRecordsAndArrays() throws IOException {
    Path file = folder.resolve("result.json");
    var part = new Interval(1.5, Double.NEGATIVE_INFINITY, 2);
    Result.of("banyan x", new Seed(1))
        .put("curve", new Curve(Double.NaN, new float[] {0.1f, Float.NaN}, List.of(part)))
        .put("rates", new double[] {Double.POSITIVE_INFINITY, 2})
        .write(file);

    String text = Files.readString(file);
    assertThat(text).doesNotContain("NaN").doesNotContain("Infinity");
    JsonNode json = Json.mapper().readTree(text);
    assertThat(json.at("/curve/best").isNull()).isTrue();
    assertThat(json.at("/curve/losses").toString()).isEqualTo("[0.1,null]");
    assertThat(json.at("/curve/parts/0/low").isNull()).isTrue();
    assertThat(json.at("/rates").toString()).matches("\\[null,2(\\.0)?]");
  }

  @Test
  void namesThatAreNoCamelCaseOrTakenAreRefused() {
    Result result = Result.of("banyan x", new Seed(1));
    assertThatThrownBy(() -> result.put("tokens_per_second", 1)).hasMessageContaining("camelCase");
    assertThatThrownBy(() -> result.put("seed", 1)).hasMessageContaining("already there");
  }

  @Test
  void theNearestNameIsASlipOfTheHandAway() {
    List<String> known = List.of("seed", "steps", "learningRate", "out");
    assertThat(Nearest.of("sede", known)).contains("seed");
    assertThat(Nearest.of("learning-rate", known)).contains("learningRate");
    assertThat(Nearest.of("STEP", known)).contains("steps");
    assertThat(Nearest.of("banana", known)).isEmpty();
  }
}
