package dev.banyan.model.template;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Jinja's namespace: the one thing whose attributes {@code set} can change from anywhere. */
final class Namespace implements Value {
  private final Map<String, Value> fields = new LinkedHashMap<>();

  @Nullable Value get(String name) {
    return fields.get(name);
  }

  void set(String name, Value value) {
    fields.put(name, value);
  }
}
