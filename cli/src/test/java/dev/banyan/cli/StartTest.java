package dev.banyan.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a start loads: a child JVM lists its classes. */
class StartTest {

  @ParameterizedTest
  @ValueSource(strings = {"--help", "--version", "rehearse plain", "no-such-noun", "world -h"})
  void plainCommandsLoadNeitherLibtorchNorJson(String typed) throws Exception {
    List<String> loaded = loaded(typed.split(" ", -1));
    assertThat(loaded).anyMatch(name -> name.equals("dev.banyan.cli.Banyan"));
    assertThat(loaded).noneMatch(name -> name.startsWith("org.bytedeco."));
    assertThat(loaded).noneMatch(name -> name.startsWith("tools.jackson."));
    assertThat(loaded).noneMatch(name -> name.startsWith("ai.djl."));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "serve simulate --workload S-S --rate 5 --requests 50",
        "serve faults --schedules 3",
        "bench serve -h"
      })
  void commandsOfServeLoadNoLibtorch(String typed) throws Exception {
    List<String> loaded = loaded(typed.split(" ", -1));
    assertThat(loaded).anyMatch(name -> name.startsWith("dev.banyan."));
    assertThat(loaded).noneMatch(name -> name.startsWith("org.bytedeco."));
  }

  /** The solver is for MODeL and for recomputation alone. */
  @Test
  void ordinaryPlansLoadNoSolver(@TempDir Path folder) throws Exception {
    String graph = "../plan/src/test/resources/dev/banyan/plan/read/inputs/net.pt2";
    List<String> loaded =
        loaded(("plan make " + graph + " --out " + folder.resolve("plan.json")).split(" ", -1));
    assertThat(loaded).anyMatch(name -> name.startsWith("dev.banyan.plan.order."));
    assertThat(loaded).noneMatch(name -> name.startsWith("com.google.ortools."));
    assertThat(loaded).noneMatch(name -> name.startsWith("org.bytedeco."));
    List<String> again = loaded(("plan compare " + graph).split(" ", -1));
    assertThat(again).noneMatch(name -> name.startsWith("com.google.ortools."));
  }

  /** Growing a checkpoint starts in the plain JVM; only its proof trains. */
  @Test
  void growingLoadsNoLibtorch(@TempDir Path folder) throws Exception {
    String source =
        Path.of(Objects.requireNonNull(StartTest.class.getResource("/hf/qwen3")).toURI())
            .toString();
    String target = folder.resolve("out").toString();
    for (String typed :
        List.of(
            "grow plan " + source + " --moe copy",
            "grow run " + source + " " + target + " --layers 4 --moe copy --experts 4",
            "grow verify " + source + " " + target)) {
      List<String> loaded = loaded(typed.split(" ", -1));
      assertThat(loaded).anyMatch(name -> name.equals("dev.banyan.grow.Growth"));
      assertThat(loaded).noneMatch(name -> name.startsWith("org.bytedeco."));
    }
    assertThat(folder.resolve("out").resolve("config.json")).exists();
  }

  @ParameterizedTest
  @ValueSource(strings = {"--help", "--version", "world show --count 300"})
  void whenTheReaderOfStandardOutputLeavesTheProcessEndsWithoutAWord(String typed)
      throws Exception {
    List<String> command = new ArrayList<>(java(List.of()));
    command.addAll(List.of(typed.split(" ", -1)));
    Process child = new ProcessBuilder(command).start();
    child.getInputStream().close();
    String said = new String(child.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(child.waitFor()).isEqualTo(141);
    assertThat(said).isEmpty();
  }

  private static List<String> java(List<String> flags) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(flags);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), "dev.banyan.cli.Banyan"));
    return command;
  }

  private static List<String> loaded(String... args) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(java(List.of("-Xlog:class+load:stdout")));
    command.addAll(List.of(args));
    Process child = new ProcessBuilder(command).redirectErrorStream(true).start();
    List<String> names = new ArrayList<>();
    try (InputStream in = child.getInputStream()) {
      for (String line : new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList()) {
        int source = line.indexOf(" source: ");
        int begin = source < 0 ? -1 : line.lastIndexOf(' ', source - 1);
        if (begin >= 0) {
          names.add(line.substring(begin + 1, source));
        }
      }
    }
    child.waitFor();
    return names;
  }
}
