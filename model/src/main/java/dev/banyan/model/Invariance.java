package dev.banyan.model;

import dev.banyan.core.Seed;
import dev.banyan.tensor.DType;
import dev.banyan.tensor.Guard;
import dev.banyan.tensor.Scope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Whether a model keeps the contract of {@link Mode#EXACT}: random sequences go through it alone
 * and whole, then in random company, chunks and order, some on the keys of another sequence that
 * begins alike, some forgotten in part and computed again, some as packed rows. Every score, key
 * and value must have the same bits.
 *
 * @param trials how many random schedules ran
 * @param scores logits that were compared
 * @param keyValues keys and values that were compared
 * @param differing trials in which something differed
 * @param firstDifference where the first was; null when none
 */
public record Invariance(
    int trials, long scores, long keyValues, int differing, @Nullable String firstDifference) {
  private static final int SEQUENCES = 6;
  private static final int SLOTS = 4;

  /** What a schedule did to a sequence; each can be left out. */
  public enum Freedom {
    BATCHES,
    CHUNKS,
    PREFIX_REUSE,
    RECOMPUTE,
    THREADS,
    PACKING
  }

  /** A fault put in on purpose, to see that it is found. */
  @FunctionalInterface
  interface Fault {
    /** Changes scores of a pass by what a schedule did. */
    void apply(float[] scores, Batch batch, int modelIndex, boolean again);

    /** No fault. */
    static Fault none() {
      return (scores, batch, model, again) -> {};
    }
  }

  public boolean holds() {
    return differing == 0;
  }

  /**
   * Runs random schedules.
   *
   * @param models the same weights and mode, each with another number of threads; one is enough
   * @param tokens the longest sequence
   * @param freedoms what schedules may do
   */
  public static Invariance of(
      List<LanguageModel> models, int trials, int tokens, List<Freedom> freedoms, Seed seed) {
    return of(models, trials, tokens, freedoms, seed, Fault.none());
  }

  static Invariance of(
      List<LanguageModel> models,
      int trials,
      int tokens,
      List<Freedom> freedoms,
      Seed seed,
      Fault fault) {
    try (Guard guard = Guard.noGrad()) {
      var check = new Check(models, tokens, freedoms, seed, fault);
      for (int trial = 0; trial < trials; trial++) {
        check.trial(trial);
      }
      return new Invariance(
          trials, check.scores, check.keyValues, check.differing, check.firstDifference);
    }
  }

  /** Sequences, what they give alone, and the count so far. */
  private static final class Check {
    private final List<LanguageModel> models;
    private final List<Freedom> freedoms;
    private final Seed seed;
    private final Fault fault;
    private final int vocabulary;
    private final List<int[]> sequences = new ArrayList<>();
    // by sequence and type of the store
    private final Map<String, Alone> alone = new TreeMap<>();
    long scores;
    long keyValues;
    int differing;
    @Nullable String firstDifference;

    Check(List<LanguageModel> models, int tokens, List<Freedom> freedoms, Seed seed, Fault fault) {
      this.models = models;
      this.freedoms = freedoms;
      this.seed = seed;
      this.fault = fault;
      this.vocabulary = models.getFirst().config().vocabSize();
      RandomGenerator random = seed.stream("sequences");
      int[] beginning = random.ints(tokens, 0, vocabulary).toArray();
      for (int i = 0; i < SEQUENCES; i++) {
        int[] ids = random.ints(1 + random.nextInt(tokens), 0, vocabulary).toArray();
        // half of them begin alike
        System.arraycopy(beginning, 0, ids, 0, i % 2 == 0 ? ids.length / 2 : 0);
        sequences.add(ids);
      }
    }

    /** Scores [tokens * vocabulary], and keys and values of every layer. */
    @SuppressWarnings("ArrayRecordComponent") // compared by bits
    private record Alone(float[] scores, List<float[]> keyValues) {}

    private Alone alone(int sequence, DType dtype) {
      return alone.computeIfAbsent(
          sequence + " " + dtype,
          key -> {
            LanguageModel model = models.getFirst();
            int[] ids = sequences.get(sequence);
            try (var kv = new ContiguousKvStore(model.config(), 1, dtype);
                Scope scope = Scope.open()) {
              float[] found = model.forward(Batch.of(ids), kv).toFloats();
              return new Alone(found, keyValues(model, kv, 0));
            }
          });
    }

    private static List<float[]> keyValues(LanguageModel model, ContiguousKvStore kv, int slot) {
      List<float[]> all = new ArrayList<>();
      for (int layer = 0; layer < model.config().layers(); layer++) {
        KvStore.Seen kept = kv.kept(layer, slot);
        all.add(kept.keys().toFloats());
        all.add(kept.values().toFloats());
      }
      return all;
    }

    private boolean may(Freedom freedom) {
      return freedoms.contains(freedom);
    }

    void trial(int number) {
      RandomGenerator random = seed.stream("trial", number);
      int which = may(Freedom.THREADS) ? random.nextInt(models.size()) : 0;
      String before = firstDifference;
      long found = mismatches;
      if (may(Freedom.PACKING) && random.nextInt(8) == 0) {
        packed(number, random, which);
      } else {
        scheduled(number, random, which);
      }
      if (mismatches > found) {
        differing++;
        firstDifference = before != null ? before : firstDifference;
      }
    }

    private long mismatches;

    private void scheduled(int number, RandomGenerator random, int which) {
      LanguageModel model = models.get(which);
      DType dtype = random.nextInt(3) == 0 ? DType.BF16 : DType.F32;
      int slots = may(Freedom.BATCHES) ? 1 + random.nextInt(SLOTS) : 1;
      try (var kv = new ContiguousKvStore(model.config(), SLOTS, dtype)) {
        int[] chosen = random.ints(SLOTS, 0, SEQUENCES).toArray();
        boolean[] again = new boolean[SLOTS];
        boolean[] begun = new boolean[SLOTS];
        while (true) {
          List<Batch.Piece> pieces = new ArrayList<>();
          int[] order = shuffled(slots, random);
          for (int slot : order) {
            int[] ids = sequences.get(chosen[slot]);
            if (!begun[slot] && (kv.length(0) == 0 || random.nextBoolean()) && slot != 0) {
              continue; // begins later, when others have something to be reused
            }
            if (!begun[slot] && may(Freedom.PREFIX_REUSE)) {
              reuse(kv, chosen, slot, slots, random);
            }
            begun[slot] = true;
            int from = kv.length(slot);
            if (from == ids.length && !again[slot] && may(Freedom.RECOMPUTE)) {
              again[slot] = true;
              from = random.nextInt(ids.length);
              kv.truncate(slot, from);
            }
            if (from < ids.length && (pieces.isEmpty() || random.nextInt(4) > 0)) {
              int length =
                  may(Freedom.CHUNKS) ? 1 + random.nextInt(ids.length - from) : ids.length - from;
              pieces.add(new Batch.Piece(slot, from, Arrays.copyOfRange(ids, from, from + length)));
            }
          }
          if (pieces.isEmpty()) {
            if (allOf(begun, slots)) {
              break;
            }
            continue;
          }
          pass(number, which, Batch.ragged(pieces), kv, chosen, dtype, again);
        }
        try (Scope scope = Scope.open()) {
          for (int slot = 0; slot < slots; slot++) {
            compareKept(number, model, kv, slot, alone(chosen[slot], dtype));
          }
        }
      }
    }

    private static boolean allOf(boolean[] flags, int count) {
      for (int i = 0; i < count; i++) {
        if (!flags[i]) {
          return false;
        }
      }
      return true;
    }

    /** Starts a slot from what another has of the same beginning. */
    private void reuse(
        ContiguousKvStore kv, int[] chosen, int slot, int slots, RandomGenerator random) {
      int other = random.nextInt(slots);
      int[] ids = sequences.get(chosen[slot]);
      int[] others = sequences.get(chosen[other]);
      int most = Math.min(kv.length(other), ids.length - 1);
      int same = Arrays.mismatch(ids, 0, most, others, 0, most);
      int common = same < 0 ? most : same;
      if (other != slot && common > 0) {
        kv.copy(other, slot);
        kv.truncate(slot, 1 + random.nextInt(common));
      }
    }

    private void pass(
        int number,
        int which,
        Batch batch,
        ContiguousKvStore kv,
        int[] chosen,
        DType dtype,
        boolean[] again) {
      float[] found;
      boolean repeated = false;
      for (Batch.Sequence sequence : batch.sequences()) {
        repeated |= again[sequence.kv()];
      }
      try (Scope scope = Scope.open()) {
        found = models.get(which).forward(batch, kv).toFloats();
      }
      fault.apply(found, batch, which, repeated);
      for (Batch.Sequence sequence : batch.sequences()) {
        compareScores(
            number,
            found,
            sequence,
            batch.positions()[sequence.start()],
            alone(chosen[sequence.kv()], dtype).scores);
      }
    }

    private void packed(int number, RandomGenerator random, int which) {
      int rows = 1 + random.nextInt(2);
      int[] chosen = random.ints(rows * 2L, 0, SEQUENCES).toArray();
      int time = 0;
      for (int row = 0; row < rows; row++) {
        time =
            Math.max(
                time,
                sequences.get(chosen[2 * row]).length + sequences.get(chosen[2 * row + 1]).length);
      }
      int[] ids = new int[rows * time];
      int[] positions = new int[ids.length];
      int[] documents = new int[ids.length];
      List<Batch.Sequence> pieces = new ArrayList<>();
      for (int i = 0; i < ids.length; i++) {
        documents[i] = -1 - i / time;
        positions[i] = i % time;
      }
      for (int i = 0; i < chosen.length; i++) {
        int[] one = sequences.get(chosen[i]);
        int at = i / 2 * time + (i % 2 == 0 ? 0 : sequences.get(chosen[i - 1]).length);
        System.arraycopy(one, 0, ids, at, one.length);
        for (int j = 0; j < one.length; j++) {
          documents[at + j] = i;
          positions[at + j] = j;
        }
        pieces.add(new Batch.Sequence(at, one.length, i));
      }
      float[] found;
      Batch batch = Batch.packed(ids, positions, documents, rows, time);
      try (Scope scope = Scope.open()) {
        found = models.get(which).forward(batch, KvStore.none()).toFloats();
      }
      fault.apply(found, batch, which, false);
      for (Batch.Sequence piece : pieces) {
        compareScores(number, found, piece, 0, alone(chosen[piece.kv()], DType.F32).scores);
      }
    }

    private void compareScores(
        int number, float[] found, Batch.Sequence piece, int position, float[] expected) {
      int from = piece.start() * vocabulary;
      int length = piece.length() * vocabulary;
      int at = position * vocabulary;
      int other = firstOther(found, from, expected, at, length);
      scores += length;
      if (other >= 0) {
        note(
            "trial %d, position %d, token %d: %s instead of %s"
                .formatted(
                    number,
                    position + other / vocabulary,
                    other % vocabulary,
                    Float.toHexString(found[from + other]),
                    Float.toHexString(expected[at + other])));
      }
    }

    private void compareKept(
        int number, LanguageModel model, ContiguousKvStore kv, int slot, Alone expected) {
      List<float[]> found = keyValues(model, kv, slot);
      for (int i = 0; i < found.size(); i++) {
        float[] one = found.get(i);
        keyValues += one.length;
        if (one.length != expected.keyValues.get(i).length
            || firstOther(one, 0, expected.keyValues.get(i), 0, one.length) >= 0) {
          note("trial %d, %s of layer %d".formatted(number, i % 2 == 0 ? "keys" : "values", i / 2));
        }
      }
    }

    private void note(String difference) {
      mismatches++;
      if (firstDifference == null) {
        firstDifference = difference;
      }
    }

    private static int firstOther(float[] a, int from, float[] b, int at, int length) {
      for (int i = 0; i < length; i++) {
        if (Float.floatToRawIntBits(a[from + i]) != Float.floatToRawIntBits(b[at + i])) {
          return i;
        }
      }
      return -1;
    }

    private static int[] shuffled(int count, RandomGenerator random) {
      int[] order = new int[count];
      for (int i = 0; i < count; i++) {
        int j = random.nextInt(i + 1);
        order[i] = order[j];
        order[j] = i;
      }
      return order;
    }
  }
}
