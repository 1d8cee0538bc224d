package dev.banyan.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banyan.core.Seed;
import dev.banyan.core.UserInputException;
import dev.banyan.tensor.Libtorch;
import dev.banyan.weights.config.ModelConfig;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

class GeneratorTest {
  @TempDir Path temp;

  @BeforeAll
  static void oneThread() {
    Libtorch.start(Libtorch.Use.INFERENCE, 1);
  }

  @ParameterizedTest
  @FieldSource("dev.banyan.model.Oracle#MODELS")
  void aRecordingOfTransformersHolds(String name) {
    var recording = Verification.Recording.read(Oracle.folder(name).resolve("oracle.json"));
    var found = Verification.of(Oracle.folder(name), recording, RotaryFrequencies.AS_STORED);
    assertThat(found.maxDifference()).isLessThan(5e-5);
    assertThat(found.firstGreedyDifference()).isNull();
    assertThat(found.logits()).isEqualTo(2 * 61 * 199);
  }

  @Test
  void aChangedRecordingIsFoundWithItsPlace() {
    var recording = Verification.Recording.read(Oracle.folder("qwen3").resolve("oracle.json"));
    recording.logits()[1][17][101] += 0.5f;
    recording.greedy()[0][3] += 1;
    var found = Verification.of(Oracle.folder("qwen3"), recording, RotaryFrequencies.EXACT);
    assertThat(found.maxDifference()).isBetween(0.4999, 0.5001);
    assertThat(List.of(found.row(), found.position(), found.token())).containsExactly(1, 17, 101);
    assertThat(found.firstGreedyDifference()).startsWith("row 0, new token 3: ");
    assertThat(found.holds(1)).isFalse();
  }

  @Test
  void answersDoNotDependOnTheirCompany() {
    try (var model = LanguageModel.create(config(), new Seed(6), Precision.F32)) {
      var generator = new Generator(model, null);
      var random = new Seed(7).stream("prompts");
      var requests = new ArrayList<Generator.Request>();
      for (int i = 0; i < 23; i++) {
        int[] prompt = random.ints(1 + random.nextInt(20), 0, 300).toArray();
        requests.add(
            new Generator.Request(
                prompt,
                i % 2 == 0 ? Sampling.greedy() : Sampling.atTemperature(2),
                1 + random.nextInt(12),
                Set.of(5, 6, 7, 8),
                List.of(),
                new Seed(i)));
      }
      List<Completion> together = generator.generateAll(requests, 5);
      for (int i = 0; i < requests.size(); i++) {
        assertThat(generator.generate(requests.get(i), text -> {}))
            .as("request %d", i)
            .isEqualTo(together.get(i));
      }
    }
  }

  @Test
  void theSameSeedAnswersTheSameAndAnotherSeedElse() {
    try (var model = LanguageModel.create(config(), new Seed(6), Precision.F32)) {
      var generator = new Generator(model, null);
      var answers = new HashSet<List<Integer>>();
      for (long seed : new long[] {1, 2, 3, 1}) {
        answers.add(
            generator
                .generate(
                    new Generator.Request(
                        new int[] {9},
                        Sampling.atTemperature(1),
                        20,
                        Set.of(),
                        List.of(),
                        new Seed(seed)),
                    text -> {})
                .ids());
      }
      assertThat(answers).hasSize(3);
    }
  }

  @Test
  void theTextThatIsStreamedIsTheTextOfTheAnswer() {
    Tokenizer tokenizer = tokenizer();
    try (var model = LanguageModel.create(config(), new Seed(6), Precision.F32)) {
      var generator = new Generator(model, tokenizer);
      for (int seed = 0; seed < 10; seed++) {
        var pieces = new ArrayList<String>();
        var request =
            new Generator.Request(
                tokenizer.encode("grün", false),
                Sampling.atTemperature(3),
                40,
                Set.of(),
                List.of(),
                new Seed(seed));
        Completion answer = generator.generate(request, pieces::add);
        assertThat(String.join("", pieces)).isEqualTo(answer.text());
        int[] ids = answer.ids().stream().mapToInt(Integer::intValue).toArray();
        assertThat(answer.text()).isEqualTo(tokenizer.decode(ids, true));
        assertThat(answer.finish()).isEqualTo(Completion.Finish.LENGTH);

        String stop = answer.text().substring(5, 8);
        Completion stopped =
            generator.generate(
                new Generator.Request(
                    request.prompt(),
                    request.sampling(),
                    40,
                    Set.of(),
                    List.of(stop),
                    request.seed()),
                text -> {});
        assertThat(stopped.finish()).isEqualTo(Completion.Finish.STOP_STRING);
        assertThat(stopped.text())
            .isEqualTo(answer.text().substring(0, answer.text().indexOf(stop)));
      }
    }
  }

