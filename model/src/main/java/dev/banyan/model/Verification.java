package dev.banyan.model;

import dev.banyan.core.Json;
import dev.banyan.core.UserInputException;
import dev.banyan.tensor.DType;
import dev.banyan.tensor.Guard;
import dev.banyan.tensor.Scope;
import dev.banyan.tensor.Tensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How far a model's scores are from recorded ones.
 *
 * @param maxDifference the largest absolute difference of two logits
 * @param row where it is: the row, the position in it and the token
 * @param greedyEqual whether the recorded greedy answers came out the same
 * @param firstGreedyDifference row and step of the first other token; null when all are the same
 * @param logits how many logits were compared
 * @param frequencies how rotary frequencies were held
 */
public record Verification(
    double maxDifference,
    int row,
    int position,
    int token,
    boolean greedyEqual,
    @Nullable String firstGreedyDifference,
    long logits,
    RotaryFrequencies frequencies) {

  /** A recording: input_ids [rows][time], logits [rows][time][vocabulary], greedy [rows][new]. */
  @SuppressWarnings({"ArrayRecordComponent", "MemberName"}) // the file's names; never compared
  public record Recording(int[][] input_ids, float[][][] logits, int[][] greedy) {
    /**
     * Reads a recording.
     *
     * @throws UserInputException when it is missing or not of that form
     */
    public static Recording read(Path file) {
      Recording recording = Json.read(file, Recording.class);
      @SuppressWarnings("ConstantValue") // the file may leave a key out
      boolean incomplete = recording.input_ids == null || recording.logits == null;
      if (incomplete || recording.input_ids.length != recording.logits.length) {
        throw new UserInputException(
            file + ": needs input_ids [rows][time] and logits [rows][time][vocabulary]");
      }
      for (int row = 0; row < recording.input_ids.length; row++) {
        if (recording.input_ids[row].length != recording.logits[row].length) {
          throw new UserInputException(
              "%s: row %d has %d input_ids and logits of %d positions"
                  .formatted(
                      file, row, recording.input_ids[row].length, recording.logits[row].length));
        }
      }
      return recording;
    }
  }

  /** True when every logit is within {@code tolerance} and the greedy answers are the same. */
  public boolean holds(double tolerance) {
    return maxDifference <= tolerance && greedyEqual;
  }

  /**
   * Compares the model in {@code folder}, computed in f32, with a recording. Rows go through the
   * model as ragged pieces, greedy answers through the {@link KvStore}.
   *
   * @throws UserInputException when recording and model do not fit each other
   */
  public static Verification of(Path folder, Recording recording, RotaryFrequencies frequencies) {
    return of(folder, recording, Opening.fast().with(frequencies));
  }

  /** {@link #of(Path, Recording, RotaryFrequencies)} with the model opened in another way. */
  public static Verification of(Path folder, Recording recording, Opening opening) {
    return of(folder, recording, opening, null);
  }

  /**
   * {@link #of(Path, Recording, Opening)} with an adapter beside the weights; null for none. The
   * recording has no logits of virtual tokens.
   */
  public static Verification of(
      Path folder, Recording recording, Opening opening, @Nullable Adapter adapter) {
    RotaryFrequencies frequencies = opening.frequencies();
    try (var model = LanguageModel.open(folder, opening);
        Guard guard = Guard.noGrad()) {
      @Nullable LoadedAdapter loaded = adapter == null ? null : model.load(adapter);
      int vocabulary = model.config().vocabSize();
      double largest = 0;
      int[] where = {0, 0, 0};
      long compared = 0;
      for (int row = 0; row < recording.logits.length; row++) {
        requireIds(recording.input_ids[row], vocabulary, row);
        float[] found = scores(model, loaded, recording.input_ids[row]);
        for (int position = 0; position < recording.logits[row].length; position++) {
          float[] expected = recording.logits[row][position];
          requireWidth(expected.length, vocabulary, row, position);
          for (int token = 0; token < vocabulary; token++) {
            double difference =
                Math.abs((double) found[position * vocabulary + token] - expected[token]);
            if (!(difference <= largest)) {
              largest = difference;
              where = new int[] {row, position, token};
            }
          }
          compared += vocabulary;
        }
      }
      String other = firstGreedyDifference(model, loaded, recording);
      return new Verification(
          largest, where[0], where[1], where[2], other == null, other, compared, frequencies);
    }
  }

  private static float[] scores(LanguageModel model, @Nullable LoadedAdapter adapter, int[] ids) {
    try (var kv = new ContiguousKvStore(model.config(), 1, DType.F32);
        Scope scope = Scope.open()) {
      int position = adapter == null ? 0 : adapter.begin(kv, 0);
      Tensor scores =
          model.forward(Batch.ragged(List.of(new Batch.Piece(0, position, ids, adapter))), kv);
      return scores.toFloats();
    }
  }

  private static @Nullable String firstGreedyDifference(
      LanguageModel model, @Nullable LoadedAdapter adapter, Recording recording) {
    @SuppressWarnings("ConstantValue") // the file may leave greedy out
    boolean none = recording.greedy == null || recording.greedy.length == 0;
    if (none) {
      return null;
    }
    var requests = new ArrayList<Generator.Request>();
    for (int row = 0; row < recording.greedy.length; row++) {
      requests.add(
          Generator.Request.greedy(
                  recording.input_ids[row], Math.max(1, recording.greedy[row].length), Set.of())
              .with(adapter));
    }
    List<Completion> answers = new Generator(model, null).generateAll(requests, requests.size());
    for (int row = 0; row < recording.greedy.length; row++) {
      int[] found = answers.get(row).ids().stream().mapToInt(Integer::intValue).toArray();
      int at = Arrays.mismatch(found, recording.greedy[row]);
      if (at >= 0 && at < recording.greedy[row].length) {
        return "row %d, new token %d: %d instead of %d"
            .formatted(row, at, found[at], recording.greedy[row][at]);
      }
    }
    return null;
  }

  private static void requireIds(int[] ids, int vocabulary, int row) {
    for (int id : ids) {
      if (id < 0 || id >= vocabulary) {
        throw new UserInputException(
            "row %d of the recording has token id %d, config.json says vocab_size %d. They are from different models."
                .formatted(row, id, vocabulary));
      }
    }
    if (ids.length == 0) {
      throw new UserInputException("row " + row + " of the recording has no input_ids");
    }
  }

  private static void requireWidth(int width, int vocabulary, int row, int position) {
    if (width != vocabulary) {
      throw new UserInputException(
          "row %d, position %d of the recording has %d logits, config.json says vocab_size %d. They are from different models."
              .formatted(row, position, width, vocabulary));
    }
  }
}
