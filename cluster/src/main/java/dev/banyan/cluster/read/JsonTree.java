package dev.banyan.cluster.read;

import dev.banyan.core.Json;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.TokenStreamLocation;

/** JSON as maps and lists. */
final class JsonTree {
  private JsonTree() {}

  static @Nullable Object read(byte[] bytes) throws BrokenInput {
    try {
      return Json.mapper().readValue(bytes, Object.class);
    } catch (JacksonException e) {
      TokenStreamLocation at = e.getLocation();
      String what = e.getOriginalMessage();
      throw new BrokenInput(
          at == null ? 0 : Math.max(0, at.getByteOffset()),
          what == null ? "is no JSON" : what.lines().findFirst().orElse("is no JSON"));
    }
  }
}
