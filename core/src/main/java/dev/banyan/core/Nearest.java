package dev.banyan.core;

import java.util.Collection;
import java.util.Locale;
import java.util.Optional;

/** The known name somebody most likely meant. */
public final class Nearest {
  private Nearest() {}

  /**
   * The name in {@code known} with the fewest edits (insert, delete, replace, swap of neighbours;
   * case is ignored) from {@code given}; empty when none is close enough to be a slip of the hand,
   * that is within a third of the longer name's length, at least one edit. Ties go to the first.
   */
  public static Optional<String> of(String given, Collection<String> known) {
    String best = null;
    int bestEdits = Integer.MAX_VALUE;
    for (String name : known) {
      int edits = edits(given.toLowerCase(Locale.ROOT), name.toLowerCase(Locale.ROOT));
      int allowed = Math.max(1, Math.max(given.length(), name.length()) / 3);
      if (edits < bestEdits && edits <= allowed) {
        best = name;
        bestEdits = edits;
      }
    }
    return Optional.ofNullable(best);
  }

  /** Optimal string alignment distance (Damerau 1964, restricted), O(|a|·|b|). */
  static int edits(String a, String b) {
    int[][] d = new int[a.length() + 1][b.length() + 1];
    for (int i = 0; i <= a.length(); i++) {
      d[i][0] = i;
    }
    for (int j = 0; j <= b.length(); j++) {
      d[0][j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      for (int j = 1; j <= b.length(); j++) {
        int replace = d[i - 1][j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        d[i][j] = Math.min(replace, 1 + Math.min(d[i - 1][j], d[i][j - 1]));
        if (i > 1
            && j > 1
            && a.charAt(i - 1) == b.charAt(j - 2)
            && a.charAt(i - 2) == b.charAt(j - 1)) {
          d[i][j] = Math.min(d[i][j], d[i - 2][j - 2] + 1);
        }
      }
    }
    return d[a.length()][b.length()];
  }
}
