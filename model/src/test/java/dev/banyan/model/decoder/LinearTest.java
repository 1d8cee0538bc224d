package dev.banyan.model.decoder;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banyan.core.Seed;
import dev.banyan.tensor.DType;
import dev.banyan.tensor.Scope;
import dev.banyan.tensor.Tensor;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class LinearTest {
  private static final int ROWS = 33;
  private static final int INPUTS = 40;
  private static final int OUTPUTS = 24;

  /** One in 256: the last place of a bfloat16 is 2^-8 of its value, and rounding is half of it. */
  private static final double PLACE = 1.0 / 256;

  @Test
  void roundedProductsAreThoseOfRoundedNumbersSummedExactly() {
    float[] x = numbers("x", ROWS * INPUTS);
    float[] w = numbers("w", OUTPUTS * INPUTS);
    float[] b = numbers("b", OUTPUTS);
    try (Scope scope = Scope.open()) {
      Tensor bias = Tensor.of(b, OUTPUTS);
      Tensor weight = Tensor.of(w, OUTPUTS, INPUTS);
      Tensor result = TorchArithmetic.rounded(Tensor.of(x, ROWS, INPUTS), weight, bias, DType.BF16);
      assertThat(result.dtype()).isEqualTo(DType.BF16);
      float[] found = result.to(DType.F32).toFloats();
      for (int row = 0; row < ROWS; row++) {
        for (int out = 0; out < OUTPUTS; out++) {
          double sum = bfloat16(b[out]);
          double size = Math.abs(sum);
          for (int i = 0; i < INPUTS; i++) {
            double product = (double) bfloat16(x[row * INPUTS + i]) * bfloat16(w[out * INPUTS + i]);
            sum += product;
            size += Math.abs(product);
          }
          assertThat((double) found[row * OUTPUTS + out])
              .isBetween(
                  sum - Math.abs(sum) * PLACE - size * 1e-6,
                  sum + Math.abs(sum) * PLACE + size * 1e-6);
        }
      }
    }
  }

  @Test
  void gradientsAreThoseOfTheSameProductInLibtorchsOwnBfloat16() {
    try (Scope scope = Scope.open()) {
      Gradients own = gradients(true);
      Gradients libtorchs = gradients(false);
      assertThat(own.weight.count()).isEqualTo(OUTPUTS * INPUTS);
      assertClose(own.weight, libtorchs.weight);
      assertClose(own.input, libtorchs.input);
    }
  }

  private record Gradients(Tensor weight, Tensor input) {}

  private static Gradients gradients(boolean rounded) {
    Tensor x = Tensor.of(numbers("x", ROWS * INPUTS), ROWS, INPUTS).requireGrad();
    Tensor w = Tensor.of(numbers("w", OUTPUTS * INPUTS), OUTPUTS, INPUTS).requireGrad();
    Tensor y =
        rounded
            ? TorchArithmetic.rounded(x, w, null, DType.BF16)
            : x.to(DType.BF16).linear(w.to(DType.BF16));
    Tensor weighed = y.to(DType.F32).mul(Tensor.of(numbers("g", ROWS * OUTPUTS), ROWS, OUTPUTS));
    weighed.sum().backward();
    return new Gradients(w.grad().orElseThrow(), x.grad().orElseThrow());
  }

  /** Both round each gradient once, from sums in a different order. */
  private static void assertClose(Tensor own, Tensor libtorchs) {
    float[] found = own.toFloats();
    float[] expected = libtorchs.toFloats();
    for (int i = 0; i < found.length; i++) {
      assertThat((double) found[i])
          .isBetween(
              expected[i] - 2 * PLACE * Math.abs(expected[i]) - 1e-4,
              expected[i] + 2 * PLACE * Math.abs(expected[i]) + 1e-4);
    }
  }

  /** Round to nearest, ties to even, by the definition of the format. */
  private static float bfloat16(float value) {
    int bits = Float.floatToRawIntBits(value);
    return Float.intBitsToFloat((bits + 0x7fff + ((bits >>> 16) & 1)) & 0xffff0000);
  }

  private static float[] numbers(String name, int count) {
    RandomGenerator random = new Seed(7).stream(name);
    float[] numbers = new float[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = (float) random.nextGaussian();
    }
    return numbers;
  }
}
