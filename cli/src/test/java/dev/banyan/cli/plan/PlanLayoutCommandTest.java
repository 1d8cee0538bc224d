package dev.banyan.cli.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banyan.cli.frame.CommandTree;
import dev.banyan.cli.frame.Noun;
import dev.banyan.core.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

class PlanLayoutCommandTest {
  @TempDir private Path folder;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @BeforeEach
  void writeAProblem() throws IOException {
    Files.writeString(
        folder.resolve("b.csv"),
        "id,lower,upper,size\n<b1>,0,3,4\nb2,3,9,4\nb3,0,9,4\nb4,9,21,4\nb5,0,21,4\n");
  }

  @Test
  void buffersThatFitEndWithZeroAFilePictureAndFigures() throws IOException {
    int code =
        run(
            "b.csv",
            "--capacity",
            "12",
            "--json",
            file("r.json"),
            "--report",
            file("r.html"),
            "--out",
            file("o.csv"));
    assertThat(code).as(err.toString(StandardCharsets.UTF_8)).isZero();
    assertThat(out.toString(StandardCharsets.UTF_8)).contains("proven smallest", "they fit");
    JsonNode result = Json.read(folder.resolve("r.json"), JsonNode.class);
    assertThat(result.path("buffers").asInt()).isEqualTo(5);
    assertThat(result.path("maxLoadBytes").asInt()).isEqualTo(12);
    assertThat(result.path("arenaBytes").asInt()).isEqualTo(12);
    assertThat(result.path("feasible").asBoolean()).isTrue();
    assertThat(result.path("optimal").asBoolean()).isTrue();
    assertThat(result.path("seconds").isNumber()).isTrue();
    assertThat(folder.resolve("r.html")).content().contains("image/svg+xml", "Time × address");
    assertThat(Files.readAllLines(folder.resolve("o.csv"))).hasSize(6);
  }

  @Test
  void aCapacityThatIsTooSmallEndsWithOneAndTheProof() throws IOException {
    assertThat(run("b.csv", "--capacity", "11", "--nodes", "1000", "--json", file("r.json")))
        .isEqualTo(1);
    assertThat(out.toString(StandardCharsets.UTF_8)).contains("proven too small: at least 12");
    JsonNode result = Json.read(folder.resolve("r.json"), JsonNode.class);
    assertThat(result.path("feasible").asBoolean()).isFalse();
    assertThat(result.path("provenInfeasible").asBoolean()).isTrue();
  }

  @Test
  void badInputEndsWithTwoAndOneLine() throws IOException {
    Files.writeString(folder.resolve("b.csv"), "id,lower,upper,size\na,1,1,4\n");
    assertThat(run("b.csv")).isEqualTo(2);
    assertThat(err.toString(StandardCharsets.UTF_8).strip())
        .contains("line 2")
        .doesNotContain("\n");
    assertThat(run("nothing.csv")).isEqualTo(2);
    assertThat(run("b.csv", "--capacity", "0")).isEqualTo(2);
    assertThat(run("b.csv", "--seconds", "-1")).isEqualTo(2);
  }

  private String file(String name) {
    return folder.resolve(name).toString();
  }

  private int run(String input, String... flags) {
    out.reset();
    err.reset();
    var nouns = List.of(Noun.group("Memory", "plan", "plans", PlanLayoutCommand.class));
    List<String> args = new ArrayList<>(List.of("plan", "layout", file(input)));
    args.addAll(List.of(flags));
    return new CommandTree(
            nouns,
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            false)
        .run(args.toArray(String[]::new))
        .code();
  }
}