  @Test
  void aTokenThatEndsAnswersEndsThem() {
    try (var model = LanguageModel.create(config(), new Seed(6), Precision.F32)) {
      var generator = new Generator(model, null);
      int[] prompt = {9, 10};
      Completion whole =
          generator.generate(Generator.Request.greedy(prompt, 12, Set.of()), t -> {});
      int end = whole.ids().get(4);
      Completion cut =
          generator.generate(Generator.Request.greedy(prompt, 12, Set.of(end)), t -> {});
      assertThat(cut.finish()).isEqualTo(Completion.Finish.STOP_ID);
      assertThat(cut.ids()).isEqualTo(whole.ids().subList(0, whole.ids().indexOf(end)));
    }
  }

  @Test
  void whatIsLongerThanTheModelTakesIsRefused() {
    try (var model = LanguageModel.create(config(), new Seed(6), Precision.F32)) {
      var request = Generator.Request.greedy(new int[100], 29, Set.of());
      assertThatThrownBy(() -> new Generator(model, null).generate(request, t -> {}))
          .isInstanceOf(UserInputException.class)
          .hasMessageContaining("100 tokens and 29 more")
          .hasMessageContaining("at most 28 tokens");
    }
  }

  @Test
  void theStoreGrowsAndTruncatesWithoutChangingAnswers() {
    try (var model = LanguageModel.create(config(), new Seed(6), Precision.F32);
        var kv = new ContiguousKvStore(model.config(), 2, dev.banyan.tensor.DType.F32);
        var scope = dev.banyan.tensor.Scope.open();
        var guard = dev.banyan.tensor.Guard.noGrad()) {
      int[] ids = new Seed(1).stream("ids").ints(120, 0, 300).toArray();
      float[] expected = model.forwardLast(Batch.of(ids), KvStore.none()).toFloats();
      model.forwardLast(Batch.ragged(List.of(new Batch.Piece(0, 0, Arrays.copyOf(ids, 110)))), kv);
      kv.truncate(0, 100);
      kv.copy(0, 1);
      for (int sequence : new int[] {0, 1}) {
        float[] found =
            model
                .forwardLast(
                    Batch.ragged(
                        List.of(new Batch.Piece(sequence, 100, Arrays.copyOfRange(ids, 100, 120)))),
                    kv)
                .toFloats();
        for (int i = 0; i < found.length; i++) {
          assertThat((double) found[i])
              .isCloseTo(expected[i], org.assertj.core.api.Assertions.within(1e-5));
        }
      }
      assertThatThrownBy(() -> kv.truncate(0, 121)).isInstanceOf(IllegalArgumentException.class);
    }
  }

  private Tokenizer tokenizer() {
    var text = new StringBuilder();
    var random = new Seed(2).stream("text");
    for (int i = 0; i < 400; i++) {
      text.append(
          List.of("grün ", "blau ", "日本 ", "😀", "tree ", "banyan ").get(random.nextInt(6)));
    }
    BpeTrainer.train(List.of(text.toString()).iterator(), BpeTrainer.Options.of(300, List.of()))
        .write(temp, TrainedBpe.Roles.none());
    return Tokenizer.open(temp);
  }

  private static ModelConfig config() {
    String json =
        """
        {"model_type": "qwen3", "vocab_size": 300, "hidden_size": 32, "intermediate_size": 48,
         "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 8,
         "max_position_embeddings": 128, "initializer_range": 0.2}
        """;
    return ModelConfig.parse("small", json.getBytes(StandardCharsets.UTF_8));
  }
}
