package dev.banyan.world.skill;

import dev.banyan.world.Checker;
import java.math.BigDecimal;

/** A question with its answer and the checker for other answers. */
public record Exercise(String question, String answer, Checker checker) {

  static Exercise exact(String question, String answer) {
    return new Exercise(question, answer, new Checker.Exact(answer));
  }

  static Exercise number(String question, long answer) {
    return new Exercise(
        question, Long.toString(answer), new Checker.Numeric(BigDecimal.valueOf(answer)));
  }
}
