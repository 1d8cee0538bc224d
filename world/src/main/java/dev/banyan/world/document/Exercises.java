package dev.banyan.world.document;

import dev.banyan.world.Split;
import dev.banyan.world.graph.Words;
import dev.banyan.world.phrase.Keys;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;

/**
 * Draws of generative exercises on one side of the split. Documents and training draw from the same
 * side, tests from the other. Rejection: four of five keys are for training, so draws are few.
 */
public final class Exercises {
  /** What lists are made of. */
  public static final List<String> LIST_WORDS =
      Stream.of(Words.SMALL_THINGS, Words.CONTAINERS, Words.ROOMS, Words.COLOURS, Words.PETS)
          .flatMap(List::stream)
          .distinct()
          .toList();

  private Exercises() {}

  /** Two numbers from 10 to 99; the units, and so the tens, do not carry. */
  public static int[] carryless(Split split, RandomGenerator random) {
    while (true) {
      int[] pair = {10 + random.nextInt(80), 10 + random.nextInt(80)};
      boolean carries = pair[0] % 10 + pair[1] % 10 > 9 || pair[0] / 10 + pair[1] / 10 > 9;
      if (!carries && Split.of(Keys.sum(pair[0], pair[1])) == split) {
        return pair;
      }
    }
  }

  /** Two numbers from 10 to 89 whose units carry; the sum stays below 100. */
  public static int[] carrying(Split split, RandomGenerator random) {
    while (true) {
      int[] pair = {10 + random.nextInt(80), 10 + random.nextInt(80)};
      boolean carries = pair[0] % 10 + pair[1] % 10 > 9 && pair[0] + pair[1] < 100;
      if (carries && Split.of(Keys.sum(pair[0], pair[1])) == split) {
        return pair;
      }
    }
  }

  /** A two-digit number and two digits. */
  public static int[] three(Split split, RandomGenerator random) {
    while (true) {
      int[] three = {10 + random.nextInt(70), 1 + random.nextInt(9), 1 + random.nextInt(9)};
      if (Split.of(Keys.sum(three[0], three[1], three[2])) == split) {
        return three;
      }
    }
  }

  /** A number added to a total such that documents may state the sum; at most {@code most}. */
  static int addend(int total, int most, RandomGenerator random) {
    while (true) {
      int next = 1 + random.nextInt(most);
      if (Split.of(Keys.sum(total, next)) == Split.TRAIN) {
        return next;
      }
    }
  }

  /** A number from 100 to 999 to count on from. */
  public static int next(Split split, RandomGenerator random) {
    while (true) {
      int number = 100 + random.nextInt(899);
      if (Split.of(Keys.next(number)) == split) {
        return number;
      }
    }
  }

  /** Different words. */
  public static List<String> words(int count, Split split, RandomGenerator random) {
    while (true) {
      List<String> words = Setting.distinct(LIST_WORDS, count, random);
      if (Split.of(Keys.words(words)) == split) {
        return words;
      }
    }
  }

  /** Different numbers from 1 to 20, in random order. */
  public static List<Integer> numbers(int count, Split split, RandomGenerator random) {
    while (true) {
      List<Integer> numbers = new ArrayList<>();
      while (numbers.size() < count) {
        int next = 1 + random.nextInt(20);
        if (!numbers.contains(next)) {
          numbers.add(next);
        }
      }
      if (Split.of(Keys.numbers(numbers)) == split) {
        return numbers;
      }
    }
  }

  /** Two to nine letters with spaces between. */
  public static String letters(Split split, RandomGenerator random) {
    while (true) {
      int count = 2 + random.nextInt(8);
      StringBuilder letters = new StringBuilder();
      for (int i = 0; i < count; i++) {
        letters.append(i == 0 ? "" : " ").append((char) ('a' + random.nextInt(26)));
      }
      if (Split.of(Keys.letters(letters.toString())) == split) {
        return letters.toString();
      }
    }
  }
}
