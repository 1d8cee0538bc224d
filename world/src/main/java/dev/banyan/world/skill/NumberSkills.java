package dev.banyan.world.skill;

import static dev.banyan.world.skill.ExerciseSource.ask;

import dev.banyan.world.Checker;
import dev.banyan.world.Split;
import dev.banyan.world.document.Exercises;
import java.math.BigDecimal;
import java.util.random.RandomGenerator;

/** Counting on, adding without carry, adding with carry, adding three. */
final class NumberSkills {
  private NumberSkills() {}

  static Exercise next(Split split, RandomGenerator random) {
    int number = Exercises.next(split, random);
    String asked = Integer.toString(number);
    return Exercise.number(
        ask(
            random,
            asked,
            "What number comes after #?",
            "Which number follows #?",
            "What is one more than #?"),
        number + 1L);
  }

  static Exercise carryless(Split split, RandomGenerator random) {
    return sum(Exercises.carryless(split, random), random);
  }

  static Exercise addition(Split split, RandomGenerator random) {
    return sum(Exercises.carrying(split, random), random);
  }

  private static Exercise sum(int[] pair, RandomGenerator random) {
    String asked = pair[0] + " + " + pair[1];
    return Exercise.number(
        ask(random, asked, "What is #?", "Compute #.", "How much do you get for #?"),
        (long) pair[0] + pair[1]);
  }

  /** The answer shows its step, so that the second addition starts from a written number. */
  static Exercise sums(Split split, RandomGenerator random) {
    int[] three = Exercises.three(split, random);
    int first = three[0] + three[1];
    int sum = first + three[2];
    String asked = three[0] + " + " + three[1] + " + " + three[2];
    String answer =
        three[0] + " + " + three[1] + " = " + first + ", " + first + " + " + three[2] + " = " + sum;
    return new Exercise(
        ask(random, asked, "What is #?", "Compute # step by step.", "How much do you get for #?"),
        answer,
        new Checker.Numeric(BigDecimal.valueOf(sum)));
  }
}
