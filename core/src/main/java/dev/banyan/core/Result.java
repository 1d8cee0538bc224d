package dev.banyan.core;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Every figure a command prints, as one JSON object: {@code command, version, seed, host {cores,
 * memoryBytes, jdk}, startedAt}, then the figures in the order they were put. Names are camelCase
 * with the SI unit in the name ({@code trainSeconds}, {@code kvBytesPerToken}).
 */
public final class Result {
  private static final Pattern CAMEL_CASE = Pattern.compile("[a-z][A-Za-z0-9]*");

  private final Map<String, @Nullable Object> fields = new LinkedHashMap<>();

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
   *     number that is not finite is written as null, since JSON has no word for it
   * @throws IllegalArgumentException when the name is not camelCase or is already taken
   */
  public Result put(String name, Object value) {
    if (!CAMEL_CASE.matcher(name).matches()) {
      throw new IllegalArgumentException("result field '" + name + "' is not camelCase");
    }
    if (fields.containsKey(name)) {
      throw new IllegalArgumentException("result field '" + name + "' is already there");
    }
    fields.put(name, finite(value));
    return this;
  }

  /** The fields in order. */
  public Map<String, @Nullable Object> fields() {
    return Collections.unmodifiableMap(fields);
  }

  /** Writes the object to {@code file}, atomically. */
  public void write(Path file) throws IOException {
    Json.write(file, fields);
  }

  private static @Nullable Object finite(@Nullable Object value) {
    if (value instanceof Double || value instanceof Float) {
      return Double.isFinite(((Number) value).doubleValue()) ? value : null;
    }
    if (value instanceof Map<?, ?> map) {
      Map<Object, @Nullable Object> copy = new LinkedHashMap<>();
      map.forEach((key, each) -> copy.put(key, finite(each)));
      return copy;
    }
    if (value instanceof List<?> list) {
      List<@Nullable Object> copy = new ArrayList<>(list.size());
      list.forEach(each -> copy.add(finite(each)));
      return copy;
    }
    return value;
  }
}
