package dev.banyan.core;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import tools.jackson.core.JacksonException;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * JSON files as records. Unknown keys are ignored, missing primitives and trailing text are not.
 */
public final class Json {
  private static final JsonMapper MAPPER = JsonMapper.builder().build();

  private Json() {}

  /** The one mapper (thread-safe, immutable). */
  public static JsonMapper mapper() {
    return MAPPER;
  }

  /**
   * Reads a UTF-8 file as one {@code type}.
   *
   * @throws UserInputException when the file is missing or unreadable, is no JSON, or does not fit
   *     the type; the message names file, line and column
   */
  public static <T> T read(Path file, Class<T> type) {
    byte[] bytes;
    try {
      bytes = Files.readAllBytes(file);
    } catch (NoSuchFileException e) {
      throw new UserInputException(file + ": there is no such file", e);
    } catch (IOException e) {
      throw new UserInputException(file + ": cannot be read: " + e.getMessage(), e);
    }
    try {
      return notNull(MAPPER.readValue(bytes, type), file.toString());
    } catch (JacksonException e) {
      throw bad(file.toString(), 0, e);
    }
  }

  /**
   * Reads one line of a JSONL file.
   *
   * @param line the text of the line
   * @param file named in messages
   * @param lineNumber 1-based, named in messages
   */
  public static <T> T readLine(String line, Path file, long lineNumber, Class<T> type) {
    try {
      return notNull(MAPPER.readValue(line, type), file + ":" + lineNumber);
    } catch (JacksonException e) {
      throw bad(file.toString(), lineNumber, e);
    }
  }

  /** Writes {@code value} indented, with a line end, atomically. */
  public static void write(Path file, Object value) throws IOException {
    AtomicFile.writeString(file, text(value));
  }

  /** {@code value} indented, with a line end. */
  static String text(Object value) {
    return MAPPER.writer().with(SerializationFeature.INDENT_OUTPUT).writeValueAsString(value)
        + "\n";
  }

  @SuppressWarnings("NullAway") // Jackson answers null for the JSON text "null"
  private static <T> T notNull(T value, String where) {
    if (value == null) {
      throw new UserInputException(where + ": holds null, an object was expected");
    }
    return value;
  }

  private static UserInputException bad(String file, long lineNumber, JacksonException e) {
    TokenStreamLocation at = e.getLocation();
    long line = lineNumber > 0 ? lineNumber : at == null ? -1 : at.getLineNr();
    String where = file;
    if (line > 0) {
      where += ":" + line;
      if (at != null && at.getColumnNr() > 0) {
        where += ":" + at.getColumnNr();
      }
    }
    String what = e.getOriginalMessage();
    String firstLine = what == null ? "is no JSON" : what.lines().findFirst().orElse("is no JSON");
    return new UserInputException(where + ": " + firstLine, e);
  }
}
