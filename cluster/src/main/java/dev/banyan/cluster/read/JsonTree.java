package dev.banyan.cluster.read;

import dev.banyan.core.Json;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.databind.MappingIterator;

/** JSON as maps and lists. */
final class JsonTree {
  private JsonTree() {}

  /** All values of a text that holds several, one behind the other. */
  static List<@Nullable Object> all(byte[] bytes) throws BrokenInput {
    List<@Nullable Object> all = new ArrayList<>();
    try (MappingIterator<Object> values = Json.mapper().readerFor(Object.class).readValues(bytes)) {
      while (values.hasNextValue()) {
        all.add(values.nextValue());
      }
    } catch (JacksonException e) {
      if (all.isEmpty()) {
        throw broken(e);
      }
    }
    return all;
  }

  private static BrokenInput broken(JacksonException e) {
    TokenStreamLocation at = e.getLocation();
    String what = e.getOriginalMessage();
    return new BrokenInput(
        at == null ? 0 : Math.max(0, at.getByteOffset()),
        what == null ? "is no JSON" : what.lines().findFirst().orElse("is no JSON"));
  }

  static @Nullable Object read(byte[] bytes) throws BrokenInput {
    try {
      return Json.mapper().readValue(bytes, Object.class);
    } catch (JacksonException e) {
      throw broken(e);
    }
  }
}
