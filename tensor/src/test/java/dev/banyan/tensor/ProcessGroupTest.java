package dev.banyan.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Three ranks, each a thread: to Gloo that makes no difference. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class ProcessGroupTest {
  private static final int WORLD = 3;

  private interface OfRank<T> {
    T run(ProcessGroup group);
  }

  private static <T> List<T> onEveryRank(OfRank<T> work) throws Exception {
    Libtorch.ensureStarted();
    int port = freePort();
    try (ExecutorService threads = Executors.newFixedThreadPool(WORLD)) {
      List<Future<T>> results = new ArrayList<>();
      for (int i = 0; i < WORLD; i++) {
        var at = new ProcessGroup.Rendezvous("127.0.0.1", port, "test", i, WORLD);
        Callable<T> rank =
            () -> {
              try (Scope scope = Scope.open();
                  ProcessGroup group = ProcessGroup.join(at, Duration.ofSeconds(30))) {
                T result = work.run(group);
                group.barrier();
                return result;
              }
            };
        results.add(threads.submit(rank));
      }
      List<T> all = new ArrayList<>();
      for (Future<T> each : results) {
        all.add(each.get());
      }
      return all;
    }
  }

  private static int freePort() throws IOException {
    try (var socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  @Test
  void sumsOfEveryTypeAreOnEveryRank() throws Exception {
    List<List<Double>> sums =
        onEveryRank(
            group -> {
              List<Double> here = new ArrayList<>();
              for (DType type : List.of(DType.F32, DType.F64, DType.BF16, DType.I64)) {
                Tensor own = Tensor.full(group.rank() + 1.0, type, 1000);
                group.allReduce(own);
                here.add(own.to(DType.F64).sum().item());
              }
              return here;
            });
    assertThat(sums).hasSize(WORLD).containsOnly(List.of(6000.0, 6000.0, 6000.0, 6000.0));
  }

  @Test
  void operationsMayBeUnderWaySideBySide() throws Exception {
    List<Double> sums =
        onEveryRank(
            group -> {
              List<Tensor> tensors = new ArrayList<>();
              List<ProcessGroup.Begun> begun = new ArrayList<>();
              for (int i = 0; i < 20; i++) {
                tensors.add(Tensor.full(group.rank() * 100.0 + i, DType.F32, 4096));
                begun.add(group.beginAllReduce(tensors.get(i)));
              }
              double sum = 0;
              for (int i = 0; i < 20; i++) {
                begun.get(i).await();
                sum += tensors.get(i).mean().item();
              }
              return sum;
            });
    // Σ over i of (0 + 100 + 200 + 3 i)
    assertThat(sums).containsOnly(20 * 300.0 + 3 * 190);
  }

  @Test
  void valuesOfTheRootAndOfAllReachEveryRank() throws Exception {
    List<List<Long>> seen =
        onEveryRank(
            group -> {
              Tensor own = Tensor.of(new long[] {group.rank() * 7L, group.rank()}, 2);
              Tensor all = group.allGather(own);
              group.broadcast(own, 2);
              List<Long> here = new ArrayList<>();
              for (long each : all.reshape(-1).toLongs()) {
                here.add(each);
              }
              for (long each : own.toLongs()) {
                here.add(each);
              }
              return here;
            });
    assertThat(seen).containsOnly(List.of(0L, 0L, 7L, 1L, 14L, 2L, 14L, 2L));
  }

  @Test
  void aBoardIsOneForAll() throws Exception {
    List<Long> counts =
        onEveryRank(
            group -> {
              try (ProcessGroup.Board board = group.board()) {
                board.add("count", 10 + group.rank());
                group.barrier();
                return board.add("count", 0);
              }
            });
    assertThat(counts).containsOnly(33L);
  }
}
