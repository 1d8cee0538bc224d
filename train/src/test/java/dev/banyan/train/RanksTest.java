package dev.banyan.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banyan.core.JavaCommand;
import dev.banyan.core.Json;
import dev.banyan.core.Progress;
import dev.banyan.core.Settings;
import dev.banyan.core.UserInputException;
import dev.banyan.tensor.Libtorch;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

@Timeout(value = 120, unit = TimeUnit.SECONDS)
class RanksTest {
  @TempDir private Path folder;

  @BeforeAll
  static void oneThread() {
    Libtorch.start(Libtorch.Use.INFERENCE, 1);
  }

  /** Questions and answers: some parameters have no gradient on one rank. */
  @Test
  void twoRanksLeaveTheBytesOfOneProcessAndTellWhatTheyDo() throws Exception {
    TinyRun run = TinyRun.chats(folder).with("shards", 2).with("accumulate", 2).with("steps", 12);
    Trainer.run(run.into("one").config(), Progress.none());
    Path events = folder.resolve("events");
    TrainResult two =
        Ranks.run(
            settings(run.into("two").with("ranks", 2).with("events", events.toString())),
            Progress.none());

    assertThat(two.steps()).isEqualTo(12);
    Runs.requireSame(folder.resolve("two"), folder.resolve("one"));
    for (int rank = 0; rank < 2; rank++) {
      requireBalanced(events.resolve("rank-" + rank + ".jsonl"), rank);
    }
  }

  /** Every collective that was entered was left, in the order of its number, and ranks agree. */
  private static void requireBalanced(Path file, int rank) throws Exception {
    Map<Long, String> open = new HashMap<>();
    List<Long> left = new ArrayList<>();
    long number = 0;
    for (String line : Files.readAllLines(file)) {
      JsonNode event = Json.readLine(line, file, ++number, JsonNode.class);
      long seq = event.path("seq").asLong();
      switch (event.path("ev").asString()) {
        case "hello" -> {
          assertThat(event.path("rank").asInt()).isEqualTo(rank);
          assertThat(event.path("world").asInt()).isEqualTo(2);
        }
        case "enter" -> assertThat(open.put(seq, event.path("op").asString())).isNull();
        case "leave" -> {
          assertThat(open.remove(seq)).isEqualTo(event.path("op").asString());
          left.add(seq);
        }
        default -> assertThat(event.path("ev").asString()).isIn("comm", "hb");
      }
    }
    assertThat(open).isEmpty();
    assertThat(left).isSorted().hasSizeGreaterThanOrEqualTo(12 * 2);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void aKilledRankIsNamedNobodyStaysAndTheRunGoesOnToTheSameBytes(int victim) throws Exception {
    TinyRun run = TinyRun.texts(folder).with("shards", 2).with("steps", 60).with("keep", 1);
    Trainer.run(run.into("one").config(), Progress.none());
    Settings two = settings(run.into("two").with("ranks", 2));
    Progress killing =
        new Progress() {
          @Override
          public void step(long done, String note) {
            if (done == 17) {
              rank(victim).destroyForcibly();
            }
          }

          @Override
          public void close() {}
        };

    assertThatThrownBy(() -> Ranks.run(two, killing))
        .isInstanceOf(RankLostException.class)
        .hasMessageContaining("rank " + victim)
        .hasMessageContaining("signal 9");

    assertThat(ProcessHandle.current().descendants().filter(RanksTest::isRank)).isEmpty();
    TrainResult again = Ranks.run(two, Progress.none());
    assertThat(again.resumedAt()).isGreaterThanOrEqualTo(12);
    Runs.requireSame(folder.resolve("two"), folder.resolve("one"));
  }

  private static ProcessHandle rank(int number) {
    return ProcessHandle.current()
        .descendants()
        .filter(each -> JavaCommand.lastArgument(each).endsWith("rank-" + number + ".json"))
        .findFirst()
        .orElseThrow();
  }

  private static boolean isRank(ProcessHandle process) {
    return process.isAlive() && JavaCommand.lastArgument(process).matches(".*rank-\\d+\\.json");
  }

  @Test
  void whatARankRefusesIsToldOnce() {
    TinyRun run = TinyRun.texts(folder).with("shards", 2).with("ranks", 2).with("length", 4096);
    Settings settings = settings(run.with("start", folder.resolve("nowhere").toString()));
    assertThatThrownBy(() -> Ranks.run(settings, Progress.none()))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining("nowhere");
    assertThatThrownBy(() -> Ranks.run(settings(run.with("ranks", 3)), Progress.none()))
        .isInstanceOf(UserInputException.class)
        .hasMessage("shards is 2 and ranks is 3; shards must be a multiple of ranks");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          WORLD_SIZE=2                                                        | RANK is not
          WORLD_SIZE=2,RANK=0,MASTER_ADDR=a                                   | MASTER_PORT is not
          WORLD_SIZE=two,RANK=0,MASTER_ADDR=a,MASTER_PORT=1                   | WORLD_SIZE is 'two'
          WORLD_SIZE=2,RANK=2,MASTER_ADDR=a,MASTER_PORT=1                     | rank is 2 and world is 2
          WORLD_SIZE=2,RANK=1,MASTER_ADDR=a,MASTER_PORT=99999                 | port is 99999
          """)
  void placesThatMakeNoSenseAreRefused(String environment, String words) {
    Map<String, String> said = new HashMap<>();
    for (String each : environment.strip().split(",")) {
      said.put(each.substring(0, each.indexOf('=')), each.substring(each.indexOf('=') + 1));
    }
    assertThatThrownBy(() -> RankPlace.of(said))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining(words);
  }

  @Test
  void placesAreReadAsTorchrunSetsThem() {
    assertThat(RankPlace.of(Map.of("RANK", "1"))).isEmpty();
    RankPlace place =
        RankPlace.of(
                Map.of(
                    "RANK",
                    "1",
                    "WORLD_SIZE",
                    "4",
                    "MASTER_ADDR",
                    "node-0",
                    "MASTER_PORT",
                    "29500"))
            .orElseThrow();
    assertThat(place.rank()).isEqualTo(1);
    assertThat(place.world()).isEqualTo(4);
    assertThat(place.host()).isEqualTo("node-0");
    assertThat(place.port()).isEqualTo(29500);
  }

  private static Settings settings(TinyRun run) {
    return Settings.of(TrainConfig.SETTINGS).with(run.keys(), "test");
  }
}
