package dev.banyan.weights;

import tools.jackson.core.util.DefaultIndenter;
import tools.jackson.core.util.DefaultPrettyPrinter;
import tools.jackson.core.util.Separators;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** JSON as Python's {@code json.dumps(indent=2)} lays it out, which model folders have. */
public final class JsonText {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private JsonText() {}

  /** {@code node} with two spaces of indent and a line feed at the end. */
  public static String pretty(JsonNode node) {
    var indent = new DefaultIndenter("  ", "\n");
    var printer =
        new DefaultPrettyPrinter(
                Separators.createDefaultInstance()
                    .withObjectNameValueSpacing(Separators.Spacing.AFTER)
                    .withArrayEmptySeparator("")
                    .withObjectEmptySeparator(""))
            .withObjectIndenter(indent)
            .withArrayIndenter(indent);
    return JSON.writer().with(printer).writeValueAsString(node) + "\n";
  }

  /**
   * Text from a stranger's file, fit for a message of one line: no control characters, not long.
   */
  public static String oneLine(String text) {
    String cut = text.length() <= 200 ? text : text.substring(0, 200) + "…";
    return cut.replaceAll("\\p{Cntrl}+", " ");
  }
}
