package dev.banyan.core;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.NullNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Every figure a command prints, as one JSON object: {@code command, version, seed, host {cores,
 * memoryBytes, jdk}, startedAt}, then the figures in the order they were put. Names are camelCase
 * with the SI unit in the name ({@code trainSeconds}, {@code kvBytesPerToken}).
 */
public final class Result {
  private static final Pattern CAMEL_CASE = Pattern.compile("[a-z][A-Za-z0-9]*");

  private static final Set<String> BEGINNING =
      Set.of("command", "version", "seed", "host", "startedAt");

  private final Map<String, Object> fields = new LinkedHashMap<>();

  private Result(String command, Seed seed, Clock clock) {
    fields.put("command", command);
    fields.put("version", Version.current());
    fields.put("seed", seed.value());
    fields.put("host", Host.here());
    fields.put("startedAt", Instant.now(clock).truncatedTo(ChronoUnit.MILLIS).toString());
  }

  /** The machine a result was made on. */
  public record Host(int cores, long memoryBytes, String jdk) {
    /** This machine, or the container this process lives in. */
    public static Host here() {
      long memory =
          ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean os
              ? os.getTotalMemorySize()
              : 0;
      return new Host(
          Runtime.getRuntime().availableProcessors(), memory, Runtime.version().toString());
    }
  }

  /** Begins the result of {@code command} (as typed, for example {@code banyan world write}). */
  public static Result of(String command, Seed seed) {
    return of(command, seed, Clock.systemUTC());
  }

  public static Result of(String command, Seed seed, Clock clock) {
    return new Result(command, seed, clock);
  }

  /**
   * Adds a figure.
   *
   * @param value a number, string, boolean, record, {@link Interval}, list, or map of these; a
   *     number that is not finite, also inside a record or an array, is written as null, since JSON
   *     has no word for it
   * @throws IllegalArgumentException when the name is not camelCase or is already taken
   */
  public Result put(String name, Object value) {
    if (!CAMEL_CASE.matcher(name).matches()) {
      throw new IllegalArgumentException("result field '" + name + "' is not camelCase");
    }
    if (fields.containsKey(name)) {
      throw new IllegalArgumentException("result field '" + name + "' is already there");
    }
    fields.put(name, finite(Json.mapper().valueToTree(value)));
    return this;
  }

  /** The fields in order. */
  public Map<String, Object> fields() {
    return Collections.unmodifiableMap(fields);
  }

  /** The fields that were put, without those that every result begins with. */
  public Map<String, Object> figures() {
    var figures = new LinkedHashMap<>(fields);
    figures.keySet().removeAll(BEGINNING);
    return Collections.unmodifiableMap(figures);
  }

  /** Writes the object to {@code file}, atomically. */
  public void write(Path file) throws IOException {
    Json.write(file, fields);
  }

  /** The object as {@link #write} writes it. */
  public String text() {
    return Json.text(fields);
  }

  /** What the value looks like in the file: records and arrays are trees by now. */
  private static JsonNode finite(JsonNode value) {
    if (value.isFloatingPointNumber() && !Double.isFinite(value.doubleValue())) {
      return NullNode.getInstance();
    }
    if (value instanceof ObjectNode object) {
      object.properties().forEach(field -> field.setValue(finite(field.getValue())));
    } else if (value instanceof ArrayNode array) {
      for (int i = 0; i < array.size(); i++) {
        array.set(i, finite(array.get(i)));
      }
    }
    return value;
  }
}
