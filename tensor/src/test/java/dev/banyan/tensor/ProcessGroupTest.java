package dev.banyan.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** Ranks as threads: c10d does not care. */
class ProcessGroupTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @Test
  void sumsAreThoseOfAllRanksInBothTypes() throws Exception {
    List<float[]> sums =
        onEveryRank(
            3,
            group -> {
              Tensor own = Tensor.of(new float[] {group.rank() + 0.5f, 10f * group.rank()}, 2);
              Tensor half = Tensor.full(group.rank() + 1, DType.BF16, 1);
              ProcessGroup.Begun begun = group.beginAllReduce(own);
              group.allReduce(half);
              begun.await();
              return Tensor.cat(List.of(own, half.to(DType.F32)), 0).toFloats();
            });
    assertThat(sums).hasSize(3).allSatisfy(sum -> assertThat(sum).containsExactly(4.5f, 30f, 6f));
  }

  @Test
  void everyRankGetsWhatTheRootHasAndWhatAllHave() throws Exception {
    List<float[]> found =
        onEveryRank(
            2,
            group -> {
              Tensor told = Tensor.full(group.rank() + 7, DType.F32, 2);
              group.broadcast(told, 1);
              Tensor all = group.allGather(Tensor.full(group.rank(), DType.F32, 2));
              assertThat(all.shape()).containsExactly(2, 2);
              group.barrier();
              return Tensor.cat(List.of(told, all.reshape(-1)), 0).toFloats();
            });
    assertThat(found)
        .hasSize(2)
        .allSatisfy(each -> assertThat(each).containsExactly(8, 8, 0, 0, 1, 1));
  }

  @Test
  void aBoardCountsForAll() throws Exception {
    List<float[]> counts =
        onEveryRank(
            2,
            group -> {
              try (ProcessGroup.Board board = group.board()) {
                long unused = board.add("count", group.rank() + 1L);
                group.barrier();
                long count = board.add("count", 0);
                group.barrier();
                return new float[] {(float) count};
              }
            });
    assertThat(counts).allSatisfy(count -> assertThat(count).containsExactly(3f));
  }

  @Test
  void aRankOutsideTheWorldIsRefused() {
    assertThatThrownBy(() -> new ProcessGroup.Rendezvous("localhost", 1, "", 2, 2))
        .hasMessageContaining("rank 2 of 2");
  }

  private static List<float[]> onEveryRank(int world, Function<ProcessGroup, float[]> work)
      throws Exception {
    int port;
    try (var socket = new ServerSocket(0)) {
      port = socket.getLocalPort();
    }
    try (var threads = Executors.newFixedThreadPool(world)) {
      List<Future<float[]>> begun = new ArrayList<>();
      for (int i = 0; i < world; i++) {
        var at = new ProcessGroup.Rendezvous("127.0.0.1", port, "test", i, world);
        begun.add(
            threads.submit(
                () -> {
                  try (Scope scope = Scope.open();
                      ProcessGroup group = ProcessGroup.join(at, PATIENCE)) {
                    float[] result = work.apply(group);
                    group.barrier();
                    return result;
                  }
                }));
      }
      List<float[]> results = new ArrayList<>();
      for (Future<float[]> each : begun) {
        results.add(each.get());
      }
      return results;
    }
  }
}
