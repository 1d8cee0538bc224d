package dev.banyan.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banyan.core.Progress;
import dev.banyan.core.Seed;
import dev.banyan.core.UserInputException;
import dev.banyan.model.BpeTrainer;
import dev.banyan.model.LanguageModel;
import dev.banyan.tensor.Libtorch;
import dev.banyan.train.checkpoint.TrainerState;
import dev.banyan.weights.SafetensorsFile;
import dev.banyan.weights.StoredTensor;
import dev.banyan.weights.StoredType;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TrainerTest {
  @TempDir private Path folder;

  @BeforeAll
  static void oneThread() {
    Libtorch.start(Libtorch.Use.INFERENCE, 1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"f32", "bf16"})
  void aRunInterruptedAgainAndAgainEndsWithTheSameBytes(String precision) throws IOException {
    TinyRun run =
        TinyRun.texts(folder).with("precision", precision).with("rows", 2).with("steps", 30);
    Trainer.run(run.into("straight").config(), Progress.none());

    TinyRun broken = run.into("broken");
    RandomGenerator random = new Seed(5).stream("interruptions");
    for (int step = 2; step < 30; step += 1 + random.nextInt(9)) {
      interruptAt(broken, step);
    }
    TrainResult result = Trainer.run(broken.config(), Progress.none());

    assertThat(result.resumedAt()).isBetween(16L, 28L);
    assertThat(result.steps()).isEqualTo(30);
    Runs.requireSame(broken.out(), folder.resolve("straight"));
  }

  @Test
  void answersInMicroBatchesAndShardsGoOnTheSameWayOnOneThreadOrTwo() throws IOException {
    TinyRun run = TinyRun.chats(folder).with("accumulate", 2).with("shards", 2);
    Trainer.run(run.into("straight").with("threads", 1).config(), Progress.none());

    TinyRun broken = run.into("broken").with("threads", 2);
    interruptAt(broken, 7);
    interruptAt(broken, 13);
    TrainResult result = Trainer.run(broken.config(), Progress.none());

    assertThat(result.resumedAt()).isEqualTo(12);
    assertThat(result.learnedTokens()).isLessThan(20 * 2 * 4 * 48 / 2);
    Runs.requireSame(broken.out(), folder.resolve("straight"));
  }

  @ParameterizedTest
  @CsvSource({
    "rows, 8, rows",
    "length, 32, length",
    "seed, 2, seed",
    "learning-rate, 0.02, schedule",
    "steps, 22, schedule",
    "weight-decay, 0, optimizer",
    "hidden, 64, model",
    "precision, bf16, precision",
    "shuffle, false, shuffle",
    "data, other.jsonl, data",
    "tokenizer, other, tokenizer"
  })
  void anotherRecipeInTheSameFolderIsRefusedByItsName(String key, String value, String named)
      throws IOException {
    TinyRun run = TinyRun.texts(folder);
    interruptAt(run, 6);
    Files.writeString(folder.resolve("other.jsonl"), "{\"text\": \"other text\"}\n");
    BpeTrainer.train(
            List.of("another tokenizer").iterator(),
            BpeTrainer.Options.of(290, ChatFormat.SPECIAL_TOKENS))
        .write(folder.resolve("other"), ChatFormat.ROLES);
    List<String> before = Runs.names(run.out());
    boolean path = value.startsWith("other");
    TinyRun changed = run.with(key, path ? folder.resolve(value).toString() : value);

    assertThatThrownBy(() -> Trainer.run(changed.config(), Progress.none()))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining("holds a run with " + named + " ")
        .hasMessageContaining("another out");
    assertThat(Runs.names(run.out())).isEqualTo(before);
  }

  @Test
  void aTokenizerOfAnyNameEndsInTheModelUnderItsStandardName() throws IOException {
    TinyRun run = TinyRun.texts(folder).with("steps", 1);
    Path file = folder.resolve("tokenizer").resolve("tokenizer.json");
    Path renamed = Files.move(file, file.resolveSibling("mine.json"));
    Path model =
        Trainer.run(run.with("tokenizer", renamed.toString()).config(), Progress.none()).model();
    assertThat(model.resolve("tokenizer.json")).hasSameBinaryContentAs(renamed);
    assertThat(model.resolve("tokenizer_config.json")).exists();
  }

  @Test
  void aCheckpointOfAnotherVersionIsRefused() throws IOException {
    TinyRun run = TinyRun.texts(folder);
    interruptAt(run, 6);
    Path state = run.out().resolve("checkpoint-4").resolve("trainer_state.json");
    String text = Files.readString(state);
    assertThat(text).contains("\"version\" : 1,");
    Files.writeString(state, text.replace("\"version\" : 1,", "\"version\" : 2,"));
    assertThatThrownBy(() -> Trainer.run(run.config(), Progress.none()))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining("trainer_state.json: is of version 2");
  }

  @Test
  void aModelThatNoRunWroteIsNotReplaced() throws IOException {
    TinyRun made = TinyRun.texts(folder).into("made").with("steps", 2);
    Trainer.run(made.config(), Progress.none());
    TinyRun run = made.into("run");
    Path model = run.out().resolve("model");
    Files.createDirectories(run.out());
    Files.move(made.out().resolve("model"), model);
    Files.delete(model.resolve(TrainerState.FILE));
    byte[] weights = Files.readAllBytes(model.resolve("model.safetensors"));

    for (TinyRun one : List.of(run, run.with("start", model.toString()))) {
      for (boolean anew : new boolean[] {false, true}) {
        assertThatThrownBy(
                () -> {
                  if (anew) {
                    Trainer.runAnew(one.config(), Progress.none());
                  } else {
                    Trainer.run(one.config(), Progress.none());
                  }
                })
            .isInstanceOf(UserInputException.class)
            .hasMessageContaining(model.toString())
            .hasMessageContaining("not written by a run");
      }
    }
    assertThat(model.resolve("model.safetensors")).hasBinaryContent(weights);
    assertThat(Runs.names(run.out())).containsExactly("model"); // not a step was made
  }

  @Test
  void otherRolesOfTheSameTokensAreAnotherRecipe() throws IOException {
    TinyRun run = TinyRun.texts(folder);
    interruptAt(run, 6);
    Path roles = folder.resolve("tokenizer/tokenizer_config.json");
    Files.writeString(roles, Files.readString(roles).replace("<|begin|>", "<|user|>"));

    assertThatThrownBy(() -> Trainer.run(run.config(), Progress.none()))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining("holds a run with tokenizer ");
  }

  @Test
  void aStartModelWithOtherWeightsIsAnotherRecipe() throws IOException {
    TinyRun first = TinyRun.texts(folder).into("first").with("steps", 2);
    Trainer.run(first.config(), Progress.none());
    Trainer.run(first.into("second").with("seed", 2).config(), Progress.none());
    TinyRun tuned = first.into("tuned");
    Trainer.run(
        tuned.with("start", first.out().resolve("model").toString()).config(), Progress.none());
    TinyRun other = tuned.with("start", folder.resolve("second/model").toString());

    assertThatThrownBy(() -> Trainer.run(other.config(), Progress.none()))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining("holds a run with model ");
    assertThat(Trainer.runAnew(other.config(), Progress.none()).resumedAt()).isZero();
  }

  @Test
  void whatChangesNothingButSpeedAndKeepingMayChange() throws IOException {
    TinyRun run = TinyRun.texts(folder).with("shards", 2);
    Trainer.run(run.into("straight").config(), Progress.none());
    TinyRun broken = run.into("broken");
    interruptAt(broken.with("checkpoint-every", 3).with("keep", 1), 11);

    TrainResult result = Trainer.run(broken.with("threads", 2).config(), Progress.none());

    assertThat(result.resumedAt()).isEqualTo(9);
    assertThat(Runs.metrics(broken.out())).isEqualTo(Runs.metrics(folder.resolve("straight")));
  }

  @Test
  void aFinishedRunReturnsAtOnce() throws IOException {
    TinyRun run = TinyRun.texts(folder);
    TrainResult first = Trainer.run(run.config(), Progress.none());
    byte[] metrics = Files.readAllBytes(run.out().resolve("metrics.jsonl"));
    var written = Files.getLastModifiedTime(first.model().resolve("model.safetensors"));

    TrainResult again = Trainer.run(run.config(), Progress.none());

    assertThat(again.resumedAt()).isEqualTo(20);
    assertThat(again.seconds()).isZero();
    assertThat(again.loss()).isEqualTo(first.loss());
    assertThat(again.parameters()).isEqualTo(first.parameters());
    assertThat(again.learnedTokens()).isEqualTo(first.learnedTokens());
    assertThat(Files.readAllBytes(run.out().resolve("metrics.jsonl"))).isEqualTo(metrics);
    assertThat(Files.getLastModifiedTime(again.model().resolve("model.safetensors")))
        .isEqualTo(written);
  }

  @Test
  void aCheckpointIsAModelFolderWithMomentsAndState() throws IOException {
    TinyRun run = TinyRun.texts(folder).with("steps", 14);
    Trainer.run(run.config(), Progress.none());

    assertThat(Runs.names(run.out()))
        .containsExactly("checkpoint-12", "checkpoint-8", "metrics.jsonl", "model", "tensorboard");
    Path checkpoint = run.out().resolve("checkpoint-12");
    assertThat(Runs.names(checkpoint))
        .contains(
            "config.json",
            "model.safetensors",
            "optimizer.safetensors",
            "tokenizer.json",
            "trainer_state.json");
    assertThat(Runs.names(run.out().resolve("model"))).doesNotContain("optimizer.safetensors");
    try (SafetensorsFile weights = SafetensorsFile.open(checkpoint.resolve("model.safetensors"));
        SafetensorsFile moments =
            SafetensorsFile.open(checkpoint.resolve("optimizer.safetensors"))) {
      var expected = new TreeSet<String>();
      for (String name : weights.header().tensors().keySet()) {
        StoredTensor weight = weights.tensor(name);
        assertThat(weight.type()).isEqualTo(StoredType.F32);
        for (String moment : List.of(".exp_avg", ".exp_avg_sq")) {
          expected.add(name + moment);
          StoredTensor stored = moments.tensor(name + moment);
          assertThat(stored.type()).isEqualTo(StoredType.F32);
          assertThat(stored.shape()).isEqualTo(weight.shape());
          float[] values = stored.toFloats();
          assertThat(values).doesNotContain(Float.NaN);
          assertThat(values).as("a moment that moved").isNotEqualTo(new float[values.length]);
        }
      }
      expected.add("step");
      assertThat(moments.header().tensors().keySet()).isEqualTo(expected);
      assertThat(moments.tensor("step").type()).isEqualTo(StoredType.I64);
      assertThat(moments.tensor("step").longAt(0)).isEqualTo(12);
    }
    assertThat(TrainerState.read(checkpoint).step()).isEqualTo(12);
  }

  @Test
  void aHalfRemovedCheckpointIsIgnoredAndGoesAwayInTime() throws IOException {
    TinyRun run = TinyRun.texts(folder);
    Trainer.run(run.into("straight").config(), Progress.none());
    TinyRun broken = run.into("broken");
    interruptAt(broken, 14);
    Files.delete(broken.out().resolve("checkpoint-12/trainer_state.json"));
    Files.createDirectories(broken.out().resolve("checkpoint-4"));

    assertThat(Trainer.run(broken.config(), Progress.none()).resumedAt()).isEqualTo(8);

    Runs.requireSame(broken.out(), folder.resolve("straight"));
  }

  @Test
  void aTruncatedCheckpointIsRefusedByItsFile() throws IOException {
    for (String name : List.of("optimizer.safetensors", "model.safetensors")) {
      TinyRun run = TinyRun.texts(folder).into(name);
      interruptAt(run, 6);
      try (var file =
          new RandomAccessFile(run.out().resolve("checkpoint-4").resolve(name).toFile(), "rw")) {
        file.setLength(file.length() - 100);
      }
      assertThatThrownBy(() -> Trainer.run(run.config(), Progress.none()))
          .isInstanceOf(UserInputException.class)
          .hasMessageContaining(name);
    }
    TinyRun run = TinyRun.texts(folder).into("state");
    interruptAt(run, 6);
    Files.writeString(run.out().resolve("checkpoint-4/trainer_state.json"), "{\"version\": 1,");
    assertThatThrownBy(() -> Trainer.run(run.config(), Progress.none()))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining("trainer_state.json:1");
  }

  @Test
  void anAbsurdLearningRateStopsWithTheLastGoodCheckpointKept() throws IOException {
    // the rate rises from step to step until nothing is learned any more
    TinyRun run =
        TinyRun.texts(folder)
            .with("steps", 500)
            .with("warmup", 1)
            .with("learning-rate", 20)
            .with("checkpoint-every", 5)
            .with("keep", 1);

    TrainResult result = Trainer.run(run.config(), Progress.none());

    assertThat(result.stopped()).isPresent();
    assertThat(result.steps()).isLessThan(500);
    TrainerState kept = TrainerState.read(result.model());
    assertThat(kept.stepsAbove()).isZero();
    assertThat(kept.smoothedLoss()).isLessThan(kept.bestLoss() + 1.5);
    assertThat(result.steps() - kept.step()).as("steps since it was good").isGreaterThan(40);
    assertThat(run.out().resolve("model")).doesNotExist();
    LanguageModel.open(result.model()).close();
    TrainResult again = Trainer.run(run.config(), Progress.none());
    assertThat(again.stopped()).isEqualTo(result.stopped());
    assertThat(again.steps()).isEqualTo(result.steps());
  }

  @Test
  void aModelThatGivesNoNumberStopsBeforeItsFirstUpdate() throws IOException {
    TinyRun run = TinyRun.texts(folder).into("sound").with("steps", 1);
    Path model = Trainer.run(run.config(), Progress.none()).model();
    Path weights = model.resolve("model.safetensors");
    long offset;
    try (SafetensorsFile file = SafetensorsFile.open(weights)) {
      offset = file.tensor("model.norm.weight").offset();
    }
    try (var file = new RandomAccessFile(weights.toFile(), "rw")) {
      file.seek(offset);
      file.write(new byte[] {0, 0, (byte) 0xc0, 0x7f}); // NaN, little endian
    }
    TinyRun broken = run.into("broken").with("start", model.toString());

    TrainResult result = Trainer.run(broken.config(), Progress.none());

    assertThat(result.stopped().orElse("")).contains("loss is NaN");
    assertThat(result.steps()).isZero();
    assertThat(Runs.names(broken.out())).containsExactly("metrics.jsonl", "tensorboard");
  }

  @Test
  void whatFollowsFromTheTextIsLearned() {
    // what comes after the first word is certain: no untrained model is near 0.1 nats
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      texts.add((i + " one two three four five six seven eight nine ten ").repeat(3));
    }
    TinyRun run =
        TinyRun.ofTexts(folder, texts)
            .with("steps", 150)
            .with("rows", 8)
            .with("checkpoint-every", 0);

    TrainResult result = Trainer.run(run.config(), Progress.none());

    assertThat(result.loss()).isLessThan(0.25);
    double[] losses = TrainingCurve.read(run.out().resolve("metrics.jsonl")).losses();
    assertThat(losses[0]).isBetween(5.0, 6.5); // ln 300 = 5.7
    assertThat(losses[losses.length - 1]).isLessThan(0.2);
  }

  @Test
  void aTokenizerOfAnotherModelIsRefused() {
    TinyRun run = TinyRun.texts(folder).into("first").with("steps", 1);
    String model = Trainer.run(run.config(), Progress.none()).model().toString();
    List<String> words = new ArrayList<>();
    for (int i = 0; i < 3000; i++) {
      words.add("word" + i % 70);
    }
    BpeTrainer.train(words.iterator(), BpeTrainer.Options.of(330, ChatFormat.SPECIAL_TOKENS))
        .write(folder.resolve("larger"), ChatFormat.ROLES);
    TinyRun second = run.into("second").with("start", model);
    TinyRun wrong = second.with("tokenizer", folder.resolve("larger").toString());

    assertThatThrownBy(() -> Trainer.run(wrong.config(), Progress.none()))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining("vocab_size");
    assertThatThrownBy(() -> Trainer.run(second.with("length", 64).config(), Progress.none()))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining("length is 64")
        .hasMessageContaining("48 positions");
    assertThat(second.out()).doesNotExist();
  }

  @Test
  void aFileInPlaceOfTheRunsFolderIsRefusedUntouched() throws IOException {
    TinyRun run = TinyRun.texts(folder);
    Files.writeString(run.out(), "mine");

    assertThatThrownBy(() -> Trainer.run(run.config(), Progress.none()))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining("is a file");
    assertThat(run.out()).hasContent("mine");
  }

  @Test
  void timingStepsWritesNothing() {
    TinyRun run = TinyRun.texts(folder);

    assertThat(Trainer.secondsPerStep(run.config(), 3)).isPositive();
    assertThat(run.out()).doesNotExist();
  }

  /** Somebody pulls the plug after a step. */
  private static final class Interrupted extends RuntimeException {}

  private static void interruptAt(TinyRun run, int step) {
    assertThatThrownBy(
            () ->
                Trainer.run(
                    run.config(),
                    new Progress() {
                      @Override
                      public void step(long done, String note) {
                        if (done >= step) {
                          throw new Interrupted();
                        }
                      }

                      @Override
                      public void close() {}
                    }))
        .isInstanceOf(Interrupted.class);
  }
}
