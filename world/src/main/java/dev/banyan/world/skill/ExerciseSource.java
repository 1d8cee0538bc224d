package dev.banyan.world.skill;

import dev.banyan.world.Split;
import java.util.random.RandomGenerator;

/** Draws exercises of one category whose keys are on one side of the split. */
@FunctionalInterface
public interface ExerciseSource {
  Exercise draw(Split split, RandomGenerator random);

  /** One of the templates with every {@code #} replaced by what is asked. */
  static String ask(RandomGenerator random, String asked, String... templates) {
    return templates[random.nextInt(templates.length)].replace("#", asked);
  }
}
