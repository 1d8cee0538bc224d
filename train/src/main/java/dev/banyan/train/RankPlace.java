package dev.banyan.train;

import dev.banyan.core.UserInputException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * A process's place among those that train one model together.
 *
 * @param rank 0 ≤ rank &lt; world; rank 0 writes checkpoints and metrics
 * @param world how many there are; divides {@code shards}
 * @param host of rank 0
 * @param port of the store that rank 0 serves there
 * @param prefix in the store, another for each generation
 * @param events file for event lines of this rank, when wanted
 */
public record RankPlace(
    int rank, int world, String host, int port, String prefix, Optional<Path> events) {
  /** The place of a run in one process. */
  public static final RankPlace ALONE = new RankPlace(0, 1, "localhost", 1, "", Optional.empty());

  public RankPlace {
    if (world < 1 || rank < 0 || rank >= world) {
      throw new UserInputException(
          "rank is %d and world is %d; ranks are numbered from 0 to world − 1"
              .formatted(rank, world));
    }
    if (port < 1 || port > 65535) {
      throw new UserInputException("port is " + port + ", expected 1 to 65535");
    }
  }

  public boolean alone() {
    return world == 1;
  }

  /**
   * The place that torchrun and its likes give through {@code RANK}, {@code WORLD_SIZE}, {@code
   * MASTER_ADDR} and {@code MASTER_PORT}; empty when {@code WORLD_SIZE} is not there.
   *
   * @throws UserInputException when one of them is missing or no number
   */
  public static Optional<RankPlace> of(Map<String, String> environment) {
    if (!environment.containsKey("WORLD_SIZE")) {
      return Optional.empty();
    }
    return Optional.of(
        new RankPlace(
            number(environment, "RANK"),
            number(environment, "WORLD_SIZE"),
            said(environment, "MASTER_ADDR"),
            number(environment, "MASTER_PORT"),
            "banyan-" + environment.getOrDefault("TORCHELASTIC_RESTART_COUNT", "0"),
            Optional.empty()));
  }

  private static String said(Map<String, String> environment, String name) {
    String value = environment.get(name);
    if (value == null || value.isBlank()) {
      throw new UserInputException(
          "WORLD_SIZE is set and "
              + name
              + " is not; torchrun sets RANK, WORLD_SIZE, MASTER_ADDR"
              + " and MASTER_PORT");
    }
    return value;
  }

  private static int number(Map<String, String> environment, String name) {
    String value = said(environment, name);
    try {
      return Integer.parseInt(value.strip());
    } catch (NumberFormatException e) {
      throw new UserInputException(name + " is '" + value + "', expected a number");
    }
  }
}
