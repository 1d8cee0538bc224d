package dev.banyan.cluster.read;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Looks into trees of maps and lists as pickles and JSON give them, where a number may be text,
 * nothing may be 0, and nothing may be missing.
 */
final class Fields {
  private Fields() {}

  static Map<?, ? extends @Nullable Object> map(@Nullable Object tree, String key) {
    return map(of(tree, key));
  }

  static Map<?, ? extends @Nullable Object> map(@Nullable Object value) {
    return value instanceof Map<?, ? extends @Nullable Object> map ? map : Map.of();
  }

  static List<? extends @Nullable Object> list(@Nullable Object tree, String key) {
    return list(of(tree, key));
  }

  static List<? extends @Nullable Object> list(@Nullable Object value) {
    return value instanceof List<? extends @Nullable Object> list ? list : List.of();
  }

  static @Nullable Object of(@Nullable Object tree, String key) {
    return tree instanceof Map<?, ? extends @Nullable Object> map ? map.get(key) : null;
  }

  static String text(@Nullable Object tree, String key) {
    return text(of(tree, key));
  }

  static String text(@Nullable Object value) {
    if (value instanceof String text) {
      return text;
    }
    return value instanceof Number number ? number.toString() : "";
  }

  static long number(@Nullable Object tree, String key, long otherwise) {
    return number(of(tree, key), otherwise);
  }

  static long number(@Nullable Object value, long otherwise) {
    if (value instanceof Number number) {
      return number.longValue();
    }
    if (value instanceof String text && text.length() < 20 && !text.isEmpty()) {
      try {
        return Long.parseLong(text);
      } catch (NumberFormatException e) {
        return otherwise;
      }
    }
    return otherwise;
  }

  static double decimal(@Nullable Object tree, String key, double otherwise) {
    return of(tree, key) instanceof Number number ? number.doubleValue() : otherwise;
  }

  static boolean truth(@Nullable Object tree, String key) {
    Object value = of(tree, key);
    return value instanceof Boolean truth ? truth : "true".equals(value);
  }

  /** Ranks as a list of numbers or as text, {@code "[0, 1]"}; ranks that are none are left out. */
  static List<Integer> ranks(@Nullable Object value) {
    List<Integer> ranks = new ArrayList<>();
    if (value instanceof List<?> list) {
      list.forEach(each -> addRank(ranks, number(each, -1)));
    } else if (value instanceof String text) {
      for (String part : text.replaceAll("[^0-9,]", "").split(",", -1)) {
        addRank(ranks, number(part, -1));
      }
    }
    return ranks;
  }

  private static void addRank(List<Integer> ranks, long rank) {
    if (rank >= 0 && rank <= RankDump.MOST_RANKS) {
      ranks.add((int) rank);
    }
  }

  /** Shapes and types as text, cut where they are too long to be any. */
  static String shape(@Nullable Object value) {
    var text = new StringBuilder();
    shape(value, text, 0);
    return text.toString();
  }

  private static void shape(@Nullable Object value, StringBuilder text, int depth) {
    if (value instanceof List<?> list && depth < 4) {
      text.append('[');
      for (int i = 0; i < list.size() && text.length() < 400; i++) {
        text.append(i == 0 ? "" : ", ");
        shape(list.get(i), text, depth + 1);
      }
      text.append(']');
    } else if (!(value instanceof List<?>)) {
      text.append(text(value));
    }
  }
}
