package dev.banyan.model.template;

import java.math.BigInteger;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Arguments of a call: in order and by name. */
record Arguments(List<Value> positional, Map<String, Value> named) {
  static final Arguments NONE = new Arguments(List.of(), Map.of());

  /** Arguments as a callee's parameters see them. */
  record Bound(String callee, Map<String, Value> values) {
    /** Null when it was not given. */
    @Nullable Value get(String name) {
      return values.get(name);
    }

    Value get(String name, Value usual) {
      Value value = values.get(name);
      return value == null ? usual : value;
    }

    Value need(String name) {
      Value value = values.get(name);
      if (value == null) {
        throw Fault.of("%s: argument '%s' is missing".formatted(callee, name));
      }
      return value;
    }

    boolean has(String name) {
      return values.containsKey(name);
    }

    /** A whole number; {@code usual} when it was not given or is None. */
    int whole(String name, int usual) {
      Value value = values.get(name);
      if (value == null || value instanceof Value.None) {
        return usual;
      }
      BigInteger whole = Numbers.asWhole(value);
      if (whole == null) {
        throw Fault.of("%s: %s is a whole number, not %s".formatted(callee, name, value.type()));
      }
      return whole.bitLength() < 32 ? whole.intValue() : whole.signum() * Integer.MAX_VALUE;
    }

    boolean truth(String name, boolean usual) {
      Value value = values.get(name);
      return value == null ? usual : Compare.truth(value);
    }

    /** A string; null when it was not given or is None. */
    @Nullable String text(String name) {
      Value value = values.get(name);
      if (value == null || value instanceof Value.None) {
        return null;
      }
      if (value instanceof Value.Text text) {
        return text.value();
      }
      throw Fault.of("%s: %s is a string, not %s".formatted(callee, name, value.type()));
    }
  }

  /**
   * Gives each argument its parameter.
   *
   * @throws Fault when there are more than parameters, one is given twice or has an unknown name
   */
  Bound bind(String callee, String... parameters) {
    var values = new LinkedHashMap<String, Value>();
    if (positional.size() > parameters.length) {
      throw Fault.of(
          "%s takes at most %d arguments, not %d"
              .formatted(callee, parameters.length, positional.size()));
    }
    for (int i = 0; i < positional.size(); i++) {
      values.put(parameters[i], positional.get(i));
    }
    named.forEach(
        (name, value) -> {
          if (!List.of(parameters).contains(name)) {
            throw Fault.of("%s has no argument '%s'".formatted(callee, name));
          }
          if (values.put(name, value) != null) {
            throw Fault.of("%s: argument '%s' is given twice".formatted(callee, name));
          }
        });
    return new Bound(callee, values);
  }
}
