package dev.banyan.plan.read;

import dev.banyan.core.Nearest;
import dev.banyan.core.UserInputException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Lines of a MiniMalloc table, one at a time. Cells are plain: no quotes, blanks around them are
 * dropped, empty lines are passed over, line ends may be LF or CR LF, a byte order mark is allowed.
 */
public final class CsvRows {
  private static final int LONGEST_LINE = 10_000;
  private static final List<String> NEEDED = List.of("id", "lower", "upper", "size");
  private static final List<String> KNOWN =
      List.of("id", "lower", "upper", "size", "alignment", "hint");

  private final String name;
  private final Reader in;
  private final Map<String, Integer> columns = new HashMap<>();
  private long line;
  private List<String> cells = List.of();

  private CsvRows(String name, InputStream in) {
    this.name = name;
    var decoder =
        StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT);
    this.in = new BufferedReader(new InputStreamReader(in, decoder));
  }

  /**
   * Reads the header.
   *
   * @throws UserInputException when a column is missing, twice there or unknown
   */
  public static CsvRows open(String name, InputStream in) throws IOException {
    CsvRows rows = new CsvRows(name, in);
    if (!rows.advance()) {
      throw new UserInputException(name + ": empty; expected a header id,lower,upper,size");
    }
    rows.header();
    return rows;
  }

  /** Goes to the next line that has anything on it; false at the end. */
  public boolean next() throws IOException {
    if (!advance()) {
      return false;
    }
    if (cells.size() != columns.size()) {
      throw wrong("%d cells, the header has %d".formatted(cells.size(), columns.size()));
    }
    return true;
  }

  /** Line number of the present line, from 1. */
  public long line() {
    return line;
  }

  public boolean has(String column) {
    return columns.containsKey(column);
  }

  /** What the buffer is called. */
  public String id() {
    String id = cell("id");
    if (id.isEmpty()) {
      throw wrong("no id");
    }
    return id;
  }

  /** A whole number within limits. */
  public long number(String column, long least, long most) {
    String text = cell(column);
    long value;
    try {
      value = Long.parseLong(text);
    } catch (NumberFormatException e) {
      throw wrong(column + " is '" + shown(text) + "'; expected a whole number of 64 bits");
    }
    if (value < least || value > most) {
      throw wrong("%s is %d; expected %d to %d".formatted(column, value, least, most));
    }
    return value;
  }

  /** What to throw about the present line. */
  public UserInputException wrong(String what) {
    return new UserInputException(name + ", line " + line + ": " + what);
  }

  private String cell(String column) {
    Integer index = columns.get(column);
    if (index == null) {
      throw new IllegalStateException("no column " + column);
    }
    return cells.get(index);
  }

  private void header() {
    for (int i = 0; i < cells.size(); i++) {
      String column = cells.get(i);
      if (column.equals("offset")) {
        throw wrong("column 'offset' would fix addresses, which is not supported; take it out");
      }
      if (!KNOWN.contains(column)) {
        throw wrong(
            "unknown column '"
                + shown(column)
                + "'"
                + Nearest.of(column, KNOWN).map(near -> ", did you mean '" + near + "'?").orElse("")
                + "; expected "
                + String.join(",", KNOWN));
      }
      if (columns.put(column, i) != null) {
        throw wrong("column '" + column + "' is there twice");
      }
    }
    for (String needed : NEEDED) {
      if (!columns.containsKey(needed)) {
        throw wrong("no column '" + needed + "'; expected " + String.join(",", NEEDED));
      }
    }
  }

  private boolean advance() throws IOException {
    while (true) {
      String text = readLine();
      if (text == null) {
        return false;
      }
      if (line == 1 && text.startsWith("\uFEFF")) {
        text = text.substring(1);
      }
      if (!text.isBlank()) {
        cells = split(text);
        return true;
      }
    }
  }

  private static List<String> split(String text) {
    List<String> cells = new ArrayList<>();
    int begin = 0;
    for (int comma = text.indexOf(','); comma >= 0; comma = text.indexOf(',', begin)) {
      cells.add(text.substring(begin, comma).strip());
      begin = comma + 1;
    }
    cells.add(text.substring(begin).strip());
    return cells;
  }

  private @Nullable String readLine() throws IOException {
    var text = new StringBuilder();
    line++;
    try {
      int c = in.read();
      if (c < 0) {
        return null;
      }
      for (; c >= 0 && c != '\n'; c = in.read()) {
        if (c == 0) {
          throw wrong("a zero byte; expected text");
        }
        if (text.length() == LONGEST_LINE) {
          throw wrong("longer than " + LONGEST_LINE + " characters; expected one buffer per line");
        }
        text.append((char) c);
      }
    } catch (CharacterCodingException e) {
      throw wrong("not UTF-8 text; expected a CSV of id,lower,upper,size");
    }
    return text.toString();
  }

  private static String shown(String text) {
    return text.length() <= 40 ? text : text.substring(0, 40) + "…";
  }
}
