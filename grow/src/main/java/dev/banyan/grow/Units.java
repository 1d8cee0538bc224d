package dev.banyan.grow;

import dev.banyan.core.UserInputException;
import java.util.Locale;

/** How new attention heads and feed-forward units begin. */
public enum Units {
  /** As copies that share what is read from them. */
  DUPLICATE,
  /** With fresh inputs, and zero where they are read. */
  ZERO;

  /** The flag's word. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * The way with this word.
   *
   * @throws UserInputException when there is none
   */
  public static Units parse(String word) {
    return switch (word) {
      case "duplicate" -> DUPLICATE;
      case "zero" -> ZERO;
      default ->
          throw new UserInputException("--units " + word + ": expected one of duplicate, zero");
    };
  }
}
