package dev.banyan.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TeamTest {
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 5})
  void everyPieceOfEveryRoundRunsOnceBeforeTheRoundIsOver(int threads) {
    try (Team team = Team.open(threads)) {
      for (int round = 0; round < 3000; round++) {
        int pieces = round % 17;
        var runs = new AtomicIntegerArray(17);
        team.run(
            pieces,
            (piece, worker) -> {
              assertThat(worker).isBetween(0, threads - 1);
              runs.incrementAndGet(piece);
            });
        for (int piece = 0; piece < 17; piece++) {
          assertThat(runs.get(piece)).isEqualTo(piece < pieces ? 1 : 0);
        }
      }
    }
  }

  @Test
  void whatAPieceThrowsComesToTheCallerAndTheTeamWorksOn() {
    try (Team team = Team.open(3)) {
      assertThatThrownBy(
              () ->
                  team.run(
                      20,
                      (piece, worker) -> {
                        if (piece == 7) {
                          throw new IllegalStateException("piece 7");
                        }
                      }))
          .hasMessage("piece 7");
      var runs = new AtomicIntegerArray(4);
      team.run(4, (piece, worker) -> runs.incrementAndGet(piece));
      assertThat(runs).hasToString("[1, 1, 1, 1]");
    }
  }

  @Test
  void aWorkersMemoryIsItsOwn() {
    try (Team team = Team.open(4)) {
      for (int round = 0; round < 200; round++) {
        team.run(
            8,
            (piece, worker) -> {
              long memory = team.scratch(worker, 4096L << (piece % 3));
              Lanes.set(memory, worker);
              Thread.onSpinWait();
              assertThat(Lanes.get(memory)).isEqualTo(worker);
              assertThat(memory % 64).isZero();
            });
      }
    }
  }
}
