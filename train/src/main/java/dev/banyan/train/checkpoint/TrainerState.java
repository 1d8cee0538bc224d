package dev.banyan.train.checkpoint;

import dev.banyan.core.Json;
import dev.banyan.core.UserInputException;
import dev.banyan.train.pack.Packer;
import dev.banyan.train.step.Divergence;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.SequencedMap;
import java.util.TreeMap;

/**
 * {@code trainer_state.json}: where a run stands, beside the weights and the optimizer's moments.
 * Random streams have no state of their own: they are derived from {@code seed} by name and index.
 *
 * @param step optimizer steps done
 * @param recipe everything that decides the result, by name; a run goes on only with the same
 * @param seed the run's seed
 * @param position position in the data order of the next example
 * @param offset how many of its tokens are already packed
 * @param learnedTokens tokens learned so far
 * @param smoothedLoss see {@link Divergence}; null before the first step
 * @param bestLoss likewise
 * @param stepsAbove likewise
 */
public record TrainerState(
    int version,
    long step,
    Map<String, String> recipe,
    long seed,
    long position,
    int offset,
    long learnedTokens,
    double smoothedLoss,
    double bestLoss,
    int stepsAbove) {
  /** The file's name in a checkpoint. */
  public static final String FILE = "trainer_state.json";

  private static final int VERSION = 1;

  public TrainerState {
    recipe = java.util.Collections.unmodifiableMap(new TreeMap<>(recipe));
  }

  /** Before the first step. */
  public static TrainerState start(SequencedMap<String, String> recipe, long seed) {
    return new TrainerState(VERSION, 0, recipe, seed, 0, 0, 0, -1, -1, 0);
  }

  /** After one more step. */
  public TrainerState next(Packer.State packer, int learned, Divergence divergence) {
    return new TrainerState(
        VERSION,
        step + 1,
        recipe,
        seed,
        packer.position(),
        packer.offset(),
        learnedTokens + learned,
        divergence.smoothed(),
        divergence.best(),
        divergence.above());
  }

  public Packer.State packer() {
    return new Packer.State(position, offset);
  }

  public Divergence divergence() {
    return step == 0 ? Divergence.START : new Divergence(smoothedLoss, bestLoss, stepsAbove);
  }

  /**
   * Reads the state of a checkpoint.
   *
   * @throws UserInputException when it is missing, no state, or another version's
   */
  public static TrainerState read(Path folder) {
    Path file = folder.resolve(FILE);
    TrainerState state = Json.read(file, TrainerState.class);
    if (state.version != VERSION) {
      throw new UserInputException(
          "%s: is of version %d, this Banyan goes on from version %d. Use another out, or the Banyan that wrote it."
              .formatted(file, state.version, VERSION));
    }
    return state;
  }

  /** Writes the state into a folder that is not yet visible. */
  public void write(Path folder) throws IOException {
    Json.write(folder.resolve(FILE), this);
  }
}
