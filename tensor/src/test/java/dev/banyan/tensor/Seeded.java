package dev.banyan.tensor;

import dev.banyan.core.Seed;
import java.util.random.RandomGenerator;

/** Tensors of random numbers that are the same in every run. */
final class Seeded {
  private Seeded() {}

  /** Standard normal f32 values. */
  static Tensor normal(long seed, long... shape) {
    RandomGenerator random = new Seed(seed).stream("tensor");
    long count = 1;
    for (long size : shape) {
      count *= size;
    }
    float[] values = new float[Math.toIntExact(count)];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return Tensor.of(values, shape);
  }
}
