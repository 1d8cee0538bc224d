package dev.banyan.world;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banyan.core.Json;
import dev.banyan.core.Seed;
import dev.banyan.core.UserInputException;
import java.math.BigDecimal;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CheckerTest {
  private static final List<Checker> ALL =
      List.of(
          new Checker.Exact("the Red lamp"),
          new Checker.Numeric(new BigDecimal("68")),
          new Checker.OneOf(List.of("lamp", "the lamp")),
          new Checker.Contains(List.of("New Holm")),
          new Checker.Items(List.of("3", "1", "2"), true),
          new Checker.Items(List.of("a", "b"), false));

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "68|true", "68.0|true", "68.|true", "it is 68|true", "23 + 45 = 68|true",
        "60 + 5 = 65, 65 + 3 = 68|true", "668|false", "-68|false", "680|false", "68 = 67|false",
        "sixty-eight|false", "''|false"
      })
  void aNumberIsReadAfterTheLastEqualsSign(String answer, boolean right) {
    assertThat(new Checker.Numeric(new BigDecimal("68")).grade(answer)).isEqualTo(right);
  }

  @Test
  void caseSpaceQuotesAndClosingMarksDoNotCount() {
    Checker exact = new Checker.Exact("the red lamp");
    assertThat(exact.grade("\n\n  \"The  Red lamp.\"  \nIt stands there.")).isTrue();
    assertThat(exact.grade("red lamp")).isFalse();
    assertThat(exact.grade("the red lamp it is")).isFalse();
  }

  @Test
  void containsAsksForWholeWords() {
    Checker contains = new Checker.Contains(List.of("New Holm"));
    assertThat(contains.grade("Toran, new holm")).isTrue();
    assertThat(contains.grade("New Holmes")).isFalse();
    assertThat(contains.grade("Old\nNew Holm")).isFalse();
  }

  @Test
  void listsAreSplitAtCommasSpacesAndTheWordAnd() {
    assertThat(new Checker.Items(List.of("1", "2", "3"), true).grade("1, 2 and 3.")).isTrue();
    assertThat(new Checker.Items(List.of("1", "2", "3"), true).grade("1 3 2")).isFalse();
    assertThat(new Checker.Items(List.of("1", "2", "3"), false).grade("3 1 2")).isTrue();
    assertThat(new Checker.Items(List.of("1", "2"), false).grade("1 2 2")).isFalse();
  }

  @Test
  void everyCheckerSurvivesJson() {
    for (Checker checker : ALL) {
      String json = Json.mapper().writeValueAsString(checker.json());
      assertThat(Checker.of(Json.mapper().readTree(json))).isEqualTo(checker);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "[]",
        "3",
        "null",
        "{\"type\":7}",
        "{\"type\":\"regex\",\"value\":\"(a+)+\"}",
        "{\"type\":\"exact\"}",
        "{\"type\":\"number\",\"value\":\"68\"}",
        "{\"type\":\"oneOf\",\"values\":[]}",
        "{\"type\":\"list\",\"values\":[1,2]}",
        "{\"type\":\"contains\",\"values\":\"a\"}"
      })
  void aBadCheckerIsRefusedInOneLine(String json) {
    assertThatThrownBy(() -> Checker.of(Json.mapper().readTree(json)))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining("checker")
        .message()
        .doesNotContain("\n");
  }

  @Test
  void noAnswerIsHostileEnough() {
    RandomGenerator random = new Seed(5).stream("hostile");
    String[] pieces = {
      "9".repeat(5000),
      "=".repeat(3000),
      "\u0000",
      "\ud800",
      "\n\r\n",
      " ".repeat(20_000),
      "1e999999999",
      "-",
      ".",
      "\u202e68",
      "(((((",
      "\\",
      "and and and",
      "\u0130",
      "68,68"
    };
    for (int i = 0; i < 2000; i++) {
      StringBuilder answer = new StringBuilder();
      for (int p = 0, count = random.nextInt(5); p < count; p++) {
        answer.append(pieces[random.nextInt(pieces.length)]);
      }
      for (Checker checker : ALL) {
        assertThat(checker.grade(answer.toString())).isIn(true, false);
      }
    }
    assertThat(new Checker.Numeric(BigDecimal.ONE).grade("9".repeat(1_000_000))).isFalse();
  }
}
