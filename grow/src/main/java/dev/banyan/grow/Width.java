package dev.banyan.grow;

import dev.banyan.core.UserInputException;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** How the residual stream becomes wider. */
public enum Width {
  /** Function-preserving initialisation: coordinates are repeated, readers share. */
  DUPLICATE,
  /** Repeated and scaled so that the mean square stays: exact for any width. */
  ISOMETRIC,
  /** Four copies of half the size for one: exact for any width, and matrices in bfloat16 too. */
  DYADIC,
  /** New coordinates carry zero. */
  ZERO_EXTEND,
  /** Advanced knowledge initialisation: what is new comes from the next layer. */
  AKI;

  /**
   * The flag's word: {@code duplicate}, {@code isometric}, {@code dyadic}, {@code zero-extend},
   * {@code aki}.
   */
  public String word() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /**
   * The method with this word; {@code fpi} is {@code duplicate}.
   *
   * @throws UserInputException when there is none
   */
  public static Width parse(String word) {
    if (word.equals("fpi")) {
      return DUPLICATE;
    }
    return Arrays.stream(values())
        .filter(each -> each.word().equals(word))
        .findFirst()
        .orElseThrow(
            () ->
                new UserInputException(
                    "--width "
                        + word
                        + ": expected one of "
                        + Arrays.stream(values()).map(Width::word).collect(Collectors.joining(", "))
                        + ", fpi"));
  }
}
