package dev.banyan.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Fused operations inside libtorch's graph, in all the places where gradients may come from. */
class FusedGraphTest {
  private static final int ROWS = 12;
  private static final int HIDDEN = 24;

  /** A block with every fused operation, each used twice or more, residuals and a split. */
  private static Tensor loss(List<Tensor> weights, Tensor x, boolean fused) {
    Tensor h = norm(x, weights.get(0), fused);
    List<Tensor> parts = h.linear(weights.get(1)).split(1, HIDDEN, HIDDEN, HIDDEN);
    Tensor turned = rope(parts.get(0).view(ROWS, 3, 8), fused).reshape(ROWS, HIDDEN);
    Tensor unusedOutput = norm(turned, weights.get(0), fused);
    assertThat(unusedOutput.count()).isEqualTo(ROWS * HIDDEN);
    Tensor gated = swiglu(parts.get(1), parts.get(2), fused);
    Tensor twice = swiglu(gated, gated.add(turned), fused);
    Tensor sum = x.add(twice).add(norm(twice, weights.get(2), fused));
    Tensor targets = Tensor.of(new long[] {0, 5, 3, Tensor.IGNORED, 7, 1, 2, 23, 9, 4, 4, 6});
    Tensor first = crossEntropy(norm(sum, weights.get(0), fused), targets, fused);
    Tensor second = crossEntropy(turned.mul(gated), targets, fused);
    return first.mul(0.25).add(second);
  }

  private static Tensor norm(Tensor x, Tensor weight, boolean fused) {
    return fused
        ? x.rmsNorm(weight, 1e-6)
        : x.mul(x.mul(x).mean(-1, true).add(1e-6).rsqrt()).mul(weight);
  }

  private static Tensor swiglu(Tensor gate, Tensor up, boolean fused) {
    return fused ? gate.swiglu(up) : gate.silu().mul(up);
  }

  private static Tensor rope(Tensor x, boolean fused) {
    Tensor angles = Seeded.normal(5, ROWS, 1, 4);
    Tensor cos = angles.cos();
    Tensor sin = angles.sin();
    if (fused) {
      return x.rope(cos, sin);
    }
    List<Tensor> halves = x.split(2, 4, 4);
    Tensor a = halves.get(0);
    Tensor b = halves.get(1);
    return Tensor.cat(List.of(a.mul(cos).sub(b.mul(sin)), b.mul(cos).add(a.mul(sin))), 2);
  }

  private static Tensor crossEntropy(Tensor logits, Tensor targets, boolean fused) {
    // [rows, classes, 1] is a shape that libtorch takes and the fused operation does not
    return fused
        ? logits.crossEntropy(targets, true)
        : logits.unsqueeze(2).crossEntropy(targets.unsqueeze(1), true);
  }

  private static List<Tensor> weights() {
    return List.of(
        Seeded.normal(11, HIDDEN).requireGrad(),
        Seeded.normal(12, 3 * HIDDEN, HIDDEN).mul(0.2).detach().requireGrad(),
        Seeded.normal(13, HIDDEN).requireGrad());
  }

  private static List<float[]> gradients(boolean fused, int seed) {
    try (Scope scope = Scope.open()) {
      List<Tensor> leaves = new ArrayList<>(weights());
      Tensor x = Seeded.normal(seed, ROWS, HIDDEN).requireGrad();
      Tensor loss = loss(leaves, x, fused);
      loss.backward();
      leaves.add(x);
      List<float[]> all = new ArrayList<>();
      all.add(new float[] {(float) loss.item()});
      leaves.forEach(leaf -> all.add(leaf.grad().orElseThrow().toFloats()));
      return all;
    }
  }

  private static void assertNear(List<float[]> ours, List<float[]> theirs) {
    for (int i = 0; i < ours.size(); i++) {
      double scale = 1e-3;
      for (float value : theirs.get(i)) {
        scale = Math.max(scale, Math.abs(value));
      }
      for (int j = 0; j < ours.get(i).length; j++) {
        assertThat((double) ours.get(i)[j])
            .as("gradient %d, element %d", i, j)
            .isCloseTo(theirs.get(i)[j], within(1e-5 * scale));
      }
    }
  }

