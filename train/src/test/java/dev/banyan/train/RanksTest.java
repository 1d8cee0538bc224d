package dev.banyan.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banyan.core.JavaCommand;
import dev.banyan.core.Json;
import dev.banyan.core.Progress;
import dev.banyan.core.Settings;
import dev.banyan.core.UserInputException;
import dev.banyan.tensor.Libtorch;
import dev.banyan.train.process.RankJob;
import dev.banyan.train.process.TrainRank;
import java.io.BufferedReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Ranks as they are: processes. */
class RanksTest {
  @TempDir private Path folder;

  @BeforeAll
  static void oneThread() {
    Libtorch.start(Libtorch.Use.INFERENCE, 1);
  }

  @Test
  void twoRanksLeaveTheBytesOfOneProcessAlsoWhenOneIsKilledOnTheWay() throws Exception {
    TinyRun run = run(40);
    Trainer.run(run.into("one").config(), Progress.none());

    TinyRun two = run.into("two").with("ranks", 2).with("events", folder.resolve("ev").toString());
    assertThatThrownBy(() -> Ranks.run(settings(two), atStep(13, () -> kill(1))))
        .isInstanceOf(RankLostException.class)
        .hasMessageStartingWith("rank 1 (pid ")
        .hasMessageEndingWith("was ended by signal 9");
    assertThat(children()).isEmpty();
    TrainResult result = Ranks.run(settings(two), Progress.none());

    assertThat(result.resumedAt()).isPositive();
    assertThat(children()).isEmpty();
    Runs.requireSame(folder.resolve("two"), folder.resolve("one"));
    requireEvents(folder.resolve("ev"), 40 - result.resumedAt());
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

  @Test
  void shardsThatCannotBeSharedAreRefused() {
    assertThatThrownBy(() -> Ranks.run(settings(run(5).with("ranks", 3)), Progress.none()))
        .isInstanceOf(UserInputException.class)
        .hasMessage("shards is 2 and ranks is 3; shards must be a multiple of ranks");
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
        .filter(child -> command(child).contains(TrainRank.class.getName()))
        .toList();
  }

  private static String command(ProcessHandle process) {
    return String.join(" ", process.info().arguments().orElse(new String[0]));
  }

  private static void eachOfRank(int rank, Consumer<ProcessHandle> what) {
    List<ProcessHandle> found =
        children().stream()
            .filter(child -> command(child).endsWith("rank-" + rank + ".json"))
            .toList();
    assertThat(found).hasSize(1);
    found.forEach(what);
  }

  private static void kill(int rank) {
    eachOfRank(rank, ProcessHandle::destroyForcibly);
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

  /** Every collective was entered and left once, by both ranks alike. */
  private static void requireEvents(Path events, long steps) throws Exception {
    List<List<String>> collectives = new ArrayList<>();
    for (int rank = 0; rank < 2; rank++) {
      List<String> lines = Files.readAllLines(events.resolve("rank-" + rank + ".jsonl"));
      List<JsonNode> nodes = lines.stream().map(Json.mapper()::readTree).toList();
      assertThat(nodes.getFirst().path("ev").stringValue()).isEqualTo("hello");
      assertThat(nodes.getFirst().path("rank").intValue()).isEqualTo(rank);
      assertThat(nodes.get(1).path("ev").stringValue()).isEqualTo("comm");
      assertThat(nodes).anyMatch(node -> node.path("ev").stringValue().equals("hb"));
      List<String> entered = named(nodes, "enter");
      assertThat(named(nodes, "leave")).isEqualTo(entered);
      assertThat(entered)
          .filteredOn(each -> each.contains("all_reduce"))
          .hasSize((int) (2 * steps));
      collectives.add(entered);
    }
    assertThat(collectives.get(0)).isEqualTo(collectives.get(1));
  }

  private static List<String> named(List<JsonNode> nodes, String event) {
    return nodes.stream()
        .filter(node -> node.path("ev").stringValue().equals(event))
        .map(node -> "%s %s %s".formatted(node.path("seq"), node.path("op"), node.path("bytes")))
        .toList();
  }
}
