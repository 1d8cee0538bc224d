package dev.banyan.weights.config;

import dev.banyan.core.UserInputException;
import dev.banyan.weights.JsonText;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Typed look-ups in one JSON object of a {@code config.json}. A key that is absent or null has no
 * value; one of the wrong kind is refused with the file's and the key's name. Remembers which keys
 * were asked for.
 */
final class ConfigKeys {
  private final String file;
  private final String prefix;
  private final JsonNode node;
  private final Set<String> asked = new HashSet<>();

  ConfigKeys(String file, String prefix, JsonNode node) {
    this.file = file;
    this.prefix = prefix;
    this.node = node;
  }

  Set<String> asked() {
    return asked;
  }

  /** True when the key is there, even as null. */
  boolean has(String key) {
    asked.add(key);
    return node.has(key);
  }

  @Nullable JsonNode value(String key) {
    asked.add(key);
    JsonNode value = node.get(key);
    return value == null || value.isNull() ? null : value;
  }

  @Nullable Integer integer(String key) {
    JsonNode value = value(key);
    if (value == null) {
      return null;
    }
    if (!value.isIntegralNumber() || !value.canConvertToInt()) {
      throw wrong(key, value, "a whole number");
    }
    return value.intValue();
  }

  int integer(String key, int absent) {
    Integer value = integer(key);
    return value == null ? absent : value;
  }

  /** A size: a whole number of at least 1. */
  int size(String key, int absent) {
    int value = integer(key, absent);
    if (value < 1) {
      throw wrong(key, value(key), "a whole number of at least 1");
    }
    return value;
  }

  @Nullable Double number(String key) {
    JsonNode value = value(key);
    if (value == null) {
      return null;
    }
    if (!value.isNumber() || !Double.isFinite(value.doubleValue())) {
      throw wrong(key, value, "a number");
    }
    return value.doubleValue();
  }

  double number(String key, double absent) {
    Double value = number(key);
    return value == null ? absent : value;
  }

  boolean flag(String key, boolean absent) {
    JsonNode value = value(key);
    if (value == null) {
      return absent;
    }
    if (!value.isBoolean()) {
      throw wrong(key, value, "true or false");
    }
    return value.booleanValue();
  }

  @Nullable String text(String key) {
    JsonNode value = value(key);
    if (value == null) {
      return null;
    }
    if (!value.isString()) {
      throw wrong(key, value, "a string");
    }
    return value.stringValue();
  }

  @Nullable List<String> texts(String key) {
    JsonNode value = value(key);
    if (value == null) {
      return null;
    }
    var read = new ArrayList<String>();
    for (JsonNode item : value) {
      if (!item.isString()) {
        throw wrong(key, value, "a list of strings");
      }
      read.add(item.stringValue());
    }
    return read;
  }

  /** A list of whole numbers; a single one stands for a list of one. */
  List<Integer> integers(String key) {
    JsonNode value = value(key);
    if (value == null) {
      return List.of();
    }
    var read = new ArrayList<Integer>();
    for (JsonNode item : value.isArray() ? value : List.of(value)) {
      if (!item.isIntegralNumber() || !item.canConvertToInt()) {
        throw wrong(key, value, "a whole number or a list of them");
      }
      read.add(item.intValue());
    }
    return read;
  }

  UserInputException wrong(String key, @Nullable JsonNode value, String expected) {
    String text = String.valueOf(value);
    return new UserInputException(
        String.format(
            Locale.ROOT,
            "%s: %s%s is %s, expected %s",
            file,
            prefix,
            key,
            JsonText.oneLine(text),
            expected));
  }
}
