package dev.banyan.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.within;

import dev.banyan.core.Json;
import dev.banyan.core.Progress;
import dev.banyan.core.Seed;
import dev.banyan.core.UserInputException;
import dev.banyan.model.LanguageModel;
import dev.banyan.model.Tokenizer;
import dev.banyan.tensor.Libtorch;
import dev.banyan.world.Checker;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EvaluationTest {
  @TempDir private Path folder;

  @BeforeAll
  static void oneThread() {
    Libtorch.start(Libtorch.Use.INFERENCE, 1);
  }

  @Test
  void everyHeldOutTextCountsOnceAndLearnedOnesNotAtAll() throws IOException {
    TinyRun run = TinyRun.texts(folder).with("steps", 1);
    Path model = Trainer.run(run.config(), Progress.none()).model();
    String learned = "The red cat sees the old tree.";
    texts("learned.jsonl", learned, "The blue dog sees a river.");
    texts("held.jsonl", "One held out.", "One held out.", learned, "Another, held out é.");
    texts("same.jsonl", learned);

    Evaluation.Text found = text(model, "held.jsonl", Optional.of("learned.jsonl"));
    assertThat(found.documents()).isEqualTo(2);
    assertThat(found.duplicates()).isEqualTo(2);
    assertThat(found.bytes())
        .isEqualTo("One held out.".length() + "Another, held out é.".length() + 1);
    Evaluation.Rivals rivals = found.rivals().orElseThrow();
    assertThat(rivals.ratioToBytes().mean())
        .isCloseTo(found.bitsPerByte().mean() / rivals.bytes().mean(), within(1e-9));
    assertThat(rivals.ratioToTokens().mean())
        .isCloseTo(found.bitsPerByte().mean() / rivals.tokens().mean(), within(1e-9));

    Evaluation.Text without = text(model, "held.jsonl", Optional.empty());
    assertThat(without.documents()).isEqualTo(3);
    assertThat(without.rivals()).isEmpty();
    assertThatThrownBy(() -> text(model, "same.jsonl", Optional.of("learned.jsonl")))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining("stands in the training data");
  }

  @Test
  void aTrainedModelForetellsHeldOutTextBetterThanAFreshOne() {
    TinyRun run = TinyRun.texts(folder).with("rows", 8).with("checkpoint-every", 0);
    Path fresh = Trainer.run(run.into("fresh").with("steps", 1).config(), Progress.none()).model();
    Path trained =
        Trainer.run(run.into("trained").with("steps", 120).config(), Progress.none()).model();

    // of the same kind as the training text, though not of it
    texts(
        "held.jsonl",
        "The old river sees the red stone 41 times. The blue cat sees the old dog 7 times.");
    double before = text(fresh, "held.jsonl", Optional.empty()).bitsPerByte().mean();
    double after = text(trained, "held.jsonl", Optional.empty()).bitsPerByte().mean();
    assertThat(after).isLessThan(0.5 * before);
  }

  @Test
  void aModelThatLearnedItsQuestionsByHeartAnswersThem() throws IOException {
    String[][] said = {
      {"cat", "meow"}, {"dog", "woof"}, {"cow", "moo"}, {"hen", "cluck"},
      {"fox", "yap"}, {"owl", "hoot"}, {"bee", "buzz"}, {"ant", "tick"},
      {"eel", "splash"}, {"ram", "baa"}, {"pig", "oink"}, {"rat", "squeak"},
      {"bat", "chirp"}, {"ape", "whoop"}, {"cod", "gulp"}, {"elk", "bugle"}
    };
    List<SkillQuestion> questions = new ArrayList<>();
    List<String> lines = new ArrayList<>();
    List<String> words = new ArrayList<>();
    for (int i = 0; i < said.length; i++) {
      String question = "What does the " + said[i][0] + " say?";
      String answer = said[i][1];
      String category = i < 8 ? "first" : "second";
      questions.add(new SkillQuestion(category, question, answer, new Checker.Exact(answer)));
      lines.add(Json.mapper().writeValueAsString(Map.of("prompt", question, "completion", answer)));
      words.add(question + " " + answer);
    }
    TinyRun run = TinyRun.ofTexts(folder, words);
    Files.write(folder.resolve("data.jsonl"), lines);
    TrainConfig config =
        run.with("steps", 250).with("rows", 8).with("checkpoint-every", 0).config();
    Path model = Trainer.run(config, Progress.none()).model();

    try (LanguageModel learned = LanguageModel.open(model)) {
      Evaluation.Skills skills =
          Evaluation.skills(
              learned,
              Tokenizer.open(model),
              questions,
              questions.subList(0, 9),
              12,
              new Seed(1),
              Progress.none());
      assertThat(skills.answers()).allMatch(Evaluation.Answered::right);
      assertThat(skills.answers().getLast().answer()).isEqualTo("bugle");
      assertThat(skills.report().mean().mean()).isEqualTo(1);
      assertThat(skills.report().baselineMean()).isCloseTo(0.125, within(1e-12));
      assertThat(skills.report().categoriesAbove()).isEqualTo(2);

      String tooLong = "cat ".repeat(100);
      List<SkillQuestion> wrong =
          List.of(
              new SkillQuestion("none", tooLong, "meow", new Checker.Exact("meow")),
              new SkillQuestion(
                  "none", questions.getFirst().question(), "no", new Checker.Exact("no")));
      assertThat(
              Evaluation.skills(
                      learned,
                      Tokenizer.open(model),
                      wrong,
                      List.of(),
                      12,
                      new Seed(1),
                      Progress.none())
                  .answers())
          .extracting(Evaluation.Answered::answer, Evaluation.Answered::right)
          .containsExactly(tuple("", false), tuple("meow", false));
    }
  }

  private Evaluation.Text text(Path folderOfModel, String heldOut, Optional<String> training) {
    try (LanguageModel model = LanguageModel.open(folderOfModel);
        Corpus held = open(heldOut)) {
      Optional<Corpus> learned = training.map(this::open);
      try {
        return Evaluation.text(
            model,
            Tokenizer.open(folderOfModel),
            held,
            learned,
            3,
            2,
            new Seed(1),
            Progress.none());
      } finally {
        learned.ifPresent(Corpus::close);
      }
    }
  }

  private Corpus open(String name) {
    return Corpus.open(List.of(folder.resolve(name)), Corpus.Options.STRICT);
  }

  private void texts(String name, String... texts) {
    try {
      Files.write(
          folder.resolve(name),
          List.of(texts).stream()
              .map(text -> Json.mapper().writeValueAsString(Map.of("text", text)))
              .toList());
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
