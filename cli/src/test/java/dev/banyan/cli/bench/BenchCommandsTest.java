package dev.banyan.cli.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banyan.cli.frame.CommandTree;
import dev.banyan.cli.frame.Noun;
import dev.banyan.cli.frame.TextTable;
import dev.banyan.core.Json;
import dev.banyan.core.Table;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

class BenchCommandsTest {
  @TempDir Path temp;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @Test
  void columnsStandInLineAndNumbersToTheRight() {
    Table table = Table.of("what", "n").row("a µ", 5).row("longer", 12).caption("that is all");
    assertThat(TextTable.of(table)).isEqualTo("what     n\na µ      5\nlonger  12\nthat is all\n");
  }

  @Test
  void lifeShowsEachStepsShareAndTheStart() throws Exception {
    Files.createDirectories(temp.resolve("steps"));
    Files.writeString(
        temp.resolve("steps/world.json"),
        "{\"name\": \"world\", \"command\": \"banyan world write w\", \"seconds\": 4.0}");
    Path launcher = temp.resolve("launcher");
    Files.writeString(launcher, "#!/bin/sh\n[ \"$1\" = --help ]\n");
    assertThat(launcher.toFile().setExecutable(true)).isTrue();
    Path json = temp.resolve("life.json");
    int code =
        run(
            "bench",
            "life",
            "--out",
            temp.toString(),
            "--starts",
            "2",
            "--launcher",
            launcher.toString(),
            "--json",
            json.toString());
    assertThat(text(err)).isEmpty();
    assertThat(code).isZero();
    assertThat(text(out)).contains("100.0 %").contains("banyan world write w");
    assertThat(text(out)).contains("median of 2 starts");
    JsonNode figures = Json.read(json, JsonNode.class);
    assertThat(figures.get("seconds").doubleValue()).isEqualTo(4.0);
    assertThat(figures.get("helpSeconds").size()).isEqualTo(2);
  }

  @Test
  void wrongFoldersAndCountsAreOneLineAndExitTwo() {
    assertThat(run("bench", "life", "--out", temp.resolve("none").toString())).isEqualTo(2);
    assertThat(text(err)).contains("holds no life").hasLineCount(1);
    assertThat(run("bench", "model", "--folders", temp.toString())).isEqualTo(2);
    assertThat(text(err)).contains("oracle.json");
    assertThat(
            run(
                "bench",
                "train",
                "--pairs",
                "0",
                "--soak-steps",
                "0",
                "--rank-pairs",
                "0",
                "--rank-kills",
                "0",
                "--resume-kills",
                "9",
                "--resume-steps",
                "10"))
        .isEqualTo(2);
    assertThat(text(err)).contains("has room for 5");
  }

  private int run(String... args) {
    return new CommandTree(
            List.of(
                Noun.group(
                    "bench",
                    "bench",
                    "Tables.",
                    BenchModelCommand.class,
                    BenchTrainCommand.class,
                    BenchLifeCommand.class)),
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            false)
        .run(args)
        .code();
  }

  private static String text(ByteArrayOutputStream stream) {
    return stream.toString(StandardCharsets.UTF_8);
  }
}
