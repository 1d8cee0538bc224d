package dev.banyan.cli.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banyan.cli.frame.CommandTree;
import dev.banyan.cli.frame.Noun;
import dev.banyan.core.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** The traced step that {@code banyan life} ships at its tiny scale, run as a user would. */
class PlanRunCommandTest {
  @TempDir private Path folder;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @BeforeEach
  void planTheStep() throws IOException {
    try (InputStream in =
        Objects.requireNonNull(
            PlanRunCommandTest.class.getResourceAsStream(
                "/dev/banyan/cli/life/step-tiny.json.gz"))) {
      Files.copy(in, folder.resolve("step.json.gz"));
    }
    assertThat(run("make", file("step.json.gz"), "--out", file("plan.json"))).isZero();
  }

  @Test
  void aStepRunsInItsBlockWithTheSameBits() {
    int code =
        run(
            "run",
            file("step.json.gz"),
            file("plan.json"),
            "--json",
            file("r.json"),
            "--seed",
            "4");
    assertThat(code).as(said(err)).isZero();
    assertThat(said(out)).contains("same bits: ", "largest temporary outside the block: ");
    JsonNode figures = Json.read(folder.resolve("r.json"), JsonNode.class);
    JsonNode plan = Json.read(folder.resolve("plan.json"), JsonNode.class);
    assertThat(figures.path("blockBytes")).isEqualTo(plan.path("arenaBytes"));
    assertThat(figures.path("liveBytes")).isEqualTo(plan.path("peakBytes"));
    assertThat(figures.path("outKernels").asInt()).isPositive();
    assertThat(figures.path("copied").asInt()).isPositive();
  }

  @Test
  void aPlanThatPutsEverythingInOnePlaceEndsWithOne() throws IOException {
    JsonNode tree = Json.read(folder.resolve("plan.json"), JsonNode.class);
    List<String> offsets = new ArrayList<>(Collections.nCopies(tree.path("offsets").size(), "0"));
    for (int i = 0; i < offsets.size(); i++) {
      offsets.set(i, tree.path("offsets").get(i).asLong() < 0 ? "-1" : "0");
    }
    String planted =
        Files.readString(folder.resolve("plan.json"))
            .replaceFirst("\"offsets\": .*", "\"offsets\": [" + String.join(",", offsets) + "]");
    Files.writeString(folder.resolve("planted.json"), planted);
    assertThat(run("run", file("step.json.gz"), file("planted.json"))).isEqualTo(1);
    assertThat(said(out)).contains("DIFFERENT: ");
  }

  @Test
  void inputsThatDoNotFitAreRefusedByName() throws IOException {
    Files.writeString(folder.resolve("short.json"), "{\"ids\": [1, 2, 3]}");
    assertThat(run("run", file("step.json.gz"), file("plan.json"), "--inputs", file("short.json")))
        .isEqualTo(2);
    assertThat(said(err)).contains("input 'ids' has 3 values, the graph's is [8, 256]");
    Files.writeString(folder.resolve("real.json"), "{\"ids\": [1.5]}");
    assertThat(run("run", file("step.json.gz"), file("plan.json"), "--inputs", file("real.json")))
        .isEqualTo(2);
    assertThat(said(err)).contains("'ids' has 1.5 at 0, expected a whole number");
  }

  private int run(String... args) {
    List<String> line = new ArrayList<>(List.of("plan"));
    line.addAll(List.of(args));
    Noun plan = Noun.group("Memory", "plan", "", PlanMakeCommand.class, PlanRunCommand.class);
    return new CommandTree(List.of(plan), stream(out), stream(err), false)
        .run(line.toArray(String[]::new))
        .code();
  }

  private String file(String name) {
    return folder.resolve(name).toString();
  }

  private static PrintStream stream(ByteArrayOutputStream bytes) {
    return new PrintStream(bytes, true, StandardCharsets.UTF_8);
  }

  private static String said(ByteArrayOutputStream bytes) {
    return bytes.toString(StandardCharsets.UTF_8);
  }
}
