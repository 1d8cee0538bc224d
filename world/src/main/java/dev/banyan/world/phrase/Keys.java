package dev.banyan.world.phrase;

import java.util.List;

/** Keys of generative exercises: what is asked, whatever the wording. See {@code Split}. */
public final class Keys {
  private Keys() {}

  /** The same for a + b and b + a. */
  public static String sum(int a, int b) {
    return "sum " + Math.min(a, b) + " " + Math.max(a, b);
  }

  public static String sum(int a, int b, int c) {
    return "sum of three " + a + " " + b + " " + c;
  }

  public static String next(int number) {
    return "next " + number;
  }

  public static String words(List<String> words) {
    return "words " + String.join(" ", words);
  }

  /** Sorting does not care how the numbers stood. */
  public static String numbers(List<Integer> numbers) {
    return "numbers " + numbers.stream().sorted().toList();
  }

  public static String letters(String letters) {
    return "letters " + letters;
  }

  public static String velan(String english) {
    return "velan " + english;
  }
}