  @Test
  void aGraphOfAllOfThemWithUnusedOutputsAndSharedInputsHasTheGradientsOfTheComposedOne() {
    assertNear(gradients(true, 1), gradients(false, 1));
  }

  @Test
  void twoThreadsAtOnceGetWhatOneGets() {
    List<List<float[]>> alone = List.of(gradients(true, 1), gradients(true, 2));
    try (Shards shards = Shards.open(2, 2)) {
      for (int round = 0; round < 20; round++) {
        List<List<float[]>> together = shards.run(shard -> gradients(true, shard + 1));
        for (int shard = 0; shard < 2; shard++) {
          for (int i = 0; i < alone.get(shard).size(); i++) {
            assertThat(together.get(shard).get(i)).isEqualTo(alone.get(shard).get(i));
          }
        }
      }
    }
  }

  @Test
  void gradientsAgreeWithFiniteDifferences() {
    try (Scope scope = Scope.open()) {
      List<Tensor> leaves = weights();
      Tensor x = Seeded.normal(1, ROWS, HIDDEN).requireGrad();
      loss(leaves, x, true).backward();
      float[] gradient = x.grad().orElseThrow().toFloats();
      Tensor direction = Seeded.normal(77, ROWS, HIDDEN);
      double slope = 0;
      float[] along = direction.toFloats();
      for (int i = 0; i < along.length; i++) {
        slope += along[i] * gradient[i];
      }
      double step = 1e-2;
      try (Guard guard = Guard.noGrad()) {
        double after = loss(leaves, x.add(direction.mul(step)), true).item();
        double before = loss(leaves, x.sub(direction.mul(step)), true).item();
        assertThat((after - before) / (2 * step)).isCloseTo(slope, within(2e-2 * Math.abs(slope)));
      }
    }
  }

  @Test
  void backwardOfOneGraphBetweenForwardAndBackwardOfAnotherDisturbsNeither() {
    List<float[]> expected = gradients(true, 1);
    try (Scope scope = Scope.open()) {
      List<Tensor> leaves = new ArrayList<>(weights());
      Tensor x = Seeded.normal(1, ROWS, HIDDEN).requireGrad();
      Tensor outer = loss(leaves, x, true);
      Tensor other = Seeded.normal(2, ROWS, HIDDEN).requireGrad();
      loss(weights(), other, true).backward();
      outer.backward();
      leaves.add(x);
      for (int i = 0; i < leaves.size(); i++) {
        assertThat(leaves.get(i).grad().orElseThrow().toFloats()).isEqualTo(expected.get(i + 1));
      }
    }
  }

  @Test
  void aGraphOutlivesTheInnerScopeItWasMadeInButNotTheOutermost() {
    try (Scope outer = Scope.open()) {
      Tensor weight = Seeded.normal(1, HIDDEN).requireGrad();
      Tensor x = Seeded.normal(2, ROWS, HIDDEN).requireGrad();
      Tensor y;
      try (Scope inner = Scope.open()) {
        y = Scope.keep(x.mul(2).rmsNorm(weight, 1e-6));
      }
      y.mul(y).sum().backward();
      y.close();
      assertThat(weight.grad()).isPresent();
      assertThat(x.grad()).isPresent();
    }
    Tensor x = Scope.keep(Seeded.normal(2, ROWS, HIDDEN).requireGrad());
    Tensor late;
    try (Scope scope = Scope.open()) {
      late = Scope.keep(x.swiglu(x));
    }
    assertThatThrownBy(() -> late.sum().backward())
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("outermost scope is closed");
  }

