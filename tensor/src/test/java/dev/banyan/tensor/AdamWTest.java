package dev.banyan.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.banyan.core.Seed;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/** AdamW against its formulas (Loshchilov and Hutter 2019, algorithm 2) in plain doubles. */
class AdamWTest {
  private static final double RATE = 0.01;
  private static final double BETA1 = 0.9;
  private static final double BETA2 = 0.95;
  private static final double EPSILON = 1e-8;

  /** One parameter with its moments. */
  private static final class Plain {
    final double[] value;
    final double[] first;
    final double[] second;
    final double decay;

    Plain(float[] start, double decay) {
      value = new double[start.length];
      first = new double[start.length];
      second = new double[start.length];
      for (int i = 0; i < start.length; i++) {
        value[i] = start[i];
      }
      this.decay = decay;
    }

    void step(float[] gradient, int step) {
      for (int i = 0; i < value.length; i++) {
        first[i] = BETA1 * first[i] + (1 - BETA1) * gradient[i];
        second[i] = BETA2 * second[i] + (1 - BETA2) * gradient[i] * gradient[i];
        double m = first[i] / (1 - Math.pow(BETA1, step));
        double v = second[i] / (1 - Math.pow(BETA2, step));
        value[i] -= RATE * (decay * value[i] + m / (Math.sqrt(v) + EPSILON));
      }
    }
  }

  @Test
  void fiftyStepsWithTwoDecayGroupsAreThoseOfTheFormula() {
    try (Scope scope = Scope.open()) {
      Tensor matrix = Seeded.normal(1, 7, 5).requireGrad();
      Tensor vector = Seeded.normal(2, 9).requireGrad();
      Plain plainMatrix = new Plain(matrix.toFloats(), 0.3);
      Plain plainVector = new Plain(vector.toFloats(), 0);
      try (AdamW optimizer =
          new AdamW(
              List.of(new AdamW.Group(List.of(matrix), 0.3), new AdamW.Group(List.of(vector), 0)),
              new AdamW.Options(BETA1, BETA2, EPSILON))) {
        RandomGenerator random = new Seed(5).stream("gradients");
        for (int step = 1; step <= 50; step++) {
          plainMatrix.step(gradient(random, matrix), step);
          plainVector.step(gradient(random, vector), step);
          optimizer.step(RATE);
          optimizer.clearGradients();
        }
        assertThat(optimizer.steps()).isEqualTo(50);
        near(matrix, plainMatrix.value);
        near(vector, plainVector.value);
        near(optimizer.firstMoment(matrix), plainMatrix.first);
        near(optimizer.secondMoment(vector), plainVector.second);
      }
    }
  }

  private static float[] gradient(RandomGenerator random, Tensor parameter) {
    float[] values = new float[(int) parameter.count()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    parameter.setGrad(Tensor.of(values, parameter.shape()));
    return values;
  }

  private static void near(Tensor ours, double[] exact) {
    float[] values = ours.toFloats();
    for (int i = 0; i < exact.length; i++) {
      assertThat((double) values[i]).isCloseTo(exact[i], within(2e-5));
    }
  }

  @Test
  void clippingScalesAllGradientsToTheirJointNormAndSaysWhatItWas() {
    try (Scope scope = Scope.open()) {
      Tensor a = Seeded.normal(1, 2).requireGrad();
      Tensor b = Seeded.normal(2, 1).requireGrad();
      a.setGrad(Tensor.of(new float[] {3, 0}, 2));
      b.setGrad(Tensor.of(new float[] {4}, 1));
      try (AdamW optimizer =
          new AdamW(
              List.of(new AdamW.Group(List.of(a, b), 0)), new AdamW.Options(0.9, 0.95, 1e-8))) {
        assertThat(optimizer.clipGradientNorm(1)).isCloseTo(5, within(1e-6));
        assertThat(a.grad().orElseThrow().toFloats()[0]).isCloseTo(0.6f, within(1e-5f));
        assertThat(b.grad().orElseThrow().toFloats()[0]).isCloseTo(0.8f, within(1e-5f));
        assertThat(optimizer.clipGradientNorm(10)).isCloseTo(1, within(1e-5));
        assertThat(b.grad().orElseThrow().toFloats()[0]).isCloseTo(0.8f, within(1e-5f));
      }
    }
  }

  @Test
  void aParameterWithoutAGradientStaysAsItIs() {
    try (Scope scope = Scope.open()) {
      Tensor moved = Seeded.normal(1, 3).requireGrad();
      Tensor still = Seeded.normal(2, 3).requireGrad();
      float[] before = still.toFloats();
      moved.setGrad(Tensor.full(1, DType.F32, 3));
      AdamW optimizer;
      // an optimizer made inside a scope outlives it
      try (Scope inner = Scope.open()) {
        optimizer =
            new AdamW(
                List.of(new AdamW.Group(List.of(moved, still), 0.1)),
                new AdamW.Options(0.9, 0.95, 1e-8));
      }
      optimizer.step(0.1);
      assertThat(still.toFloats()).isEqualTo(before);
      assertThat(moved.toFloats()).isNotEqualTo(Seeded.normal(1, 3).toFloats());
      optimizer.close();
    }
  }
}
