package dev.banyan.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KilledWriterTest {
  @TempDir Path folder;

  @Test
  void aWriterKilledAnywhereLeavesWholeFilesAndTheNextOneCleansUp() throws Exception {
    RandomGenerator random = new Seed(11).stream("kill");
    int version = 1;
    for (int kill = 0; kill < 12; kill++) {
      version = runAndKill(version, 1 + random.nextInt(4), random.nextInt(12_000));
      AtomicFolder.recover(folder.resolve("folder"));

      int file = wholeVersion(folder.resolve("file"));
      int a = wholeVersion(folder.resolve("folder/a"));
      int b = wholeVersion(folder.resolve("folder/b"));
      assertThat(a).isEqualTo(b);
      // What was reported done is there; the one after it may be.
      assertThat(file).isBetween(version, version + 1);
      assertThat(a).isBetween(version, version + 1);
    }
    AtomicFile.open(folder.resolve("file")).close();
    AtomicFolder.open(folder.resolve("folder")).close();
    try (Stream<Path> left = Files.list(folder)) {
      assertThat(left.map(path -> path.getFileName().toString()))
          .containsExactlyInAnyOrder("file", "folder");
    }
  }

  @Test
  void aJvmThatStopsBeginsNoFileButItsLast() throws Exception {
    Process writer =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                LastWriter.class.getName(),
                folder.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (BufferedReader said = writer.inputReader(StandardCharsets.UTF_8)) {
      assertThat(said.readLine()).isEqualTo("ready");
      assertThat(writer.toHandle().destroy()).isTrue();
      assertThat(said.readLine()).endsWith("other is not begun");
      assertThat(writer.waitFor(30, TimeUnit.SECONDS)).isTrue();
    }
    assertThat(folder.resolve("last")).hasContent("words");
    assertThat(folder.toFile().list()).containsExactly("last");
  }

  /** Returns the last version the writer said was done. */
  private int runAndKill(int from, int rounds, int spins) throws IOException, InterruptedException {
    Process writer =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                KilledWriter.class.getName(),
                folder.toString(),
                Integer.toString(from))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    int last = from;
    try (BufferedReader said =
        new BufferedReader(
            new InputStreamReader(writer.getInputStream(), StandardCharsets.UTF_8))) {
      for (int round = 0; round < rounds; round++) {
        String line = said.readLine();
        assertThat(line).as("the writer died by itself").isNotNull();
        last = Integer.parseInt(String.valueOf(line));
      }
      for (int spin = 0; spin < spins; spin++) {
        Thread.onSpinWait(); // somewhere inside the next round
      }
      writer.toHandle().destroyForcibly(); // Process.destroyForcibly would close what it said
      assertThat(writer.waitFor(30, TimeUnit.SECONDS)).isTrue();
      for (String line : said.lines().toList()) {
        last = Integer.parseInt(line);
      }
    }
    return last;
  }

  private static int wholeVersion(Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    assertThat(bytes).hasSize(KilledWriter.BYTES);
    assertThat(List.of(bytes[0], bytes[bytes.length / 2])).containsOnly(bytes[bytes.length - 1]);
    assertThat(bytes).isEqualTo(KilledWriter.content(bytes[0]));
    return bytes[0] & 0xff;
  }
}
