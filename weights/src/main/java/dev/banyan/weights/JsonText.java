package dev.banyan.weights;

import dev.banyan.core.UserInputException;
import java.util.Locale;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.util.DefaultIndenter;
import tools.jackson.core.util.DefaultPrettyPrinter;
import tools.jackson.core.util.Separators;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** JSON of model folders: read strictly, written as Python's {@code json.dumps(indent=2)} does. */
public final class JsonText {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private static final JsonMapper STRICT =
      JsonMapper.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

  private JsonText() {}

  /**
   * What a file says, no name of an object twice.
   *
   * @param file the file's name, for messages
   * @throws UserInputException when it is no JSON, with the place
   */
  public static JsonNode parse(String file, byte[] json) {
    try {
      return STRICT.readTree(json);
    } catch (JacksonException e) {
      var at = e.getLocation();
      throw new UserInputException(
          String.format(
              Locale.ROOT,
              "%s: %sis not valid JSON: %s",
              file,
              at == null ? "" : "line " + at.getLineNr() + ", column " + at.getColumnNr() + " ",
              oneLine(e.getOriginalMessage())),
          e);
    }
  }

  /** A node, or maps and numbers, with two spaces of indent and a line feed at the end. */
  public static String pretty(Object value) {
    var indent = new DefaultIndenter("  ", "\n");
    var printer =
        new DefaultPrettyPrinter(
                Separators.createDefaultInstance()
                    .withObjectNameValueSpacing(Separators.Spacing.AFTER)
                    .withArrayEmptySeparator("")
                    .withObjectEmptySeparator(""))
            .withObjectIndenter(indent)
            .withArrayIndenter(indent);
    return JSON.writer().with(printer).writeValueAsString(value) + "\n";
  }

  /**
   * Text from a stranger's file, fit for a message of one line: no control characters, not long.
   */
  public static String oneLine(String text) {
    String cut = text.length() <= 200 ? text : text.substring(0, 200) + "…";
    return cut.replaceAll("\\p{Cntrl}+", " ");
  }
}
