package dev.banyan.grow.verify;

import dev.banyan.core.Seed;

/** Token ids to try a function on. */
public final class Prompts {
  private Prompts() {}

  /** {@code count} prompts of {@code length} random tokens. */
  public static int[][] random(int count, int length, int vocabulary, Seed seed) {
    int[][] prompts = new int[count][];
    for (int i = 0; i < count; i++) {
      prompts[i] = seed.stream("prompt", i).ints(length, 0, vocabulary).toArray();
    }
    return prompts;
  }
}
