package dev.banyan.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banyan.core.Progress;
import dev.banyan.core.Seed;
import dev.banyan.tensor.Libtorch;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KilledTrainerTest {
  @TempDir private Path folder;

  @BeforeAll
  static void oneThread() {
    Libtorch.start(Libtorch.Use.INFERENCE, 1);
  }

  @Test
  void aRunKilledAtRandomStepsEndsWithTheSameLossesAndTheSameBytes() throws Exception {
    TinyRun run =
        TinyRun.chats(folder)
            .with("steps", 40)
            .with("checkpoint-every", 3)
            .with("length", 24)
            .with("rows", 2)
            .with("shards", 2);
    Trainer.run(run.into("straight").with("threads", 1).config(), Progress.none());

    killAndGoOn(run.into("killed").with("threads", 2), 3);

    Runs.requireSame(folder.resolve("killed"), folder.resolve("straight"));
  }

  @Test
  void memoryDoesNotGrowWithSteps() throws Exception {
    TinyRun run =
        TinyRun.texts(folder).with("steps", 400).with("checkpoint-every", 50).with("length", 32);
    Process process =
        start(run, List.of("-XX:+UseSerialGC", "-Xms160m", "-Xmx160m", "-XX:+AlwaysPreTouch"));
    long early = 0;
    long late = 0;
    for (String line : lines(process)) {
      String[] words = line.split(" ", 2);
      early = words[0].equals("100") ? Long.parseLong(words[1]) : early;
      late = words[0].equals("400") ? Long.parseLong(words[1]) : late;
    }

    assertThat(early).isPositive();
    assertThat((double) late / early).as("%d bytes after %d", late, early).isLessThan(1.05);
  }

  /** Starts the run, kills it somewhere, and so on; then lets it come to its end. */
  private static void killAndGoOn(TinyRun run, int kills) throws Exception {
    RandomGenerator random = new Seed(17).stream("kills", run.out().getFileName().toString());
    for (int kill = 0; kill < kills; kill++) {
      Process process = start(run, List.of("-Xmx256m"));
      try (BufferedReader said = said(process)) {
        for (int line = 6 + random.nextInt(9); line > 0; line--) {
          assertThat(said.readLine()).as("the run ended by itself").isNotNull();
        }
        for (int spin = random.nextInt(2_000_000); spin > 0; spin--) {
          Thread.onSpinWait(); // somewhere inside the next steps, or while a checkpoint is written
        }
        process.toHandle().destroyForcibly();
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
      }
    }
    String last = lines(start(run, List.of("-Xmx256m"))).getLast();
    assertThat(last).startsWith("from ");
    assertThat(Integer.parseInt(last.substring(5))).as("steps that were not lost").isPositive();
  }

  private static List<String> lines(Process process) throws Exception {
    try (BufferedReader said = said(process)) {
      List<String> lines = said.lines().toList();
      assertThat(process.waitFor()).isZero();
      return lines;
    }
  }

  private static BufferedReader said(Process process) {
    return new BufferedReader(
        new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
  }

  private static Process start(TinyRun run, List<String> memory) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    // the same modules and native settings as here, or other kernels would compute
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(flag -> flag.startsWith("--") || flag.startsWith("-Dorg.bytedeco"))
        .forEach(command::add);
    command.addAll(memory);
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.addAll(List.of(TrainingProcess.class.getName(), run.yaml().toString()));
    return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
  }
}
