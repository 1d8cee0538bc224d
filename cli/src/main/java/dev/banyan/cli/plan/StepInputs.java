package dev.banyan.cli.plan;

import dev.banyan.core.Json;
import dev.banyan.core.UserInputException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/** Whole-number inputs of a step as a JSON object: name → flat list. */
public final class StepInputs {
  private StepInputs() {}

  /**
   * Reads them.
   *
   * @throws UserInputException when the file is no object of lists of whole numbers
   */
  static Map<String, long[]> read(Path file) {
    JsonNode tree = Json.read(file, JsonNode.class);
    Map<String, long[]> inputs = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> entry : tree.properties()) {
      long[] values = new long[entry.getValue().size()];
      for (int i = 0; i < values.length; i++) {
        JsonNode value = entry.getValue().get(i);
        if (!value.canConvertToLong() || !value.isIntegralNumber()) {
          throw new UserInputException(
              "%s: '%s' has %s at %d, expected a whole number"
                  .formatted(file, entry.getKey(), value, i));
        }
        values[i] = value.longValue();
      }
      inputs.put(entry.getKey(), values);
    }
    return inputs;
  }

  /** Writes them, atomically. */
  public static void write(Map<String, long[]> inputs, Path file) throws IOException {
    Json.write(file, inputs);
  }
}
