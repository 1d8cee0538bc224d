package dev.banyan.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banyan.core.Json;
import dev.banyan.core.Progress;
import dev.banyan.core.Seed;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Gateways before engines that sleep. */
final class GatewayCostTest {
  @TempDir private static Path folder;
  private static Path model = Path.of("");

  @BeforeAll
  static void write() {
    model = SmallModel.write(folder.resolve("model"));
  }

  private static Path file(EngineProfile profile) throws IOException {
    Path file = folder.resolve(profile.name() + ".json");
    Json.write(file, profile);
    return file;
  }

  /** A prompt sleeps for 1 ms and each of seven tokens for 2 ms, whichever way it is asked for. */
  @Test
  void bothWaysAreAskedInTurnAndAnswerInFull() throws IOException {
    Path profile = file(GatewayCost.QUICK);
    var settings = GatewaySettings.of(model, 1, 0).pacedBy(profile.toString());
    try (var gateway = Gateway.open(settings)) {
      List<GatewayCost.Round> rounds =
          GatewayCost.rounds(gateway.port(), profile, 12, 1, 2, new Seed(1), Progress.none());
      assertThat(rounds).hasSize(1);
      GatewayCost.Round round = rounds.getFirst();
      assertThat(round.requests()).isEqualTo(24);
      assertThat(round.failed()).isZero();
      assertThat(round.directFirst().p50()).isGreaterThan(0.001);
      assertThat(round.gatewayFirst().p50()).isGreaterThan(0.001);
      assertThat(round.directWhole().p50()).isGreaterThan(0.015);
      assertThat(round.gatewayWhole().p50()).isGreaterThan(0.015);
    }
  }

  @Test
  void whatComesAtOnceIsCountedWhereItWent() throws IOException {
    List<int[]> splits = GatewayCost.splits(model, 3, 9, 1, new Seed(1), Progress.none());
    assertThat(splits).hasSize(1);
    assertThat(splits.getFirst()).hasSize(3);
    assertThat(Arrays.stream(splits.getFirst()).sum()).isEqualTo(9);
  }

  @Test
  void streamsAreCountedInFull() throws IOException {
    var settings = GatewaySettings.of(model, 2, 0).pacedBy(file(GatewayCost.SLOW).toString());
    try (var gateway = Gateway.open(settings)) {
      LoadOutcome streams = GatewayCost.streams(gateway.port(), 24, 4, Progress.none());
      assertThat(streams.answered()).isEqualTo(24);
      assertThat(streams.outputTokens()).isEqualTo(96);
    }
  }

  @Test
  void dispatchesAreCountedByInstanceEachTimeAnew() {
    List<int[]> counts = GatewayCost.destinations(List.of(0, 1, 2, 2, 1, 1, 1, 1, 0), 3, 4);
    assertThat(counts).containsExactly(new int[] {1, 1, 2}, new int[] {0, 4, 0});
  }
}
