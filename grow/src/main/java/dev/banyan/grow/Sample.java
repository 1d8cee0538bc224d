package dev.banyan.grow;

import dev.banyan.core.Seed;
import dev.banyan.core.UserInputException;

/** How much of a function is looked at: {@code prompts} of {@code length} random tokens. */
public record Sample(int prompts, int length, Seed seed) {
  public Sample {
    if (prompts < 1 || length < 1) {
      throw new UserInputException(
          "--prompts " + prompts + " --length " + length + ": expected at least 1 of each");
    }
  }

  /** Four prompts of eight tokens. */
  public static Sample few() {
    return new Sample(4, 8, new Seed(1));
  }
}
