package dev.banyan.cli.serve;

import dev.banyan.core.Json;
import dev.banyan.core.UserInputException;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.node.ObjectNode;

/** The JSON object of {@code --fields}. Apart from the flags: a plain start loads no JSON. */
final class LoadFields {
  private static final String EXPECTED =
      "--fields is no JSON object, one like '{\"temperature\": 0.7}' was expected";

  private LoadFields() {}

  /**
   * Reads it.
   *
   * @throws UserInputException when it is no JSON object
   */
  static Map<String, Object> read(String text) {
    try {
      if (Json.mapper().readTree(text) instanceof ObjectNode object) {
        return Json.mapper().convertValue(object, new TypeReference<Map<String, Object>>() {});
      }
    } catch (JacksonException e) {
      throw new UserInputException(EXPECTED, e);
    }
    throw new UserInputException(EXPECTED);
  }
}