  @Test
  void backwardNeedsNoHandleOfTheInnerScope() {
    try (Scope outer = Scope.open()) {
      Tensor x = Seeded.normal(2, 3, ROWS, 2, 8).requireGrad();
      Tensor y;
      try (Scope inner = Scope.open()) {
        Tensor weight = Seeded.normal(1, 8).requireGrad();
        Tensor angles = Seeded.normal(4, ROWS, 4);
        Tensor turned = x.rmsNorm(weight, 1e-6).rope(angles.cos(), angles.sin());
        Tensor gated = turned.mul(2).swiglu(turned.add(1)).view(3 * ROWS, 16);
        long[] targets = new long[3 * ROWS];
        y = Scope.keep(gated.crossEntropy(Tensor.of(targets), true));
      }
      // memory that was freed too early would be used again here
      for (int i = 0; i < 50; i++) {
        Tensor other = Tensor.full(Float.NaN, DType.F32, 3, ROWS, 2, 8);
        assertThat(other.count()).isPositive();
      }
      y.backward();
      y.close();
      for (float value : x.grad().orElseThrow().toFloats()) {
        assertThat(value).isFinite();
      }
    }
  }

  @Test
  void rowsThatAreNotDenseAreReadWhereTheyLie() {
    try (Scope scope = Scope.open()) {
      Tensor wide = Seeded.normal(1, ROWS, 3, HIDDEN).requireGrad();
      Tensor weight = Seeded.normal(2, HIDDEN).requireGrad();
      Tensor strided = wide.select(1, 1);
      Tensor transposed = wide.transpose(0, 1);
      Tensor sum =
          strided
              .rmsNorm(weight, 1e-6)
              .swiglu(wide.select(1, 2))
              .sum()
              .add(transposed.rmsNorm(weight, 1e-6).mul(Seeded.normal(3, 3, ROWS, HIDDEN)).sum())
              .add(transposed.narrow(2, 0, 8).rope(cos(), sin()).sum());
      sum.backward();
      float[] ours = wide.grad().orElseThrow().toFloats();
      wide.clearGrad();
      Tensor dense = strided.contiguous();
      norm(dense, weight, false)
          .mul(Tensor.full(1, DType.F32, 1))
          .silu()
          .mul(wide.select(1, 2))
          .sum()
          .add(norm(transposed, weight, false).mul(Seeded.normal(3, 3, ROWS, HIDDEN)).sum())
          .add(composedRope(transposed.narrow(2, 0, 8)).sum())
          .backward();
      assertNear(List.of(ours), List.of(wide.grad().orElseThrow().toFloats()));
    }
  }

  private static Tensor cos() {
    return Seeded.normal(8, 3, 4).cos();
  }

  private static Tensor sin() {
    return Seeded.normal(8, 3, 4).sin();
  }

  private static Tensor composedRope(Tensor x) {
    Tensor c = cos().unsqueeze(1);
    Tensor s = sin().unsqueeze(1);
    Tensor a = x.narrow(2, 0, 4);
    Tensor b = x.narrow(2, 4, 4);
    return Tensor.cat(List.of(a.mul(c).sub(b.mul(s)), b.mul(c).add(a.mul(s))), 2);
  }

  @Test
  void aWeightThatIsComputedGetsItsGradientThroughTheGraph() {
    try (Scope scope = Scope.open()) {
      Tensor leaf = Seeded.normal(1, HIDDEN).requireGrad();
      Seeded.normal(2, ROWS, HIDDEN).requireGrad().rmsNorm(leaf.mul(3), 1e-6).sum().backward();
      float[] through = leaf.grad().orElseThrow().toFloats();
      leaf.clearGrad();
      Seeded.normal(2, ROWS, HIDDEN).rmsNorm(leaf, 1e-6).sum().backward();
      float[] frozenInput = leaf.grad().orElseThrow().toFloats();
      for (int i = 0; i < HIDDEN; i++) {
        assertThat((double) through[i]).isCloseTo(3 * frozenInput[i], within(1e-4));
      }
    }
  }

  @Test
  void attentionTakesTurnedHeadsAsTheyLie() {
    try (Scope scope = Scope.open()) {
      Tensor x = Seeded.normal(1, 2 * 6, 4, 8).requireGrad();
      Tensor angles = Seeded.normal(2, 6, 4);
      Tensor heads = x.rope(angles.cos(), angles.sin()).view(2, 6, 4, 8).transpose(1, 2);
      heads.attention(heads, heads, Optional.empty(), true, 0.3).sum().backward();
      assertThat(x.grad()).isPresent();
    }
  }

