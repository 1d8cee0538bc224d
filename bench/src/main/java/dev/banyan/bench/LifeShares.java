package dev.banyan.bench;

import dev.banyan.core.Json;
import dev.banyan.core.UserInputException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;

/**
 * What each step of a life took, from what the steps themselves recorded.
 *
 * @param steps in the order they were run
 */
public record LifeShares(List<Step> steps) {
  /** One step: {@code OUT/steps/<name>.json}. */
  public record Step(String name, String command, double seconds) {}

  public LifeShares {
    steps = List.copyOf(steps);
  }

  /** All steps together. */
  public double seconds() {
    return steps.stream().mapToDouble(Step::seconds).sum();
  }

  /** The part of the whole that a step took, from 0 to 1. */
  public double share(Step step) {
    return step.seconds() / seconds();
  }

  /**
   * Reads a life's folder. A step runs again only with all steps after it, so the times of the
   * files tell their order.
   *
   * @throws UserInputException when it holds no steps
   */
  public static LifeShares read(Path out) {
    Path folder = out.resolve("steps");
    if (!Files.isDirectory(folder)) {
      throw new UserInputException(
          "%s: holds no life; run one with --run, or name its folder with --out".formatted(out));
    }
    try (var files = Files.list(folder)) {
      List<Step> steps =
          files
              .filter(file -> file.toString().endsWith(".json"))
              .sorted(Comparator.comparing(LifeShares::changed).thenComparing(file -> file))
              .map(file -> Json.read(file, Step.class))
              .toList();
      if (steps.isEmpty()) {
        throw new UserInputException(folder + ": no step is done yet; run the life first");
      }
      return new LifeShares(steps);
    } catch (IOException e) {
      throw new UserInputException(folder + ": cannot be read", e);
    }
  }

  private static java.nio.file.attribute.FileTime changed(Path file) {
    try {
      return Files.getLastModifiedTime(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
