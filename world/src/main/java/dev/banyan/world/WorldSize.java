package dev.banyan.world;

import dev.banyan.core.UserInputException;

/**
 * How much there is to know: people, places, things, protein families and words of the constructed
 * language do not grow with the number of documents. A small world is stated often, a large one
 * seldom.
 */
public record WorldSize(int people, int places, int things, int families) {
  /** Learned by a model of a few million parameters in minutes. */
  public static final WorldSize SMALL = new WorldSize(32, 16, 32, 12);

  public static final WorldSize TINY = new WorldSize(12, 8, 16, 6);
  public static final WorldSize MEDIUM = new WorldSize(300, 100, 320, 24);
  public static final WorldSize LARGE = new WorldSize(4000, 800, 4000, 64);

  public WorldSize {
    check("people", people, 8, 100_000);
    check("places", places, 4, 100_000);
    check("things", things, 8, 100_000);
    check("families", families, 2, 1_000);
  }

  /** "tiny", "small", "medium", "large" or four numbers "people,places,things,families". */
  public static WorldSize parse(String text) {
    return switch (text) {
      case "tiny" -> TINY;
      case "small" -> SMALL;
      case "medium" -> MEDIUM;
      case "large" -> LARGE;
      default -> numbers(text);
    };
  }

  private static WorldSize numbers(String text) {
    String[] parts = text.split(",", -1);
    try {
      if (parts.length == 4) {
        return new WorldSize(
            Integer.parseInt(parts[0].strip()),
            Integer.parseInt(parts[1].strip()),
            Integer.parseInt(parts[2].strip()),
            Integer.parseInt(parts[3].strip()));
      }
    } catch (NumberFormatException e) {
      throw unknown(text, e);
    }
    throw unknown(text, null);
  }

  private static UserInputException unknown(
      String text, @org.jspecify.annotations.Nullable Throwable cause) {
    String message =
        "world size '"
            + text
            + "' is not known; give tiny, small, medium, large or four numbers"
            + " people,places,things,families such as 32,16,32,12";
    return cause == null ? new UserInputException(message) : new UserInputException(message, cause);
  }

  private static void check(String field, int value, int low, int high) {
    if (value < low || value > high) {
      throw new UserInputException(
          "world size: " + field + " is " + value + ", must be from " + low + " to " + high);
    }
  }
}
