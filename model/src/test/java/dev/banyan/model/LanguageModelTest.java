package dev.banyan.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.banyan.core.Seed;
import dev.banyan.core.UserInputException;
import dev.banyan.tensor.AdamW;
import dev.banyan.tensor.Guard;
import dev.banyan.tensor.Libtorch;
import dev.banyan.tensor.Scope;
import dev.banyan.tensor.Tensor;
import dev.banyan.weights.StoredType;
import dev.banyan.weights.config.ModelConfig;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class LanguageModelTest {
  @BeforeAll
  static void oneThread() {
    Libtorch.start(
        Libtorch.Use.INFERENCE, 1); // threads only get in each other's way on tiny models
  }

  @TempDir Path temp;

  static ModelConfig small() {
    String json =
        """
        {"model_type": "llama", "vocab_size": 61, "hidden_size": 32, "intermediate_size": 48,
         "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
         "max_position_embeddings": 64, "tie_word_embeddings": true}
        """;
    return ModelConfig.parse("small", json.getBytes(StandardCharsets.UTF_8));
  }

  @ParameterizedTest
  @EnumSource(Precision.class)
  void aFreshModelLearnsASequenceByHeart(Precision precision) {
    int[][] rows = new int[4][24];
    var random = new Seed(1).stream("rows");
    for (int[] row : rows) {
      for (int i = 0; i < row.length; i++) {
        row[i] = random.nextInt(61);
      }
    }
    try (var model = LanguageModel.create(small(), new Seed(11), precision);
        var optimizer =
            new AdamW(
                List.of(new AdamW.Group(new ArrayList<>(model.parameters().values()), 0.01)),
                new AdamW.Options(0.9, 0.95, 1e-8))) {
      double first = step(model, optimizer, rows);
      assertThat(first).isCloseTo(Math.log(61), within(0.3));
      double last = first;
      for (int i = 0; i < 120; i++) {
        last = step(model, optimizer, rows);
      }
      assertThat(last).isLessThan(0.1);
    }
  }

  private static double step(LanguageModel model, AdamW optimizer, int[][] rows) {
    try (Scope scope = Scope.open()) {
      optimizer.clearGradients();
      Tensor loss = NextTokens.loss(model, rows);
      loss.backward();
      optimizer.step(1e-2);
      return loss.item();
    }
  }

  @Test
  void theSameSeedGivesTheSameModelAndAnotherSeedAnother() {
    try (var one = LanguageModel.create(small(), new Seed(3), Precision.F32);
        var same = LanguageModel.create(small(), new Seed(3), Precision.F32);
        var other = LanguageModel.create(small(), new Seed(4), Precision.F32)) {
      String name = "model.layers.1.mlp.up_proj.weight";
      assertThat(floats(one, name)).isEqualTo(floats(same, name));
      assertThat(floats(one, name)).isNotEqualTo(floats(other, name));
      double squares = 0;
      for (float value : floats(one, name)) {
        squares += (double) value * value;
      }
      assertThat(Math.sqrt(squares / (48 * 32))).isCloseTo(0.02, within(0.001));
    }
  }

  @Test
  void aDocumentInAPackedRowGivesWhatItGivesAlone() {
    int[] ids = {5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
    int[] positions = {0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 5, 6};
    int[] documents = {1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2};
    try (var model = LanguageModel.create(small(), new Seed(5), Precision.F32);
        var scope = Scope.open();
        var guard = Guard.noGrad()) {
      Tensor packed = model.forward(Batch.packed(ids, positions, documents, 1, 12), KvStore.none());
      Tensor alone = model.forward(Batch.of(10, 11, 12, 13, 14, 15, 16), KvStore.none());
      assertClose(packed.narrow(0, 5, 7).toFloats(), alone.toFloats(), 1e-5);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"mistral", "qwen2-window"})
  void aWindowGivesWhatCuttingThePastGives(String name) {
    // with one windowed layer the logits of a token depend on the last 8 tokens only
    ModelConfig read = ModelConfig.read(Oracle.folder(name).resolve("config.json"));
    String json = read.toJson().replaceAll("\"num_hidden_layers\": 3", "\"num_hidden_layers\": 1");
    json =
        json.replaceAll(
            "(?s)\"layer_types\": \\[.*?\\]", "\"layer_types\": [\"sliding_attention\"]");
    ModelConfig config = ModelConfig.parse(name, json.getBytes(StandardCharsets.UTF_8));
    int[] ids = Oracle.of(name).ids()[0];
    try (var model = LanguageModel.create(config, new Seed(2), Precision.F32);
        var scope = Scope.open();
        var guard = Guard.noGrad()) {
      Tensor all = model.forward(Batch.of(ids), KvStore.none());
      for (int last : new int[] {7, 8, 20, 60}) {
        int from = Math.max(0, last - 7);
        int[] tail = java.util.Arrays.copyOfRange(ids, from, last + 1);
        Tensor cut =
            model.forwardLast(
                Batch.ragged(List.of(new Batch.Piece(0, from, tail))), KvStore.none());
        assertClose(cut.toFloats(), all.select(0, last).toFloats(), 1e-5);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = StoredType.class,
      names = {"F32", "BF16"})
  void aTrainedModelIsReadBackAsItWasWritten(StoredType type) throws Exception {
    Path folder = temp.resolve("model");
    try (var model = LanguageModel.create(small(), new Seed(8), Precision.F32)) {
      model.save(folder, type, files -> Files.writeString(files.resolve("note.txt"), "hi"));
      assertThat(folder.resolve("note.txt")).hasContent("hi");
      try (var read = LanguageModel.openTrainable(folder, Precision.F32)) {
        assertThat(read.config().type()).isEqualTo(type);
        for (String name : model.parameters().keySet()) {
          float[] expected = floats(model, name);
          if (type == StoredType.BF16) {
            for (int i = 0; i < expected.length; i++) {
              expected[i] = Float.intBitsToFloat(StoredType.toBfloat16(expected[i]) << 16);
            }
          }
          assertThat(floats(read, name)).as(name).isEqualTo(expected);
        }
      }
    }
  }

  @Test
  void aSaveThatFailsLeavesTheOldFolder() throws Exception {
    Path folder = temp.resolve("model");
    try (var model = LanguageModel.create(small(), new Seed(8), Precision.F32)) {
      model.save(folder);
      assertThatThrownBy(
              () ->
                  model.save(
                      folder,
                      StoredType.F32,
                      files -> {
                        throw new java.io.IOException("No space left on device");
                      }))
          .isInstanceOf(UserInputException.class)
          .hasMessageContaining("No space left on device");
    }
    try (var model = LanguageModel.open(folder);
        var files = Files.list(temp)) {
      assertThat(model.parameters()).isNotEmpty();
      assertThat(files).containsExactly(folder);
    }
  }

  @Test
  void bfloat16ArithmeticIsCloseToF32() {
    try (var exact = LanguageModel.open(Oracle.folder("mistral"));
        var rounded = LanguageModel.open(Oracle.folder("mistral"), Precision.BF16);
        var scope = Scope.open();
        var guard = Guard.noGrad()) {
      Batch batch = Batch.of(Oracle.of("mistral").ids()[0]);
      float[] expected = exact.forward(batch, KvStore.none()).toFloats();
      float[] found = rounded.forward(batch, KvStore.none()).toFloats();
      double squares = 0;
      double differences = 0;
      for (int i = 0; i < expected.length; i++) {
        squares += expected[i] * expected[i];
        differences += (expected[i] - found[i]) * (expected[i] - found[i]);
      }
      assertThat(Math.sqrt(differences / squares)).isBetween(1e-4, 2e-2);
    }
  }

  @Test
  void aReplicaOfAnOpenedModelSharesItsConvertedMatricesAndItsFrequencies() {
    Path folder = temp.resolve("model");
    try (var made = LanguageModel.create(small(), new Seed(8), Precision.F32)) {
      made.save(folder, StoredType.BF16, files -> {});
    }
    Batch batch = Batch.of(java.util.stream.IntStream.range(0, 60).toArray());
    List<float[]> logits = new ArrayList<>();
    for (RotaryFrequencies frequencies : RotaryFrequencies.values()) {
      try (var model = LanguageModel.open(folder, Opening.fast().with(frequencies));
          var replica = model.replica();
          var second = replica.replica();
          var scope = Scope.open();
          var guard = Guard.noGrad()) {
        logits.add(model.forward(batch, KvStore.none()).toFloats());
        assertThat(replica.forward(batch, KvStore.none()).toFloats()).isEqualTo(logits.getLast());
        assertThat(second.forward(batch, KvStore.none()).toFloats()).isEqualTo(logits.getLast());
        assertThat(model.convertedMatrices()).isPositive();
        assertThat(replica.convertedMatrices()).isZero();
        assertThat(second.convertedMatrices()).isZero();
      }
    }
    assertThat(logits.getFirst()).isNotEqualTo(logits.getLast()); // the frequencies do differ
  }

  @Test
  void aTokenOutsideTheVocabularyIsRefused() {
    try (var model = LanguageModel.create(small(), new Seed(1), Precision.F32);
        var scope = Scope.open()) {
      assertThatThrownBy(() -> model.forward(Batch.of(3, 61), KvStore.none()))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("token id 61 is not in the vocabulary of 61");
    }
  }

  @Test
  void aModelThatIsClosedAfterARefusalLeavesNothingOpen() {
    assertThatThrownBy(() -> LanguageModel.open(temp))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining("config.json");
  }

  private static float[] floats(LanguageModel model, String name) {
    try (Scope scope = Scope.open()) {
      return java.util.Objects.requireNonNull(model.parameters().get(name)).toFloats();
    }
  }

  private static void assertClose(float[] found, float[] expected, double tolerance) {
    assertThat(found).hasSameSizeAs(expected);
    for (int i = 0; i < found.length; i++) {
      assertThat((double) found[i]).isCloseTo(expected[i], within(tolerance));
    }
  }
}
