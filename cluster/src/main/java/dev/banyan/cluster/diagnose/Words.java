package dev.banyan.cluster.diagnose;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;

/** Pieces of evidence sentences. */
final class Words {
  private Words() {}

  /** {@code rank 3}, {@code ranks 1, 2, 5}, with many {@code ranks 1, 2, … (17 in all)}. */
  static String ranks(Collection<Integer> ranks) {
    if (ranks.size() == 1) {
      return "rank " + ranks.iterator().next();
    }
    var text = new StringBuilder("ranks ");
    int shown = 0;
    for (int rank : ranks) {
      if (shown == 8) {
        return text + ", … (" + ranks.size() + " in all)";
      }
      text.append(shown++ == 0 ? "" : ", ").append(rank);
    }
    return text.toString();
  }

  /** The first of many sentences, and how many more there are. */
  static List<String> some(List<String> sentences, int most) {
    if (sentences.size() <= most) {
      return sentences;
    }
    List<String> some = new ArrayList<>(sentences.subList(0, most));
    some.add("… and " + (sentences.size() - most) + " more like these");
    return some;
  }

  /** A time with three digits and its unit. */
  static String time(double seconds) {
    double size = Math.abs(seconds);
    if (size >= 1) {
      return String.format(Locale.ROOT, "%.3g s", seconds);
    }
    return size >= 1e-3
        ? String.format(Locale.ROOT, "%.3g ms", seconds * 1e3)
        : String.format(Locale.ROOT, "%.3g µs", seconds * 1e6);
  }

  static String number(double value) {
    return value >= 1000
        ? String.format(Locale.ROOT, "%,.0f", value)
        : String.format(Locale.ROOT, "%.3g", value);
  }
}
