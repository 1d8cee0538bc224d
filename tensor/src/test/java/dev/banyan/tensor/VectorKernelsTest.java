package dev.banyan.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class VectorKernelsTest {
  private final Random random = new Random(1);

  @BeforeAll
  static void oneThread() {
    Libtorch.start(Libtorch.Use.INFERENCE, 1);
  }

  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      names = {"F32", "BF16", "F16"})
  void productsAreThoseInDoublesForEverySizeAndTypeOfWeight(DType dtype) {
    try (var kernels = VectorKernels.open(2)) {
      for (int[] size : new int[][] {{1, 1}, {3, 16}, {17, 33}, {40, 64}, {130, 100}, {64, 256}}) {
        for (int rows : new int[] {1, 2, 3, 7, 8, 9, 19, 40}) {
          try (Scope scope = Scope.open()) {
            Tensor weight = random(size[0], size[1]).to(dtype);
            Tensor x = random(rows, size[1]);
            Tensor bias = random(size[0]);
            Tensor out = Tensor.full(1, DType.F32, rows, size[0]);
            kernels.multiply(
                x, new VectorKernels.Product(Matrix.of(weight), bias, out, rows % 2 == 0));
            double[] expected = product(x, weight, bias, rows % 2 == 0 ? 1 : 0);
            float[] found = out.toFloats();
            for (int i = 0; i < found.length; i++) {
              assertThat((double) found[i]).isCloseTo(expected[i], within(1e-5 * size[1]));
            }
          }
        }
      }
    }
  }

  @Test
  void aRowHasTheSameBitsInAnyCompanyOnAnyNumberOfThreads() {
    try (var one = VectorKernels.open(1);
        var three = VectorKernels.open(3);
        Scope scope = Scope.open()) {
      for (DType dtype : new DType[] {DType.F32, DType.BF16, DType.F16}) {
        Tensor weight = random(200, 96).to(dtype);
        Tensor x = random(64, 96);
        float[] alone = new float[64 * 200];
        for (int row = 0; row < 64; row++) {
          float[] sums = multiplied(one, x.narrow(0, row, 1), Matrix.of(weight));
          System.arraycopy(sums, 0, alone, row * 200, 200);
        }
        for (int rows : new int[] {64, 33, 16, 8, 5, 3}) {
          float[] found = multiplied(three, x.narrow(0, 0, rows), Matrix.of(weight));
          assertThat(found).containsExactly(Arrays.copyOf(alone, rows * 200));
        }
      }
    }
  }

  private static float[] multiplied(VectorKernels kernels, Tensor x, Matrix matrix) {
    Tensor out = Tensor.zeros(DType.F32, x.size(0), matrix.outputs());
    kernels.multiply(x, new VectorKernels.Product(matrix, null, out, false));
    return out.toFloats();
  }

  @Test
  void aLowRankProductIsAddedToItsRowsAlone() {
    try (var one = VectorKernels.open(1);
        var three = VectorKernels.open(3);
        Scope scope = Scope.open()) {
      for (int[] size : new int[][] {{1, 16, 16}, {4, 33, 17}, {20, 100, 40}}) {
        Tensor down = random(size[0], size[1]);
        Tensor up = random(size[2], size[0]);
        Tensor x = random(50, size[1]);
        Tensor before = random(50, size[2]);
        Tensor after = Tensor.zeros(DType.F32, 50, size[2]).copy_(before);
        three.addLowRank(x, List.of(lowRank(3, 40, down, up), lowRank(44, 1, down, up)), after);
        Tensor expected = before.add(x.linear(down).linear(up));
        for (int row = 0; row < 50; row++) {
          boolean changed = (row >= 3 && row < 43) || row == 44;
          float[] found = after.select(0, row).toFloats();
          float[] wanted = (changed ? expected : before).select(0, row).toFloats();
          assertThat(found).containsExactly(wanted, within(changed ? 1e-3f : 0f));
          if (changed) {
            Tensor alone = Tensor.zeros(DType.F32, 1, size[2]);
            alone.copy_(before.narrow(0, row, 1));
            one.addLowRank(x.narrow(0, row, 1), List.of(lowRank(0, 1, down, up)), alone);
            assertThat(found).containsExactly(alone.toFloats());
          }
        }
      }
      Tensor x = random(2, 8);
      assertThatThrownBy(
              () ->
                  three.addLowRank(
                      x, List.of(lowRank(1, 2, random(2, 8), random(4, 2))), random(2, 4)))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  private static VectorKernels.LowRank lowRank(int start, int length, Tensor down, Tensor up) {
    return new VectorKernels.LowRank(start, length, Matrix.of(down), Matrix.of(up));
  }

  @Test
  void anActivationBesideTheProductsHasTheBitsOfTheOneWithin() {
    try (var kernels = VectorKernels.open(2);
        Scope scope = Scope.open()) {
      Tensor x = random(7, 40);
      Matrix gate = Matrix.of(random(50, 40));
      Matrix up = Matrix.of(random(50, 40));
      Tensor[] out = new Tensor[4];
      Arrays.setAll(out, i -> Tensor.zeros(DType.F32, 7, 50));
      kernels.gated(
          x,
          new VectorKernels.Product(gate, null, out[0], false),
          new VectorKernels.Product(up, null, out[1], false),
          out[0]);
      kernels.multiply(
          x,
          new VectorKernels.Product(gate, null, out[2], false),
          new VectorKernels.Product(up, null, out[3], false));
      kernels.activate(out[2], out[3], out[2]);
      assertThat(out[2].toFloats()).containsExactly(out[0].toFloats());
    }
  }

  @Test
  void everyFiniteF16IsWidenedExactly() {
    try (Scope scope = Scope.open()) {
      Tensor all = Tensor.empty(DType.F16, 1, 65536);
      for (int i = 0; i < 65536; i++) {
        boolean finite = (i & 0x7c00) != 0x7c00;
        all.memory().setAtIndex(ValueLayout.JAVA_SHORT, i, finite ? (short) i : 0);
      }
      Tensor wide = Tensor.empty(DType.F32, 65536);
      Widening.widen(
          DType.F16, all.raw().data_ptr().address(), wide.raw().data_ptr().address(), 65536);
      float[] found = wide.toFloats();
      for (int i = 0; i < 65536; i++) {
        short bits = all.memory().getAtIndex(ValueLayout.JAVA_SHORT, i);
        assertThat(found[i]).isEqualTo(Float.float16ToFloat(bits));
      }
    }
  }

  @Test
  void roundedWeightsAreWithinHalfAStepAndMultipliedAsTheyAreRounded() {
    try (var kernels = VectorKernels.open(2);
        Scope scope = Scope.open()) {
      Tensor weight = random(50, 70);
      try (Matrix rounded = Matrix.rounded(weight)) {
        float[] exact = weight.toFloats();
        float[] near = rounded.toF32().toFloats();
        for (int row = 0; row < 50; row++) {
          float largest = 0;
          for (int i = 0; i < 70; i++) {
            largest = Math.max(largest, Math.abs(exact[row * 70 + i]));
          }
          for (int i = 0; i < 70; i++) {
            assertThat(near[row * 70 + i])
                .isCloseTo(exact[row * 70 + i], within(largest / 127 * 0.5001f));
          }
        }
        Tensor x = random(3, 70);
        float[] found = multiplied(kernels, x, rounded);
        double[] expected = product(x, rounded.toF32(), Tensor.zeros(DType.F32, 50), 0);
        for (int i = 0; i < found.length; i++) {
          assertThat((double) found[i]).isCloseTo(expected[i], within(1e-4));
        }
      }
    }
  }

  @Test
  void gatesAreSiluTimesUp() {
    try (var kernels = VectorKernels.open(2);
        Scope scope = Scope.open()) {
      Tensor x = random(5, 40);
      Tensor gate = random(37, 40);
      Tensor up = random(37, 40);
      Tensor out = Tensor.zeros(DType.F32, 5, 37);
      Tensor other = Tensor.zeros(DType.F32, 5, 37);
      kernels.gated(
          x,
          new VectorKernels.Product(Matrix.of(gate), null, out, false),
          new VectorKernels.Product(Matrix.of(up), null, other, false),
          out);
      float[] expected = x.linear(gate).silu().mul(x.linear(up)).toFloats();
      float[] found = out.toFloats();
      for (int i = 0; i < found.length; i++) {
        assertThat(found[i]).isCloseTo(expected[i], within(1e-4f));
      }
    }
  }

  @Test
  void attentionIsThatOfLibtorchWithAndWithoutPagesAndWindow() {
    try (var kernels = VectorKernels.open(2)) {
      for (int window : new int[] {0, 5}) {
        for (int headDim : new int[] {8, 24, 64, 80}) {
          try (Scope scope = Scope.open()) {
            Tensor q = random(20, 4L * headDim);
            Tensor k = random(20, 2L * headDim);
            Tensor v = random(20, 2L * headDim);
            float[] expected = attention(q, k, v, headDim, window);
            var whole = List.of(new VectorKernels.Span(0, 20, 0, Optional.empty()));
            float[] found = attended(kernels, q, k, v, headDim, window, whole);
            for (int i = 0; i < found.length; i++) {
              assertThat(found[i]).isCloseTo(expected[i], within(1e-4f));
            }
            // 20 tokens in pages of 7 that lie apart
            Tensor buffer = Tensor.zeros(DType.F32, 6, 2, 7, headDim);
            var pages =
                KvPages.of(
                    List.of(buffer.select(0, 4), buffer.select(0, 0), buffer.select(0, 2)),
                    List.of(buffer.select(0, 1), buffer.select(0, 5), buffer.select(0, 3)));
            var paged = List.of(new VectorKernels.Span(0, 20, 0, Optional.of(pages)));
            assertThat(attended(kernels, q, k, v, headDim, window, paged)).containsExactly(found);
          }
        }
      }
    }
  }

  private static float[] attended(
      VectorKernels kernels,
      Tensor q,
      Tensor k,
      Tensor v,
      int headDim,
      int window,
      List<VectorKernels.Span> spans) {
    Tensor out = Tensor.zeros(DType.F32, q.shape());
    Tensor cosines = Tensor.full(1, DType.F32, q.size(0), headDim / 2);
    Tensor sines = Tensor.zeros(DType.F32, q.size(0), headDim / 2);
    kernels.attend(
        Tensor.zeros(DType.F32, q.shape()).add_(q),
        Tensor.zeros(DType.F32, k.shape()).add_(k),
        v,
        headDim,
        new VectorKernels.Turning(cosines, sines, null, null, 1e-6, window),
        spans,
        out);
    return out.toFloats();
  }

  private static float[] attention(Tensor q, Tensor k, Tensor v, int headDim, int window) {
    long tokens = q.size(0);
    Tensor mask = Tensor.zeros(DType.BOOL, tokens, tokens);
    for (int query = 0; query < tokens; query++) {
      for (int key = 0; key <= query; key++) {
        boolean sees = window == 0 || key > query - window;
        mask.memory().set(ValueLayout.JAVA_BYTE, query * tokens + key, (byte) (sees ? 1 : 0));
      }
    }
    return heads(q, headDim)
        .attention(
            heads(k, headDim), heads(v, headDim), Optional.of(mask), false, 1 / Math.sqrt(headDim))
        .transpose(1, 2)
        .toFloats();
  }

  private static Tensor heads(Tensor x, int headDim) {
    return x.view(1, x.size(0), x.size(1) / headDim, headDim).transpose(1, 2);
  }

  @Test
  void whatDoesNotFitIsRefused() {
    try (var kernels = VectorKernels.open(1);
        Scope scope = Scope.open()) {
      var product =
          new VectorKernels.Product(
              Matrix.of(random(4, 8)), null, Tensor.zeros(DType.F32, 2, 4), false);
      assertThatThrownBy(() -> kernels.multiply(random(2, 9), product))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("4 outputs and 8 inputs");
      assertThatThrownBy(() -> Matrix.of(Tensor.zeros(DType.I64, 2, 2)))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> Matrix.of(random(4, 8).transpose(0, 1)))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  private Tensor random(long... shape) {
    long count = 1;
    for (long size : shape) {
      count *= size;
    }
    float[] values = new float[(int) count];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return Tensor.of(values, shape);
  }

  private static double[] product(Tensor x, Tensor weight, Tensor bias, double before) {
    float[] a = x.toFloats();
    float[] w = weight.toFloats();
    float[] b = bias.toFloats();
    int inputs = (int) x.size(1);
    double[] out = new double[(int) x.size(0) * b.length];
    for (int i = 0; i < out.length; i++) {
      double sum = before + b[i % b.length];
      for (int j = 0; j < inputs; j++) {
        sum += (double) a[i / b.length * inputs + j] * w[i % b.length * inputs + j];
      }
      out[i] = sum;
    }
    return out;
  }
}
