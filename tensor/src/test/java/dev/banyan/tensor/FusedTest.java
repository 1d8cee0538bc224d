package dev.banyan.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Fused operations against the same formulas composed of libtorch's operations in f64. */
class FusedTest {
  private record Outcome(List<Float> value, List<List<Float>> gradients) {}

  /** The value and the gradients of Σ value · fixed random numbers. */
  private static Outcome run(
      Function<List<Tensor>, Tensor> operation, DType dtype, List<Tensor> inputs) {
    try (Scope scope = Scope.open()) {
      List<Tensor> leaves = new ArrayList<>();
      for (Tensor input : inputs) {
        leaves.add(
            input.dtype() == DType.F32 ? input.to(dtype).add(0.0).detach().requireGrad() : input);
      }
      Tensor value = operation.apply(leaves);
      value.mul(Seeded.normal(99, value.shape()).to(dtype)).sum().backward();
      List<List<Float>> gradients = new ArrayList<>();
      for (Tensor leaf : leaves) {
        gradients.add(leaf.grad().map(FusedTest::list).orElse(List.of()));
      }
      return new Outcome(list(value), gradients);
    }
  }

  private static List<Float> list(Tensor tensor) {
    List<Float> list = new ArrayList<>();
    for (float value : tensor.toFloats()) {
      list.add(value);
    }
    return list;
  }

  private static void compare(
      Function<List<Tensor>, Tensor> fused,
      Function<List<Tensor>, Tensor> composed,
      Tensor... inputs) {
    Outcome ours = run(fused, DType.F32, List.of(inputs));
    Outcome exact = run(composed, DType.F64, List.of(inputs));
    near(ours.value, exact.value);
    for (int i = 0; i < inputs.length; i++) {
      near(ours.gradients.get(i), exact.gradients.get(i));
    }
  }

  private static void near(List<Float> ours, List<Float> exact) {
    assertThat(ours).hasSameSizeAs(exact);
    double scale = 0.1; // below, differences are those of cancellation
    for (double value : exact) {
      scale = Math.max(scale, Math.abs(value));
    }
    for (int i = 0; i < ours.size(); i++) {
      assertThat(ours.get(i).doubleValue())
          .as("element %d", i)
          .isCloseTo(exact.get(i).doubleValue(), within(3e-6 * scale));
    }
  }

  private static Tensor composedRmsNorm(Tensor x, Tensor weight, double epsilon) {
    return x.mul(x.mul(x).mean(-1, true).add(epsilon).rsqrt()).mul(weight);
  }

  static Stream<int[]> shapes() {
    return Stream.of(
        new int[] {1, 1},
        new int[] {3, 7},
        new int[] {70, 16},
        new int[] {129, 33},
        new int[] {5, 256},
        new int[] {2, 1000});
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void rmsNormIsItsFormulaForwardAndBackward(int[] shape) {
    compare(
        in -> in.get(0).rmsNorm(in.get(1), 1e-5),
        in -> composedRmsNorm(in.get(0), in.get(1), 1e-5),
        Seeded.normal(1, shape[0], shape[1]),
        Seeded.normal(2, shape[1]));
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void swigluIsItsFormulaForwardAndBackward(int[] shape) {
    compare(
        in -> in.get(0).swiglu(in.get(1)),
        in -> in.get(0).silu().mul(in.get(1)),
        Seeded.normal(1, shape[0], shape[1]).mul(5),
        Seeded.normal(2, shape[0], shape[1]));
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void ropeTurnsPairsHalfAHeadApart(int[] shape) {
    int tokens = shape[0];
    int half = shape[1];
    Tensor cos = Seeded.normal(3, tokens, half);
    Tensor sin = Seeded.normal(4, tokens, half);
    compare(
        in -> in.get(0).rope(cos, sin),
        in -> {
          Tensor x = in.get(0);
          Tensor c = cos.to(DType.F64).unsqueeze(1);
          Tensor s = sin.to(DType.F64).unsqueeze(1);
          Tensor first = x.narrow(-1, 0, half);
          Tensor second = x.narrow(-1, half, half);
          return Tensor.cat(
              List.of(first.mul(c).sub(second.mul(s)), second.mul(c).add(first.mul(s))), -1);
        },
        Seeded.normal(1, 2, tokens, 3, 2L * half));
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void crossEntropyIsItsFormulaForwardAndBackward(int[] shape) {
    long[] targets = new long[shape[0]];
    for (int i = 0; i < targets.length; i++) {
      targets[i] = i % 5 == 3 ? Tensor.IGNORED : (i * 31L) % shape[1];
    }
    for (boolean mean : new boolean[] {true, false}) {
      compare(
          in -> in.get(0).crossEntropy(in.get(1), mean),
          in -> in.get(0).crossEntropy(in.get(1), mean),
          Seeded.normal(1, shape[0], shape[1]).mul(10),
          Tensor.of(targets));
    }
  }
}
