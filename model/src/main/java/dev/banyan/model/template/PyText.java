package dev.banyan.model.template;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Strings as Python counts and divides them: by code points, with its own idea of whitespace. */
final class PyText {
  /** What {@code str.isspace} is true for, as the inside of a character class. */
  static final String WHITESPACE_CLASS =
      "\\t-\\r\\x1c- \\x{85}\\xa0\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}";

  private PyText() {}

  static boolean isSpace(int c) {
    return (c >= '\t' && c <= '\r')
        || (c >= 0x1c && c <= ' ')
        || c == 0x85
        || c == 0xa0
        || c == 0x1680
        || (c >= 0x2000 && c <= 0x200a)
        || c == 0x2028
        || c == 0x2029
        || c == 0x202f
        || c == 0x205f
        || c == 0x3000;
  }

  static String rstrip(String text) {
    int end = text.length();
    while (end > 0 && isSpace(text.charAt(end - 1))) {
      end--;
    }
    return text.substring(0, end);
  }

  static String lstrip(String text) {
    int from = 0;
    while (from < text.length() && isSpace(text.charAt(from))) {
      from++;
    }
    return text.substring(from);
  }

  /** Takes characters of {@code set} from the ends. */
  static String strip(String text, String set, boolean left, boolean right) {
    int[] points = text.codePoints().toArray();
    int from = 0;
    int to = points.length;
    while (left && from < to && set.indexOf(points[from]) >= 0) {
      from++;
    }
    while (right && to > from && set.indexOf(points[to - 1]) >= 0) {
      to--;
    }
    return new String(points, from, to - from);
  }

  static int length(String text) {
    return text.codePointCount(0, text.length());
  }

  /** The character at a place of {@code 0 … length - 1}. */
  static String at(String text, int index) {
    int from = text.offsetByCodePoints(0, index);
    return text.substring(from, text.offsetByCodePoints(from, 1));
  }

  static String slice(String text, int from, int to) {
    int first = text.offsetByCodePoints(0, from);
    return text.substring(first, text.offsetByCodePoints(first, Math.max(0, to - from)));
  }

  /** Each character as a string. */
  static List<Value> characters(String text) {
    var characters = new ArrayList<Value>(text.length());
    text.codePoints().forEach(c -> characters.add(Value.text(Character.toString(c))));
    return characters;
  }

  /** {@code str.splitlines}. */
  static List<String> lines(String text, boolean keepEnds) {
    var lines = new ArrayList<String>();
    int from = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean end = (c >= '\n' && c <= '\r') || (c >= 0x1c && c <= 0x1e);
      if (end || c == 0x85 || c == 0x2028 || c == 0x2029) {
        int last = c == '\r' && i + 1 < text.length() && text.charAt(i + 1) == '\n' ? i + 1 : i;
        lines.add(text.substring(from, keepEnds ? last + 1 : i));
        from = last + 1;
        i = last;
      }
    }
    if (from < text.length()) {
      lines.add(text.substring(from));
    }
    return lines;
  }

  static String capitalized(String text) {
    if (text.isEmpty()) {
      return text;
    }
    int first = text.codePointAt(0);
    return Character.toString(Character.toTitleCase(first))
        + text.substring(Character.charCount(first)).toLowerCase(Locale.ROOT);
  }

  /** {@code str.title}: a capital after every character that is no letter. */
  static String titled(String text) {
    var out = new StringBuilder();
    boolean inWord = false;
    for (int c : text.codePoints().toArray()) {
      boolean cased = isCased(c);
      out.appendCodePoint(inWord ? Character.toLowerCase(c) : Character.toTitleCase(c));
      inWord = cased;
    }
    return out.toString();
  }

  static boolean isCased(int c) {
    return Character.isUpperCase(c) || Character.isLowerCase(c) || Character.isTitleCase(c);
  }

  /** Where {@code what} stands between {@code from} and {@code to} in code points; -1 nowhere. */
  static int find(String text, String what, int from, int to, boolean last) {
    if (from > to) {
      return -1;
    }
    String part = slice(text, from, to);
    int at = last ? part.lastIndexOf(what) : part.indexOf(what);
    return at < 0 ? -1 : from + part.codePointCount(0, at);
  }

  static int count(String text, String what) {
    if (what.isEmpty()) {
      return length(text) + 1;
    }
    int count = 0;
    for (int at = text.indexOf(what); at >= 0; at = text.indexOf(what, at + what.length())) {
      count++;
    }
    return count;
  }
}
