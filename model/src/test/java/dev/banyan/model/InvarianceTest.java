package dev.banyan.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banyan.core.Seed;
import dev.banyan.model.Invariance.Freedom;
import dev.banyan.tensor.Guard;
import dev.banyan.tensor.Libtorch;
import dev.banyan.tensor.Scope;
import dev.banyan.weights.StoredType;
import dev.banyan.weights.config.ModelConfig;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class InvarianceTest {
  private static final List<Freedom> ALL = Arrays.asList(Freedom.values());

  @TempDir Path temp;
  private final List<LanguageModel> models = new ArrayList<>();

  @AfterEach
  void close() {
    models.forEach(LanguageModel::close);
    Libtorch.start(Libtorch.Use.INFERENCE, 1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"llama-gqa", "llama-headdim", "qwen2-window", "qwen3", "mixtral", "qwen2-moe"})
  void scoresAndKeysDependOnTheTokensBeforeAlone(String name) {
    open(Oracle.folder(name), Opening.exact());
    var found = Invariance.of(models, 40, 45, ALL, new Seed(1));
    assertThat(found.firstDifference()).isNull();
    assertThat(found.scores()).isGreaterThan(40L * 199);
    assertThat(found.keyValues()).isGreaterThan(10_000);
  }

  @ParameterizedTest
  @EnumSource(
      value = StoredType.class,
      names = {"F32", "F16", "BF16"})
  void soTheyDoForEveryTypeOfWeight(StoredType type) {
    open(fresh(type), Opening.exact());
    assertThat(Invariance.of(models, 40, 60, ALL, new Seed(2)).firstDifference()).isNull();
  }

  @Test
  void soTheyDoWithRoundedWeights() {
    open(fresh(StoredType.BF16), Opening.exact().rounded());
    assertThat(Invariance.of(models, 40, 60, ALL, new Seed(3)).firstDifference()).isNull();
  }

  @ParameterizedTest
  @EnumSource(
      value = Freedom.class,
      names = {"CHUNKS", "PREFIX_REUSE", "RECOMPUTE", "PACKING"})
  void libtorchsOrderOfSumsIsFoundOut(Freedom freedom) {
    open(fresh(StoredType.F32), Opening.fast());
    List<Freedom> freedoms =
        freedom == Freedom.PREFIX_REUSE ? List.of(freedom, Freedom.BATCHES) : List.of(freedom);
    assertThat(Invariance.of(models, 40, 60, freedoms, new Seed(4)).differing()).isPositive();
  }

  @Test
  void theLastBitOfOneScoreIsFoundOutWhateverItDependsOn() {
    open(fresh(StoredType.BF16), Opening.exact());
    assertFound(
        Freedom.BATCHES, (s, batch, model, again) -> nudge(s, batch.sequences().size() > 1));
    assertFound(Freedom.CHUNKS, (s, batch, model, again) -> nudge(s, batch.positions()[0] > 0));
    // without chunks a piece begins past 0 only on keys of another sequence
    assertFound(
        List.of(Freedom.BATCHES, Freedom.PREFIX_REUSE),
        (s, batch, model, again) -> nudge(s, begunLate(batch)));
    assertFound(Freedom.RECOMPUTE, (s, batch, model, again) -> nudge(s, again));
    assertFound(Freedom.THREADS, (s, batch, model, again) -> nudge(s, model > 0));
    assertFound(Freedom.PACKING, (s, batch, model, again) -> nudge(s, batch.packing() != null));
  }

  private void assertFound(Freedom freedom, Invariance.Fault fault) {
    assertFound(List.of(freedom), fault);
  }

  private void assertFound(List<Freedom> freedoms, Invariance.Fault fault) {
    assertThat(Invariance.of(models, 30, 30, freedoms, new Seed(5)).holds()).isTrue();
    var found = Invariance.of(models, 30, 30, freedoms, new Seed(5), fault);
    assertThat(found.differing()).as("%s", freedoms).isPositive();
    assertThat(found.firstDifference()).contains("position");
  }

  private static boolean begunLate(Batch batch) {
    return batch.sequences().stream().anyMatch(piece -> batch.positions()[piece.start()] > 0);
  }

  private static void nudge(float[] scores, boolean when) {
    if (when) {
      scores[0] = Math.nextUp(scores[0]);
    }
  }

  @Test
  void sampledAnswersAreTheSameAloneTogetherAndOnAnyNumberOfThreads() {
    open(fresh(StoredType.BF16), Opening.exact());
    var random = new Seed(7).stream("prompts");
    List<Generator.Request> requests = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      int[] prompt = random.ints(1 + random.nextInt(30), 0, 300).toArray();
      requests.add(
          new Generator.Request(
              prompt, Sampling.atTemperature(1.5), 20, Set.of(), List.of(), new Seed(i)));
    }
    List<Completion> together = new Generator(models.get(2), null).generateAll(requests, 5);
    assertThat(new Generator(models.get(1), null).generateAll(requests, 12)).isEqualTo(together);
    assertThat(new Generator(models.get(0), null).generateAll(requests, 1)).isEqualTo(together);
  }

  @Test
  void howWeightsAreStoredMakesNoDifferenceWhereTheValuesAreEqual() {
    Path narrow = fresh(StoredType.BF16);
    Path wide = temp.resolve("wide");
    try (var model = LanguageModel.openTrainable(narrow, Precision.F32)) {
      model.save(wide);
    }
    open(narrow, Opening.exact());
    open(wide, Opening.exact());
    int[] ids = new Seed(6).stream("ids").ints(50, 0, 300).toArray();
    List<float[]> scores = new ArrayList<>();
    for (LanguageModel model : List.of(models.getFirst(), models.getLast())) {
      try (Scope scope = Scope.open();
          Guard guard = Guard.noGrad()) {
        scores.add(model.forward(Batch.of(ids), KvStore.none()).toFloats());
      }
    }
    assertThat(scores.get(0)).containsExactly(scores.get(1));
  }

  /** The model with one, two and three threads. */
  private void open(Path folder, Opening opening) {
    for (int threads = 1; threads <= 3; threads++) {
      Libtorch.start(Libtorch.Use.INFERENCE, threads);
      LanguageModel model = LanguageModel.open(folder, opening);
      try (Scope scope = Scope.open();
          Guard guard = Guard.noGrad()) {
        assertThat(model.forward(Batch.of(1), KvStore.none()).count()).isPositive();
      }
      models.add(model);
    }
  }

  /** Heads of 24, widths that are no multiple of a vector. */
  private Path fresh(StoredType type) {
    String json =
        """
        {"model_type": "qwen3", "vocab_size": 300, "hidden_size": 72, "intermediate_size": 100,
         "num_hidden_layers": 2, "num_attention_heads": 6, "num_key_value_heads": 2, "head_dim": 24,
         "max_position_embeddings": 128, "initializer_range": 0.2}
        """;
    var config = ModelConfig.parse("small", json.getBytes(StandardCharsets.UTF_8));
    Path folder = temp.resolve("fresh");
    try (var model = LanguageModel.create(config, new Seed(6), Precision.F32)) {
      model.save(folder, type, companions -> {});
    }
    return folder;
  }
}
