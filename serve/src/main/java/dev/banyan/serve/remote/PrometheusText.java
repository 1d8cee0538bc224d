package dev.banyan.serve.remote;

import dev.banyan.core.UserInputException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Reads what servers say of themselves at {@code /metrics}: the Prometheus text format 0.0.4, and
 * of OpenMetrics what looks the same. Comments, types, timestamps and exemplars are passed over.
 */
final class PrometheusText {
  private final String text;
  private final int line;
  private int at;

  private PrometheusText(String text, int line) {
    this.text = text;
    this.line = line;
  }

  /** One measured value; NaN and infinities are values too. */
  record Sample(String name, Map<String, String> labels, double value) {
    Sample {
      labels = Map.copyOf(labels);
    }

    /** A label's value; empty without it. */
    String label(String key) {
      return labels.getOrDefault(key, "");
    }
  }

  /**
   * Samples in their order.
   *
   * @throws UserInputException with the number of a line that is none of the format
   */
  static List<Sample> read(String text) {
    List<Sample> samples = new ArrayList<>();
    int number = 0;
    for (String each : text.split("\n", -1)) {
      number++;
      String line = each.strip();
      if (!line.isEmpty() && line.charAt(0) != '#') {
        samples.add(new PrometheusText(line, number).sample());
      }
    }
    return samples;
  }

  private Sample sample() {
    String name = name("a name");
    Map<String, String> labels = new LinkedHashMap<>();
    spaces();
    if (at < text.length() && text.charAt(at) == '{') {
      at++;
      spaces();
      while (peek() != '}') {
        String key = name("a label");
        spaces();
        expect('=');
        spaces();
        labels.put(key, quoted());
        spaces();
        if (peek() == ',') {
          at++;
          spaces();
        } else if (peek() != '}') {
          throw wrong("',' or '}'");
        }
      }
      at++;
      spaces();
    }
    int end = at;
    while (end < text.length() && !Character.isWhitespace(text.charAt(end))) {
      end++;
    }
    String word = text.substring(at, end);
    return new Sample(name, labels, value(word));
  }

  private double value(String word) {
    switch (word.toLowerCase(Locale.ROOT)) {
      case "nan" -> {
        return Double.NaN;
      }
      case "+inf", "inf" -> {
        return Double.POSITIVE_INFINITY;
      }
      case "-inf" -> {
        return Double.NEGATIVE_INFINITY;
      }
      default -> {
        try {
          return Double.parseDouble(word);
        } catch (NumberFormatException e) {
          throw wrong("a number");
        }
      }
    }
  }

  private String name(String what) {
    int start = at;
    while (at < text.length() && isNamePart(text.charAt(at))) {
      at++;
    }
    if (at == start) {
      throw wrong(what);
    }
    return text.substring(start, at);
  }

  private static boolean isNamePart(char c) {
    return (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z')
        || (c >= '0' && c <= '9')
        || c == '_'
        || c == ':'
        || c == '.';
  }

  private String quoted() {
    expect('"');
    var value = new StringBuilder();
    while (peek() != '"') {
      char c = text.charAt(at++);
      if (c == '\\') {
        char escaped = peek();
        at++;
        value.append(escaped == 'n' ? '\n' : escaped);
      } else {
        value.append(c);
      }
    }
    at++;
    return value.toString();
  }

  private char peek() {
    if (at >= text.length()) {
      throw wrong("more");
    }
    return text.charAt(at);
  }

  private void expect(char c) {
    if (peek() != c) {
      throw wrong("'" + c + "'");
    }
    at++;
  }

  private void spaces() {
    while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
      at++;
    }
  }

  private UserInputException wrong(String expected) {
    return new UserInputException(
        "metrics, line %d, character %d: expected %s".formatted(line, at + 1, expected));
  }
}
