package dev.banyan.grow;

import dev.banyan.core.UserInputException;
import java.nio.file.Path;
import java.util.List;

/**
 * What is to be trained.
 *
 * @param folder where everything goes; arms that are there are not trained again
 * @param training text to learn; {@code heldOut} to foretell
 * @param seeds how many times each arm is trained
 * @param steps of the large model from scratch
 * @param smallSteps of the small one
 * @param budget FLOPs of every other arm, as a share of scratch's
 * @param only names of arms to train; empty for all
 */
public record ProofPlan(
    Path folder,
    List<Path> training,
    Path heldOut,
    Path tokenizer,
    int seeds,
    int steps,
    int smallSteps,
    double budget,
    int threads,
    long seed,
    List<String> only) {
  public ProofPlan {
    training = List.copyOf(training);
    only = List.copyOf(only);
    if (seeds < 1 || steps < 20 || smallSteps < 10) {
      throw new UserInputException(
          "--seeds %d --steps %d --small-steps %d: expected at least 1, 20 and 10"
              .formatted(seeds, steps, smallSteps));
    }
    if (!(budget > 0.1 && budget <= 2)) {
      throw new UserInputException("--budget " + budget + ": expected 0.1 to 2");
    }
  }

  boolean wants(String arm) {
    return only.isEmpty() || only.contains(arm);
  }
}
