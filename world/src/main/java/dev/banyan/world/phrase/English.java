package dev.banyan.world.phrase;

import java.util.List;
import java.util.Locale;

/** The little English grammar that templates need: articles, plurals, lists, number words. */
public final class English {
  private static final List<String> SMALL_NUMBERS =
      List.of(
          "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
          "eleven", "twelve");

  private English() {}

  /** "a" or "an". */
  public static String article(String noun) {
    char first = Character.toLowerCase(noun.charAt(0));
    return "aeiou".indexOf(first) >= 0 ? "an" : "a";
  }

  public static String plural(String noun) {
    return switch (noun) {
      case "sheep", "fish" -> noun;
      case "goose" -> "geese";
      case "child" -> "children";
      case "man" -> "men";
      case "woman" -> "women";
      case "wolf" -> "wolves";
      case "leaf" -> "leaves";
      case "knife" -> "knives";
      case "mouse" -> "mice";
      case "loaf" -> "loaves";
      default -> regularPlural(noun);
    };
  }

  private static String regularPlural(String noun) {
    int length = noun.length();
    char last = noun.charAt(length - 1);
    if (last == 'y' && "aeiou".indexOf(noun.charAt(length - 2)) < 0) {
      return noun.substring(0, length - 1) + "ies";
    }
    boolean hiss =
        last == 's' || last == 'x' || last == 'z' || noun.endsWith("ch") || noun.endsWith("sh");
    return noun + (hiss ? "es" : "s");
  }

  /** "one lamp", "3 lamps". */
  public static String count(long number, String noun) {
    return number + " " + (number == 1 ? noun : plural(noun));
  }

  /** "a, b and c". */
  public static String list(List<String> items, String last) {
    if (items.size() == 1) {
      return items.get(0);
    }
    String head = String.join(", ", items.subList(0, items.size() - 1));
    return head + " " + last + " " + items.get(items.size() - 1);
  }

  /** The word for a number up to twelve, digits above. */
  public static String word(int number) {
    return number < SMALL_NUMBERS.size() ? SMALL_NUMBERS.get(number) : Integer.toString(number);
  }

  public static String capital(String text) {
    return text.substring(0, 1).toUpperCase(Locale.ROOT) + text.substring(1);
  }

  /** "t a v o" for "tavo". */
  public static String spelled(String word) {
    StringBuilder letters = new StringBuilder(word.length() * 2);
    for (int i = 0; i < word.length(); i++) {
      letters.append(i == 0 ? "" : " ").append(Character.toLowerCase(word.charAt(i)));
    }
    return letters.toString();
  }
}
