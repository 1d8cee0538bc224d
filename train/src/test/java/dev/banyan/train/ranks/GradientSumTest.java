package dev.banyan.train.ranks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banyan.tensor.DType;
import dev.banyan.tensor.Libtorch;
import dev.banyan.tensor.Scope;
import dev.banyan.tensor.Tensor;
import dev.banyan.train.RankPlace;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A rank that is alone tells in its event lines when its sums begin, as any other. */
class GradientSumTest {
  private static final int WIDE = 1024; // a matrix fills a bucket

  @TempDir private Path folder;
  private Path events;
  private RankGroup group;
  private Scope scope;

  @BeforeAll
  static void oneThread() {
    Libtorch.start(Libtorch.Use.INFERENCE, 1);
  }

  @BeforeEach
  void join() throws IOException {
    events = folder.resolve("rank-0.jsonl");
    try (var socket = new ServerSocket(0)) {
      int port = socket.getLocalPort();
      socket.close();
      group =
          RankGroup.join(
              new RankPlace(0, 1, "localhost", port, "t", Optional.of(events)), lost -> {});
    }
    scope = Scope.open();
  }

  @AfterEach
  void leave() {
    scope.close();
    group.close();
  }

  private static Tensor matrix(double value) {
    return Tensor.full(value, DType.F32, WIDE, WIDE).detach().requireGrad();
  }

  private long begun() throws IOException {
    return Files.readAllLines(events).stream().filter(line -> line.contains("\"enter\"")).count();
  }

  @Test
  void sumsBeginBeforeTheBackwardPassIsOverAndInTheOrderOfUse() throws IOException {
    List<Tensor> layers = List.of(matrix(1e-3), matrix(2e-3), matrix(3e-3));
    Tensor x = Tensor.full(1, DType.F32, 1, WIDE);
    try (GradientSum sum = group.gradients(List.of(layers))) {
      sum.expectLast();
      x.linear(layers.get(0)).linear(layers.get(1)).linear(layers.get(2)).sum().backward();
      assertThat(begun()).isEqualTo(2); // the first layer's gradient comes last
      float[] first = layers.get(0).grad().orElseThrow().toFloats();
      sum.passed(0);
      assertThat(begun()).isEqualTo(3);
      assertThat(sum.await(0.5)).isEqualTo(0.5);
      assertThat(layers.get(0).grad().orElseThrow().toFloats()).isEqualTo(first);
    }
  }

  @Test
  void passesBeforeTheLastBeginNothingAndCount() throws IOException {
    List<Tensor> layers = List.of(matrix(1e-3), matrix(2e-3));
    Tensor x = Tensor.full(1, DType.F32, 1, WIDE);
    try (GradientSum sum = group.gradients(List.of(layers))) {
      x.linear(layers.get(0)).linear(layers.get(1)).sum().backward();
      float once = layers.get(1).grad().orElseThrow().toFloats()[0];
      assertThat(begun()).isZero();
      sum.expectLast();
      x.linear(layers.get(0)).linear(layers.get(1)).sum().backward();
      sum.passed(0);
      sum.await(0);
      assertThat(layers.get(1).grad().orElseThrow().toFloats()).containsOnly(2 * once);
    }
  }

  @Test
  void shardsAreAddedAndWhatAPassDoesNotReachWaitsForItsEnd() throws IOException {
    List<Tensor> own = List.of(matrix(1e-3), matrix(2e-3));
    List<Tensor> other = List.of(matrix(1e-3), matrix(2e-3));
    Tensor x = Tensor.full(1, DType.F32, 1, WIDE);
    try (GradientSum sum = group.gradients(List.of(own, other))) {
      sum.expectLast();
      x.linear(own.get(0)).sum().backward();
      sum.passed(0);
      assertThat(begun()).isZero();
      x.linear(other.get(0)).sum().backward();
      assertThat(begun()).isZero();
      assertThatThrownBy(() -> sum.await(0)).isInstanceOf(IllegalStateException.class);
      sum.passed(1);
      assertThat(begun()).isEqualTo(2);
      sum.await(0);
      assertThat(own.get(0).grad().orElseThrow().toFloats()).containsOnly(2);
      assertThat(own.get(1).grad().orElseThrow().toFloats()).containsOnly(0);
      assertThat(other.get(0).grad()).isEmpty();
    }
  }
}
