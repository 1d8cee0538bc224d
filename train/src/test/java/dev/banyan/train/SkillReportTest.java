package dev.banyan.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.banyan.core.Interval;
import dev.banyan.core.Seed;
import dev.banyan.core.UserInputException;
import dev.banyan.train.evaluate.BitsPerByte;
import dev.banyan.world.Checker;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SkillReportTest {
  @Test
  void accuracyStandsBesideTheMostFrequentTrainingAnswer() {
    var questions = new ArrayList<SkillQuestion>();
    var answers = new ArrayList<String>();
    for (int i = 0; i < 100; i++) {
      String colour = i < 30 ? "red" : "blue" + i;
      questions.add(question("colour", colour));
      answers.add(i < 80 ? colour : "no");
      questions.add(question("shape", "round"));
      answers.add("square");
    }
    SkillReport report =
        SkillReport.of(
            questions, asked -> answers, Map.of("colour", "red", "shape", "round"), new Seed(1));

    assertThat(report.categories()).extracting("name").containsExactly("colour", "shape");
    SkillReport.Category colour = report.categories().getFirst();
    assertThat(colour.questions()).isEqualTo(100);
    assertThat(colour.accuracy().mean()).isEqualTo(0.8);
    assertThat(colour.baseline()).isEqualTo(0.3);
    assertThat(colour.above()).isTrue();
    assertThat(report.categories().getLast().above()).isFalse();
    assertThat(report.categoriesAbove()).isEqualTo(1);
    assertThat(report.mean().mean()).isCloseTo(0.4, within(1e-12));
    assertThat(report.baselineMean()).isCloseTo(0.65, within(1e-12));
  }

  @Test
  void aFewQuestionsAnsweredRightShowNothing() {
    // all right where the usual answer is wrong: 2 / 2^n is below 0.05 from six questions on
    for (int count = 1; count <= 8; count++) {
      var questions = java.util.Collections.nCopies(count, question("colour", "red"));
      var answers = java.util.Collections.nCopies(count, "red");
      SkillReport report =
          SkillReport.of(questions, answers, Map.of("colour", "blue"), new Seed(1));
      assertThat(report.categories().getFirst().lead().low()).isEqualTo(1);
      assertThat(report.categories().getFirst().signTest())
          .isCloseTo(2 / Math.pow(2, count), within(1e-12));
      assertThat(report.categoriesAbove()).as("%d questions", count).isEqualTo(count < 6 ? 0 : 1);
    }
  }

  @Test
  void theMostFrequentAnswerIsCountedPerCategory() {
    assertThat(
            SkillReport.mostFrequentAnswers(
                List.of(
                    question("a", "z"),
                    question("a", "y"),
                    question("a", "z"),
                    question("b", "tie2"),
                    question("b", "tie1"))))
        .isEqualTo(Map.of("a", "z", "b", "tie1"));
  }

  @Test
  void questionsAreReadWithTheirCheckers(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("skills.jsonl");
    Files.writeString(
        file,
        """
        {"category": "sum", "question": "2+2?", "answer": "4", "checker": {"type": "number", "value": 4}}
        {"category": "word", "question": "dog?", "answer": "hund"}
        """);
    List<SkillQuestion> questions = SkillQuestion.readAll(file);

    assertThat(questions.getFirst().checker().grade("it is 4.0")).isTrue();
    assertThat(questions.getLast().checker().grade("Hund.")).isTrue();
    assertThat(questions.getLast().checker().grade("katze")).isFalse();

    Files.writeString(file, "{\"category\": \"x\", \"question\": \"?\"}\n");
    assertThatThrownBy(() -> SkillQuestion.readAll(file))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining("skills.jsonl:1")
        .hasMessageContaining("answer");
  }

  @Test
  void bitsPerByteWeighsDocumentsByTheirBytes() {
    var documents =
        List.of(
            new BitsPerByte.Document(100, 100),
            new BitsPerByte.Document(600, 300),
            new BitsPerByte.Document(10, 10));
    Interval interval = BitsPerByte.of(documents, new Seed(1));

    assertThat(interval.mean()).isCloseTo(710.0 / 410, within(1e-12));
    assertThat(interval.low()).isGreaterThanOrEqualTo(1).isLessThan(interval.mean());
    assertThat(interval.high()).isLessThanOrEqualTo(2).isGreaterThan(interval.mean());
    assertThat(BitsPerByte.ratio(documents, documents, new Seed(1)))
        .isEqualTo(new Interval(1, 1, 1));
  }

  private static SkillQuestion question(String category, String answer) {
    return new SkillQuestion(category, "?", answer, new Checker.Exact(answer));
  }
}
