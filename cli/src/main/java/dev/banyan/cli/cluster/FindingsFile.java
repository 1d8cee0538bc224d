package dev.banyan.cli.cluster;

import dev.banyan.core.Json;
import dev.banyan.core.UserInputException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/**
 * What {@code banyan cluster diagnose --json} wrote; JSON stays out of the command's signatures.
 */
final class FindingsFile {
  private FindingsFile() {}

  /** Host → why, of the verdicts that say isolate and are sure. */
  static Map<String, String> toIsolate(Path file) {
    JsonNode findings = Json.read(file, JsonNode.class);
    if (!findings.path("verdicts").isArray()) {
      throw new UserInputException(
          file + " holds no list 'verdicts'; write it with banyan cluster diagnose --json");
    }
    Map<String, String> hosts = new LinkedHashMap<>();
    for (JsonNode verdict : findings.path("verdicts")) {
      if (verdict.path("action").asString("").equals("isolate")) {
        for (JsonNode host : verdict.path("hosts")) {
          hosts.putIfAbsent(host.asString(""), verdict.path("syndrome").asString(""));
        }
      }
    }
    return hosts;
  }
}
