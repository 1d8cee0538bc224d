package dev.banyan.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class ShardsTest {
  @Test
  void resultsComeBackByShardHoweverManyThreadsThereAre() {
    for (int threads = 1; threads <= 4; threads++) {
      try (Shards shards = Shards.open(3, threads)) {
        assertThat(shards.threads()).isEqualTo(Math.min(3, threads));
        assertThat(shards.run(shard -> shard * 10)).containsExactly(0, 10, 20);
      }
    }
  }

  @Test
  void aShardHasOneThreadAndItsCallerKeepsItsOwn() {
    int before = Libtorch.threads();
    Libtorch.start(Libtorch.Use.INFERENCE, 3);
    try (Shards shards = Shards.open(2, 2)) {
      assertThat(shards.run(shard -> Libtorch.threads())).containsExactly(1, 1);
      assertThat(Libtorch.threads()).isEqualTo(3);
      try (Shards more = Shards.open(2, 2)) {
        assertThat(more.run(shard -> Libtorch.threads())).containsExactly(1, 1);
      }
      assertThat(Libtorch.threads()).isEqualTo(3);
    } finally {
      Libtorch.start(Libtorch.Use.INFERENCE, before);
    }
  }

  @Test
  void theLowestFailingShardIsThrownAfterAllHaveEnded() {
    AtomicInteger ended = new AtomicInteger();
    try (Shards shards = Shards.open(3, 2)) {
      assertThatThrownBy(
              () ->
                  shards.run(
                      shard -> {
                        ended.incrementAndGet();
                        if (shard > 0) {
                          throw new IllegalArgumentException("shard " + shard);
                        }
                        return shard;
                      }))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("shard 1")
          .satisfies(e -> assertThat(e.getSuppressed()).hasSize(1));
      assertThat(ended).hasValue(3);
      assertThat(shards.run(shard -> shard)).containsExactly(0, 1, 2);
    }
  }

  @Test
  void aShardThatRunsShardsIsRefusedInsteadOfWaitingForItself() {
    try (Shards shards = Shards.open(1, 1)) {
      assertThatThrownBy(() -> shards.run(shard -> shards.run(inner -> inner)))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("a shard cannot run shards");
    }
  }

  @Test
  void noShardAndNoThreadAreRefused() {
    assertThatThrownBy(() -> Shards.open(0, 1)).hasMessageContaining("shards = 0");
    assertThatThrownBy(() -> Shards.open(1, 0)).hasMessageContaining("threads = 0");
  }

  @Test
  void gradientsOfTwoShardsAreTheSameBitForBitOnOneThreadAndOnTwo() {
    List<float[]> one = gradients(1);
    List<float[]> two = gradients(2);
    assertThat(one).hasSize(2);
    for (int i = 0; i < 2; i++) {
      assertThat(two.get(i)).isEqualTo(one.get(i));
    }
  }

  private static List<float[]> gradients(int threads) {
    try (Shards shards = Shards.open(2, threads)) {
      return shards.run(
          shard -> {
            try (Scope scope = Scope.open()) {
              Tensor weight = Seeded.normal(7, 64, 64).requireGrad();
              Tensor x = Seeded.normal(shard, 2, 4, 32, 64);
              x.linear(weight)
                  .attention(x, x, Optional.empty(), true, 0.125)
                  .silu()
                  .sum()
                  .backward();
              return weight.grad().orElseThrow().toFloats();
            }
          });
    }
  }
}
