package dev.banyan.serve.http;

import java.util.LinkedHashMap;
import java.util.Map;

/** A page of metrics in the Prometheus text format 0.0.4: the samples of each stand together. */
public final class Exposition {
  /** The media type of {@link #text}. */
  public static final String TYPE = "text/plain; version=0.0.4";

  private final Map<String, StringBuilder> metrics = new LinkedHashMap<>();

  /** A value as it is now. */
  public Exposition gauge(String name, String help, Map<String, String> labels, Number value) {
    return add(name, "gauge", help, labels, value);
  }

  /** A value that only grows; its name ends in {@code _total}. */
  public Exposition counter(String name, String help, Map<String, String> labels, Number value) {
    return add(name, "counter", help, labels, value);
  }

  private Exposition add(
      String name, String type, String help, Map<String, String> labels, Number value) {
    StringBuilder all =
        metrics.computeIfAbsent(
            name,
            unused ->
                new StringBuilder(
                    "# HELP %s %s\n# TYPE %s %s\n".formatted(name, help, name, type)));
    all.append(name);
    String before = "{";
    for (Map.Entry<String, String> each : labels.entrySet()) {
      all.append(before).append(each.getKey()).append("=\"");
      all.append(each.getValue().replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n"));
      all.append('"');
      before = ",";
    }
    all.append(labels.isEmpty() ? " " : "} ").append(value).append('\n');
    return this;
  }

  /** The page. */
  public String text() {
    return String.join("", metrics.values());
  }
}
