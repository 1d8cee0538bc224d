package dev.banyan.grow;

import dev.banyan.core.UserInputException;
import java.util.Locale;

/** Where new layers come from. */
public enum Depth {
  /** Copies whose outputs are zeroed, spread evenly (LLaMA-Pro). */
  IDENTITY,
  /** The whole stack again on top (StackBERT, G_stack). */
  STACK,
  /** Every layer again after itself (AKI-Pro). */
  INTERPOLATE,
  /** The layers a list names. */
  LIST;

  /** The flag's word. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * The way with this word.
   *
   * @throws UserInputException when there is none
   */
  public static Depth parse(String word) {
    return switch (word) {
      case "identity" -> IDENTITY;
      case "stack" -> STACK;
      case "interpolate" -> INTERPOLATE;
      case "list" -> LIST;
      default ->
          throw new UserInputException(
              "--depth " + word + ": expected one of identity, stack, interpolate, list");
    };
  }
}
