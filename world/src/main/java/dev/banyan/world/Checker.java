package dev.banyan.world;

import dev.banyan.core.UserInputException;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/**
 * Grades an answer. Every kind looks at the first non-blank line only (whatever a model goes on to
 * say below it does not count), at most {@value #MOST_CHARS} characters of it, folded: lower case,
 * runs of white space made one space, outer white space and quotes and closing marks ({@code . , ;
 * ! ?}) dropped. No answer, however hostile, makes {@link #grade} throw.
 */
public sealed interface Checker {
  int MOST_CHARS = 10_000;

  /** Whether the answer is right. */
  boolean grade(String answer);

  /** As in the JSONL files: {@code type} and the kind's own fields. */
  Map<String, Object> json();

  /** The folded answer is the folded text. */
  record Exact(String value) implements Checker {
    @Override
    public boolean grade(String answer) {
      return fold(answer).equals(fold(value));
    }

    @Override
    public Map<String, Object> json() {
      return fields("type", "exact", "value", value);
    }
  }

  /**
   * The answer's number is this one: the first number after the last equals sign, or the first
   * number of the line where there is none. "68", "68.", "it is 68" and "23 + 45 = 68" say 68.
   */
  record Numeric(BigDecimal value) implements Checker {
    private static final Pattern NUMBER = Pattern.compile("-?\\d{1,30}(?:\\.\\d{1,30})?");

    @Override
    public boolean grade(String answer) {
      String line = fold(answer);
      Matcher matcher = NUMBER.matcher(line.substring(line.lastIndexOf('=') + 1));
      return matcher.find() && new BigDecimal(matcher.group()).compareTo(value) == 0;
    }

    @Override
    public Map<String, Object> json() {
      return fields("type", "number", "value", value);
    }
  }

  /** The folded answer is one of these, folded. */
  record OneOf(List<String> values) implements Checker {
    public OneOf {
      values = List.copyOf(values);
    }

    @Override
    public boolean grade(String answer) {
      String line = fold(answer);
      return values.stream().anyMatch(value -> fold(value).equals(line));
    }

    @Override
    public Map<String, Object> json() {
      return fields("type", "oneOf", "values", values);
    }
  }

  /** Every one of these stands in the answer as whole words. */
  record Contains(List<String> values) implements Checker {
    public Contains {
      values = List.copyOf(values);
    }

    @Override
    public boolean grade(String answer) {
      String line = " " + fold(answer).replaceAll("[^\\p{L}\\p{N}]+", " ") + " ";
      return values.stream()
          .allMatch(
              value -> line.contains(" " + fold(value).replaceAll("[^\\p{L}\\p{N}]+", " ") + " "));
    }

    @Override
    public Map<String, Object> json() {
      return fields("type", "contains", "values", values);
    }
  }

  /**
   * The answer, split at commas, semicolons, white space and the word "and", is these items; in
   * this order, or in any order when {@code ordered} is false.
   */
  record Items(List<String> values, boolean ordered) implements Checker {
    public Items {
      values = List.copyOf(values);
    }

    @Override
    public boolean grade(String answer) {
      List<String> given = split(answer);
      List<String> wanted = split(String.join(" ", values));
      if (!ordered) {
        Collections.sort(given);
        Collections.sort(wanted);
      }
      return given.equals(wanted);
    }

    private static List<String> split(String answer) {
      List<String> items = new ArrayList<>();
      for (String item : fold(answer).split("[\\s,;]+")) {
        if (!item.isEmpty() && !item.equals("and")) {
          items.add(item);
        }
      }
      return items;
    }

    @Override
    public Map<String, Object> json() {
      return fields("type", "list", "values", values, "ordered", ordered);
    }
  }

  /**
   * Reads a checker.
   *
   * @throws UserInputException if the type is unknown or a field is missing or of the wrong kind
   */
  static Checker of(JsonNode node) {
    String type = text(node, "type");
    return switch (type) {
      case "exact" -> new Exact(text(node, "value"));
      case "number" -> new Numeric(number(node));
      case "oneOf" -> new OneOf(values(node));
      case "contains" -> new Contains(values(node));
      case "list" -> new Items(values(node), node.path("ordered").asBoolean(true));
      default ->
          throw new UserInputException(
              "checker type '"
                  + type
                  + "' is not known; expected exact, number, oneOf, contains or list");
    };
  }

  private static String text(JsonNode node, String field) {
    JsonNode value = node.path(field);
    if (!value.isString()) {
      throw wrong(node, field, "a string");
    }
    return value.stringValue();
  }

  private static BigDecimal number(JsonNode node) {
    JsonNode value = node.path("value");
    if (!value.isNumber()) {
      throw wrong(node, "value", "a number");
    }
    return value.decimalValue();
  }

  private static List<String> values(JsonNode node) {
    JsonNode array = node.path("values");
    if (!array.isArray() || array.isEmpty()) {
      throw wrong(node, "values", "a list of strings that is not empty");
    }
    List<String> values = new ArrayList<>();
    for (JsonNode value : array) {
      if (!value.isString()) {
        throw wrong(node, "values", "a list of strings");
      }
      values.add(value.stringValue());
    }
    return values;
  }

  private static UserInputException wrong(JsonNode node, String field, String expected) {
    String shown = node.toString();
    return new UserInputException(
        "checker "
            + shown.substring(0, Math.min(80, shown.length()))
            + ": '"
            + field
            + "' must be "
            + expected);
  }

  private static String fold(String answer) {
    Optional<String> first =
        answer
            .substring(0, Math.min(answer.length(), MOST_CHARS))
            .lines()
            .filter(line -> !line.isBlank())
            .findFirst();
    String line = first.orElse("").toLowerCase(Locale.ROOT).replaceAll("\\s+", " ");
    int from = 0;
    int to = line.length();
    while (from < to && " \"'`".indexOf(line.charAt(from)) >= 0) {
      from++;
    }
    while (to > from && " \"'`.,;!?".indexOf(line.charAt(to - 1)) >= 0) {
      to--;
    }
    return line.substring(from, to);
  }

  private static Map<String, Object> fields(Object... pairs) {
    Map<String, Object> map = new LinkedHashMap<>();
    for (int i = 0; i < pairs.length; i += 2) {
      map.put((String) pairs[i], pairs[i + 1]);
    }
    return Collections.unmodifiableMap(map);
  }
}
