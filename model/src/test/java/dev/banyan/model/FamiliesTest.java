package dev.banyan.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banyan.tensor.DType;
import dev.banyan.tensor.Guard;
import dev.banyan.tensor.Libtorch;
import dev.banyan.tensor.Scope;
import dev.banyan.tensor.Tensor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every family against what transformers 5.18 computes in f32. */
class FamiliesTest {
  @BeforeAll
  static void oneThread() {
    Libtorch.start(
        Libtorch.Use.INFERENCE, 1); // threads only get in each other's way on tiny models
  }

  private static final double TOLERANCE = 5e-5;

  @TempDir Path temp;

  /**
   * The oracles of the two folders stored as bf16 were recorded after {@code model.to(bfloat16)},
   * which also rounded the rotary frequencies.
   */
  static Stream<Arguments> modelsInBothModes() {
    return Oracle.MODELS.stream()
        .flatMap(name -> Arrays.stream(Mode.values()).map(mode -> Arguments.of(name, mode)));
  }

  private static LanguageModel open(String name, Mode mode) {
    Opening opening = mode == Mode.EXACT ? Opening.exact() : Opening.fast();
    return LanguageModel.open(Oracle.folder(name), opening.with(RotaryFrequencies.AS_STORED));
  }

  /** {@code interop/make_model_golden.py}: the same folders as from_pretrained loads them. */
  @ParameterizedTest
  @ValueSource(strings = {"mistral", "qwen2-moe"})
  void aFolderStoredAsBfloat16GivesWhatTransformersGivesAfterLoadingIt(String name) {
    Oracle loaded = Oracle.golden("/golden/from-pretrained-" + name + ".json");
    try (var model = LanguageModel.open(Oracle.folder(name));
        var scope = Scope.open();
        var guard = Guard.noGrad()) {
      float[] found = model.forward(Batch.of(loaded.ids()[0]), KvStore.none()).toFloats();
      assertThat(loaded.difference(0, found)).isLessThan(TOLERANCE);
    }
  }

  @ParameterizedTest
  @MethodSource("modelsInBothModes")
  void packedRowsGiveTheLogitsOfTransformers(String name, Mode mode) {
    Oracle oracle = Oracle.of(name);
    try (var model = open(name, mode);
        var scope = Scope.open();
        var guard = Guard.noGrad()) {
      int[][] ids = oracle.ids();
      Tensor logits = model.forward(Batch.rectangle(ids), KvStore.none());
      for (int row = 0; row < ids.length; row++) {
        int time = ids[row].length;
        float[] found = logits.narrow(0, (long) row * time, time).toFloats();
        assertThat(oracle.difference(row, found)).isLessThan(TOLERANCE);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("modelsInBothModes")
  void raggedPiecesThroughAKvStoreGiveTheSameLogits(String name, Mode mode) {
    Oracle oracle = Oracle.of(name);
    int[][] ids = oracle.ids();
    int[] cuts = {0, 7, 8, 9, 30, ids[0].length};
    try (var model = open(name, mode);
        var kv = new ContiguousKvStore(model.config(), 3, DType.F32);
        var scope = Scope.open();
        var guard = Guard.noGrad()) {
      var found = List.of(new ArrayList<float[]>(), new ArrayList<float[]>());
      for (int cut = 0; cut + 1 < cuts.length; cut++) {
        int from = cuts[cut];
        int length = cuts[cut + 1] - from;
        // row 1 lags one piece behind row 0, so that the pieces are of different length and past
        var pieces = new ArrayList<Batch.Piece>();
        pieces.add(new Batch.Piece(2, from, Arrays.copyOfRange(ids[0], from, from + length)));
        int lag = cut == 0 ? 0 : cuts[cut - 1];
        if (cut > 0) {
          pieces.add(new Batch.Piece(0, lag, Arrays.copyOfRange(ids[1], lag, from)));
        }
        Tensor logits = model.forward(Batch.ragged(pieces), kv);
        found.get(0).add(logits.narrow(0, 0, length).toFloats());
        if (cut > 0) {
          found.get(1).add(logits.narrow(0, length, from - lag).toFloats());
        }
      }
      assertThat(oracle.difference(0, joined(found.get(0)))).isLessThan(TOLERANCE);
      assertThat(kv.length(2)).isEqualTo(ids[0].length);
      int last = cuts[cuts.length - 2];
      assertThat(kv.length(0)).isEqualTo(last);
      Tensor rest =
          model.forward(
              Batch.ragged(
                  List.of(
                      new Batch.Piece(0, last, Arrays.copyOfRange(ids[1], last, ids[1].length)))),
              kv);
      found.get(1).add(rest.toFloats());
      assertThat(oracle.difference(1, joined(found.get(1)))).isLessThan(TOLERANCE);
    }
  }

  @ParameterizedTest
  @MethodSource("modelsInBothModes")
  void greedyDecodingOfBothRowsAtOnceGivesTheTokensOfTransformers(String name, Mode mode) {
    Oracle oracle = Oracle.of(name);
    int[][] ids = oracle.ids();
    try (var model = open(name, mode);
        var kv = new ContiguousKvStore(model.config(), 2, DType.F32);
        var guard = Guard.noGrad()) {
      List<List<Integer>> greedy = List.of(new ArrayList<>(), new ArrayList<>());
      Batch batch =
          Batch.ragged(List.of(new Batch.Piece(0, 0, ids[0]), new Batch.Piece(1, 0, ids[1])));
      for (int step = 0; step < 16; step++) {
        try (var scope = Scope.open()) {
          long[] next = model.forwardLast(batch, kv).argmax(1).toLongs();
          greedy.get(0).add((int) next[0]);
          greedy.get(1).add((int) next[1]);
          int position = ids[0].length + step;
          batch =
              Batch.ragged(
                  List.of(
                      new Batch.Piece(0, position, new int[] {(int) next[0]}),
                      new Batch.Piece(1, position, new int[] {(int) next[1]})));
        }
      }
      assertThat(greedy).isEqualTo(oracle.greedy());
    }
  }

  @ParameterizedTest
  @FieldSource("dev.banyan.model.Oracle#MODELS")
  void whatIsWrittenBackHasTheSameBytes(String name) throws Exception {
    try (var model = LanguageModel.open(Oracle.folder(name))) {
      model.save(temp.resolve("copy"));
    }
    try (var files = Files.list(Oracle.folder(name))) {
      for (Path file : files.filter(f -> !f.endsWith("oracle.json")).toList()) {
        assertThat(temp.resolve("copy").resolve(file.getFileName())).hasSameBinaryContentAs(file);
      }
    }
  }

  private static float[] joined(List<float[]> parts) {
    float[] all = new float[parts.stream().mapToInt(part -> part.length).sum()];
    int at = 0;
    for (float[] part : parts) {
      System.arraycopy(part, 0, all, at, part.length);
      at += part.length;
    }
    return all;
  }
}
