package dev.banyan.world.skill;

import static dev.banyan.world.skill.ExerciseSource.ask;

import dev.banyan.world.Checker;
import dev.banyan.world.Split;
import dev.banyan.world.document.Dialogue;
import dev.banyan.world.document.Exercises;
import dev.banyan.world.document.Setting;
import dev.banyan.world.phrase.English;
import java.util.List;
import java.util.random.RandomGenerator;

/** Copying, reversing, sorting, spelling and counting what stands in the question. */
final class ListSkills {
  private ListSkills() {}

  static Exercise copy(Split split, RandomGenerator random) {
    List<String> words = Exercises.words(2 + random.nextInt(3), split, random);
    String asked = String.join(" ", words);
    return new Exercise(
        ask(random, asked, "Repeat: #", "Repeat these words: #", "Write this again: #"),
        asked,
        new Checker.Items(words, true));
  }

  static Exercise reverse(Split split, RandomGenerator random) {
    List<String> words = Exercises.words(2 + random.nextInt(2), split, random);
    String asked = String.join(" ", words);
    return new Exercise(
        ask(random, asked, "Reverse: #", "Reverse these words: #", "Write in reverse order: #"),
        String.join(" ", words.reversed()),
        new Checker.Items(words.reversed(), true));
  }

  static Exercise sort(Split split, RandomGenerator random) {
    List<Integer> numbers = Exercises.numbers(3 + random.nextInt(2), split, random);
    List<String> sorted = numbers.stream().sorted().map(String::valueOf).toList();
    String asked = String.join(" ", numbers.stream().map(String::valueOf).toList());
    return new Exercise(
        ask(random, asked, "Sort: #", "Sort these numbers: #", "Write from small to large: #"),
        String.join(" ", sorted),
        new Checker.Items(sorted, true));
  }

  static ExerciseSource spell(Setting setting) {
    return (split, random) -> {
      while (true) {
        String word = Dialogue.spellable(setting, random);
        if (Split.of("spell " + word) == split) {
          List<String> letters = List.of(English.spelled(word).split(" "));
          return new Exercise(
              ask(
                  random,
                  word,
                  "Spell #.",
                  "Spell the word #.",
                  "How is # spelled?",
                  "Which letters are in #?",
                  "Write # letter by letter."),
              String.join(" ", letters),
              new Checker.Items(letters, true));
        }
      }
    };
  }

  static Exercise countLetters(Split split, RandomGenerator random) {
    String letters = Exercises.letters(split, random);
    return Exercise.number(
        ask(
            random,
            letters,
            "How many letters: #",
            "Count the letters: #",
            "How many letters are there? #"),
        (letters.length() + 1) / 2);
  }
}
