package dev.banyan.weights;

import dev.banyan.core.UserInputException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SequencedMap;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;

/**
 * {@code model.safetensors.index.json}: which file of the folder holds which tensor.
 *
 * @param files file name by tensor name, in the order of the index
 */
record WeightIndex(SequencedMap<String, String> files) {
  static final String FILE = "model.safetensors.index.json";

  /**
   * Reads an index.
   *
   * @param file the file's name, for messages
   * @throws UserInputException when it is no index, or names a file outside the folder
   */
  static WeightIndex parse(String file, byte[] json) {
    JsonNode root = JsonText.parse(file, json);
    JsonNode map = root.isObject() ? root.get("weight_map") : null;
    if (map == null || !map.isObject() || map.isEmpty()) {
      throw new UserInputException(
          file + ": has no weight_map, the object that gives each tensor's file");
    }
    var files = new LinkedHashMap<String, String>();
    map.forEachEntry(
        (tensor, shard) -> {
          if (!shard.isString() || !isPlainName(shard.stringValue())) {
            throw new UserInputException(
                String.format(
                    Locale.ROOT,
                    "%s: tensor '%s' is in %s, expected the name of a file in this folder",
                    file,
                    JsonText.oneLine(tensor),
                    JsonText.oneLine(shard.toString())));
          }
          files.put(tensor, shard.stringValue());
        });
    return new WeightIndex(Collections.unmodifiableSequencedMap(files));
  }

  /** An index must not lead out of its folder. */
  private static boolean isPlainName(String name) {
    return !name.isEmpty()
        && !name.startsWith(".")
        && name.chars().noneMatch(c -> c == '/' || c == '\\' || c < ' ');
  }

  /** The index transformers writes for these shards: sorted keys, two spaces, sums as metadata. */
  static String write(List<ShardPlan.Shard> shards) {
    long parameters = 0;
    long bytes = 0;
    var files = new TreeMap<String, String>();
    for (var shard : shards) {
      for (var placed : shard.header().tensors().values()) {
        parameters += placed.spec().elements();
        bytes += placed.spec().bytes();
        files.put(placed.spec().name(), shard.file());
      }
    }
    var sums =
        new TreeMap<String, Long>(Map.of("total_parameters", parameters, "total_size", bytes));
    var index = new LinkedHashMap<String, Object>();
    index.put("metadata", sums);
    index.put("weight_map", files);
    return JsonText.pretty(index);
  }
}