  @Test
  void onePassMakesBothGradientsOfSwiglu() {
    try (Scope scope = Scope.open()) {
      Tensor gate = Seeded.normal(1, ROWS, HIDDEN).requireGrad();
      Tensor up = Seeded.normal(2, ROWS, HIDDEN).requireGrad();
      var both = new Swiglu.Gradients(Rows.of(gate), Rows.of(up), 2);
      Swiglu.tied(gate, up, both).sum().backward();
      assertThat(both.computed()).isEqualTo(1);
      assertThat(gate.grad()).isPresent();
      float[] slope = up.grad().orElseThrow().toFloats();
      float[] silu = gate.silu().toFloats();
      for (int i = 0; i < slope.length; i++) {
        assertThat(slope[i]).isCloseTo(silu[i], within(1e-5f));
      }
      Tensor frozen = Seeded.normal(2, ROWS, HIDDEN);
      var one = new Swiglu.Gradients(Rows.of(gate), Rows.of(frozen), 1);
      Swiglu.tied(gate, frozen, one).sum().backward();
      assertThat(one.computed()).isEqualTo(1);
    }
  }

  @Test
  void shapesThatDoNotFitAreRefusedByName() {
    try (Scope scope = Scope.open()) {
      Tensor x = Seeded.normal(1, 4, 6);
      assertThatThrownBy(() -> x.swiglu(Seeded.normal(1, 4, 5)))
          .hasMessage("F32[4, 6] and F32[4, 5] must have the same shape");
      assertThatThrownBy(() -> x.rmsNorm(Seeded.normal(1, 5), 1e-6))
          .hasMessageContaining("must have the same shape");
      assertThatThrownBy(() -> x.view(2, 2, 6).rope(x, x)).hasMessageContaining("do not fit");
      assertThatThrownBy(() -> x.crossEntropy(Tensor.of(new long[] {0, 1, 2, 6}), true))
          .hasMessage("target 6 of row 3 is not one of 6 classes");
    }
  }

  @Test
  void aMeanOverNoTargetIsNotANumberAndASumIsZero() {
    try (Scope scope = Scope.open()) {
      Tensor none = Tensor.of(new long[] {Tensor.IGNORED, Tensor.IGNORED});
      Tensor x = Seeded.normal(1, 2, 5).requireGrad();
      assertThat(x.crossEntropy(none, true).item()).isNaN();
      Tensor sum = x.crossEntropy(none, false);
      assertThat(sum.item()).isZero();
      sum.backward();
      assertThat(x.grad().orElseThrow().toFloats()).containsOnly(0f);
    }
  }

  @Test
  void notANumberInIsNotANumberOut() {
    try (Scope scope = Scope.open()) {
      for (int at : new int[] {0, 17, 35}) {
        float[] values = Seeded.normal(1, 36).toFloats();
        values[at] = Float.NaN;
        Tensor x = Tensor.of(values, 1, 36);
        assertThat(x.crossEntropy(Tensor.of(new long[] {2}), true).item()).isNaN();
        assertThat(x.rmsNorm(Seeded.normal(2, 36), 1e-6).toFloats()[1]).isNaN();
        assertThat(x.swiglu(Seeded.normal(2, 1, 36)).toFloats()[at]).isNaN();
      }
    }
  }

  @Test
  void valuesFarFromZeroDoNotOverflow() {
    try (Scope scope = Scope.open()) {
      Tensor x = Tensor.of(new float[] {-1000, -89, -20, 0, 20, 89, 1000}, 1, 7);
      assertThat(x.swiglu(Tensor.full(1, DType.F32, 1, 7)).toFloats())
          .containsExactly(
              new float[] {0, 0, -20 * 2.0611537e-9f, 0, 20, 89, 1000},
              org.assertj.core.data.Offset.offset(1e-6f));
      assertThat(x.crossEntropy(Tensor.of(new long[] {0}), true).item()).isEqualTo(2000);
    }
  }
}
