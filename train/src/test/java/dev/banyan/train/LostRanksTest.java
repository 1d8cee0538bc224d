package dev.banyan.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banyan.core.JavaCommand;
import dev.banyan.core.Json;
import dev.banyan.core.Progress;
import dev.banyan.core.Settings;
import dev.banyan.tensor.Libtorch;
import dev.banyan.train.process.RankJob;
import dev.banyan.train.process.TrainRank;
import java.io.BufferedReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Ranks that stand still, and ranks whose parent is gone. */
class LostRanksTest {
  @TempDir private Path folder;

  @BeforeAll
  static void oneThread() {
    Libtorch.start(Libtorch.Use.INFERENCE, 1);
  }

  @Test
  void aRankThatStandsStillIsNamedAndEndedByForce() {
    TinyRun run = run(100_000).with("ranks", 2);
    assertThatThrownBy(() -> Ranks.run(settings(run), atStep(5, () -> signal("STOP", 1))))
        .isInstanceOf(RankLostException.class)
        .hasMessageContaining("rank 1 is lost: no heartbeat");
    assertThat(children()).isEmpty();
  }

  @Test
  void aRankEndsWithWhoeverStartedIt() throws Exception {
    Map<String, Object> settings = new HashMap<>(run(100_000).keys());
    var job = new RankJob(settings, 0, 1, "127.0.0.1", 1, "alone", "", true);
    Path file = folder.resolve("job.json");
    Json.write(file, job);
    Process process =
        new ProcessBuilder(
                JavaCommand.of(
                    List.of("-Xmx256m"), TrainRank.class.getName(), List.of(file.toString())))
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    try (BufferedReader said = process.inputReader(StandardCharsets.UTF_8)) {
      assertThat(said.readLine()).isNotNull();
      process.getOutputStream().close();
      assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).isEqualTo(TrainRank.ORPHANED);
    } finally {
      process.toHandle().destroyForcibly();
    }
  }

  private TinyRun run(int steps) {
    return TinyRun.texts(folder).with("steps", steps).with("shards", 2).with("length", 24);
  }

  private static Settings settings(TinyRun run) {
    return Settings.of(TrainConfig.SETTINGS).with(run.keys(), "test");
  }

  private static Progress atStep(long step, Runnable what) {
    var done = new AtomicBoolean();
    return new Progress() {
      @Override
      public void step(long at, String note) {
        if (at >= step && done.compareAndSet(false, true)) {
          what.run();
        }
      }

      @Override
      public void close() {}
    };
  }

  /** Rank processes of this one that live. */
  private static List<ProcessHandle> children() {
    return ProcessHandle.current()
        .children()
        .filter(child -> JavaCommand.lastArgument(child).matches(".*rank-\\d+\\.json"))
        .toList();
  }

  private static void eachOfRank(int rank, Consumer<ProcessHandle> what) {
    List<ProcessHandle> found =
        children().stream()
            .filter(child -> JavaCommand.lastArgument(child).endsWith("rank-" + rank + ".json"))
            .toList();
    assertThat(found).hasSize(1);
    found.forEach(what);
  }

  private static void signal(String name, int rank) {
    eachOfRank(
        rank,
        process -> {
          try {
            int code =
                new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
                    .start()
                    .waitFor();
            assertThat(code).isZero();
          } catch (Exception e) {
            throw new IllegalStateException(e);
          }
        });
  }
}
