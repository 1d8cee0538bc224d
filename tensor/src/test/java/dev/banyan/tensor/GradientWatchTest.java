package dev.banyan.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class GradientWatchTest {
  private static final int ROWS = 6;
  private static final int HIDDEN = 8;
  private static final Tensor IDS = Scope.keep(Tensor.of(new long[] {1, 2, 3, 1, 5, 0}));

  /** An embedding that is the output matrix too, a matrix between, one beside and a norm. */
  private record Small(Tensor embedding, Tensor matrix, Tensor unused, Tensor norm)
      implements AutoCloseable {
    static Small make() {
      try (Scope scope = Scope.open()) {
        return new Small(
            leaf(Seeded.normal(1, 10, HIDDEN)),
            leaf(Seeded.normal(2, HIDDEN, HIDDEN)),
            leaf(Seeded.normal(3, HIDDEN, HIDDEN)),
            leaf(Tensor.full(1, DType.F32, HIDDEN)));
      }
    }

    private static Tensor leaf(Tensor values) {
      return Scope.keep(values.detach().requireGrad());
    }

    List<Tensor> all() {
      return List.of(embedding, matrix, unused, norm);
    }

    void backward() {
      Tensor hidden = embedding.embedding(IDS).linear(matrix).rmsNorm(norm, 1e-6);
      Tensor logits = hidden.swiglu(hidden).linear(matrix).linear(embedding);
      logits.crossEntropy(Tensor.of(new long[] {0, 1, 2, 3, 4, 5}, ROWS), true).backward();
    }

    @Override
    public void close() {
      all().forEach(Tensor::close);
    }
  }

  private static float[] gradient(Tensor leaf) {
    return leaf.grad().map(Tensor::toFloats).orElse(new float[0]);
  }

  @Test
  void eachLeafIsToldOfOncePerPassAndWhatCameBeforeHasBeenAdded() {
    try (Small small = Small.make();
        Scope scope = Scope.open()) {
      small.backward();
      float[] once = gradient(small.matrix);
      small.all().forEach(Tensor::clearGrad);

      List<String> told = new ArrayList<>();
      List<float[]> matrixThen = new ArrayList<>();
      List<Thread> threads = new ArrayList<>();
      try (var embedding =
              GradientWatch.on(
                  List.of(small.embedding, small.unused),
                  () -> {
                    told.add("embedding");
                    threads.add(Thread.currentThread());
                    matrixThen.add(gradient(small.matrix));
                  });
          var others =
              GradientWatch.on(List.of(small.matrix, small.norm), () -> told.add("other"))) {
        small.backward();
        small.backward();
      }
      // matrix and embedding are both used twice; the fused norm's weight is not told of
      assertThat(told).containsExactly("other", "embedding", "other", "embedding");
      assertThat(threads).containsOnly(Thread.currentThread());
      assertThat(matrixThen.getFirst()).isEqualTo(once);
      assertThat(matrixThen.getLast()).isEqualTo(gradient(small.matrix));
      assertThat(gradient(small.unused)).isEmpty();

      small.backward();
      assertThat(told).hasSize(4);
    }
  }

  @Test
  void watchedGradientsHaveTheSameBits() {
    List<float[]> alone = new ArrayList<>();
    List<float[]> watched = new ArrayList<>();
    try (Small small = Small.make();
        Scope scope = Scope.open()) {
      small.backward();
      small.all().forEach(leaf -> alone.add(gradient(leaf)));
      small.all().forEach(Tensor::clearGrad);
      try (var watch = GradientWatch.on(small.all(), () -> {})) {
        small.backward();
      }
      small.all().forEach(leaf -> watched.add(gradient(leaf)));
    }
    assertThat(watched).usingRecursiveComparison().isEqualTo(alone);
  }

  @Test
  void whatItThrowsEndsThePassAndTheNextIsWhole() {
    try (Small small = Small.make();
        Scope scope = Scope.open()) {
      var thrown = new IllegalStateException("enough");
      try (var watch =
          GradientWatch.on(
              List.of(small.embedding),
              () -> {
                throw thrown;
              })) {
        assertThatThrownBy(small::backward).isSameAs(thrown);
      }
      small.all().forEach(Tensor::clearGrad);
      List<String> told = new ArrayList<>();
      try (var watch = GradientWatch.on(List.of(small.embedding), () -> told.add("again"))) {
        small.backward();
      }
      assertThat(told).hasSize(1);
    }
  }

  @Test
  void onlyLeavesThatNeedAGradientAreWatched() {
    try (Small small = Small.make();
        Scope scope = Scope.open()) {
      assertThatThrownBy(() -> GradientWatch.on(List.of(small.matrix.mul(2)), () -> {}))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("is no leaf that needs a gradient");
      assertThatThrownBy(() -> GradientWatch.on(List.of(small.matrix.detach()), () -> {}))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }
}
