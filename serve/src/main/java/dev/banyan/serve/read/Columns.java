package dev.banyan.serve.read;

import dev.banyan.core.Nearest;
import dev.banyan.core.UserInputException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The header of a CSV trace, and fields of its rows by column name. */
final class Columns {
  private static final double ABSURD_TOKENS = 10_000_000;

  private final Path file;
  private final List<String> names;

  private Columns(Path file, List<String> names) {
    this.file = file;
    this.names = names;
  }

  static Columns of(Path file, String header) {
    List<String> names = new ArrayList<>();
    for (String name : header.strip().split(",", -1)) {
      names.add(name.strip());
    }
    return new Columns(file, names);
  }

  boolean has(String... wanted) {
    return List.of(wanted).stream().allMatch(each -> at(each) >= 0);
  }

  Path file() {
    return file;
  }

  List<String> names() {
    return names;
  }

  /** The likeliest slip, for a header no format fits. */
  static String hint(List<String> names, List<String> known) {
    for (String name : names) {
      if (!known.contains(name)) {
        return Nearest.of(name, known)
            .map(near -> "; is '" + name + "' meant to be '" + near + "'?")
            .orElse("");
      }
    }
    return "";
  }

  /** The fields of one row. */
  Row row(long line, String text) {
    String[] fields = text.split(",", -1);
    if (fields.length != names.size()) {
      throw new UserInputException(
          "%s:%d: has %d fields, the header has %d columns"
              .formatted(file, line, fields.length, names.size()));
    }
    return new Row(line, fields);
  }

  private int at(String column) {
    for (int i = 0; i < names.size(); i++) {
      if (names.get(i).toLowerCase(Locale.ROOT).equals(column.toLowerCase(Locale.ROOT))) {
        return i;
      }
    }
    return -1;
  }

  /** One row. */
  final class Row {
    final long line;
    private final String[] fields;

    Row(long line, String[] fields) {
      this.line = line;
      this.fields = fields;
    }

    String text(String column) {
      return fields[at(column)].strip();
    }

    double number(String column) {
      try {
        double value = Double.parseDouble(text(column));
        if (Double.isFinite(value)) {
          return value;
        }
      } catch (NumberFormatException e) {
        // said below
      }
      throw new UserInputException(
          "%s:%d: %s is '%s', a number was expected".formatted(file, line, column, text(column)));
    }

    int tokens(String column) {
      return checkedTokens(file, line, column, number(column));
    }
  }

  /** A token count of a trace, 0 to ten million. */
  static int checkedTokens(Path file, long line, String column, double value) {
    if (value < 0 || value > ABSURD_TOKENS || value != Math.rint(value)) {
      throw new UserInputException(
          "%s:%d: %s is %s, a whole number from 0 to %.0f was expected"
              .formatted(file, line, column, value, ABSURD_TOKENS));
    }
    return (int) value;
  }
}
