package dev.banyan.serve.http;

import dev.banyan.core.Json;
import dev.banyan.core.UserInputException;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * Stages of requests as OpenTelemetry spans in OTLP/JSON: each line is an {@code
 * ExportTraceServiceRequest} of one request, as the collector's file receiver reads them. Times are
 * decimal strings of nanoseconds, ids are hexadecimal, enums are numbers (OTLP 1, JSON encoding). A
 * {@code traceparent} header of the client (W3C Trace Context) is the parent.
 */
public final class Spans implements AutoCloseable {
  private static final int INTERNAL = 1;
  private static final int SERVER = 2;

  private final BufferedWriter out;
  private boolean closed;
  private @Nullable IOException failure;

  /**
   * Begins a file.
   *
   * @throws UserInputException when it cannot be written
   */
  public Spans(Path file) {
    try {
      out = Files.newBufferedWriter(file);
    } catch (IOException e) {
      throw new UserInputException(file + " cannot be written: " + e.getMessage(), e);
    }
  }

  /** When stages of a request ended, in nanoseconds since 1970; 0 for one that was not reached. */
  record Times(long arrived, long submitted, long firstToken, long end) {}

  void write(String traceparent, String route, String id, Times times, Map<String, Long> counts) {
    String trace = hex() + hex();
    String parent = "";
    String[] parts = traceparent.split("-");
    if (parts.length == 4 && parts[1].matches("[0-9a-f]{32}") && parts[2].matches("[0-9a-f]{16}")) {
      trace = parts[1];
      parent = parts[2];
    }
    String root = hex();
    List<Object> spans = new ArrayList<>();
    List<Object> attributes = new ArrayList<>();
    attributes.add(text("http.route", route));
    attributes.add(text("gen_ai.response.id", id));
    counts.forEach(
        (name, count) ->
            attributes.add(Map.of("key", name, "value", Map.of("intValue", Long.toString(count)))));
    spans.add(span(trace, root, parent, route, SERVER, times.arrived(), times.end(), attributes));
    long submitted = times.submitted() == 0 ? times.end() : times.submitted();
    spans.add(span(trace, hex(), root, "prepare", INTERNAL, times.arrived(), submitted, List.of()));
    if (times.submitted() > 0) {
      boolean seen = times.firstToken() > 0;
      String stage = seen ? "wait and prefill" : "wait, prefill and decode";
      long first = seen ? times.firstToken() : times.end();
      spans.add(span(trace, hex(), root, stage, INTERNAL, submitted, first, List.of()));
      if (times.firstToken() > 0) {
        spans.add(span(trace, hex(), root, "decode", INTERNAL, first, times.end(), List.of()));
      }
    }
    Map<String, Object> scope = new LinkedHashMap<>();
    scope.put("scope", Map.of("name", "banyan.serve"));
    scope.put("spans", spans);
    var resource = Map.of("attributes", List.of(text("service.name", "banyan-gateway")));
    Map<String, Object> all =
        Map.of(
            "resourceSpans", List.of(Map.of("resource", resource, "scopeSpans", List.of(scope))));
    line(Json.mapper().writeValueAsString(all));
  }

  private synchronized void line(String text) {
    if (closed || failure != null) {
      return; // the server has ended, or the file: what is answered then is not told any more
    }
    try {
      out.write(text);
      out.newLine();
      out.flush();
    } catch (IOException e) {
      failure = e; // an answer does not fail for it
    }
  }

  private static Map<String, Object> span(
      String trace,
      String id,
      String parent,
      String name,
      int kind,
      long start,
      long end,
      List<Object> attributes) {
    Map<String, Object> span = new LinkedHashMap<>();
    span.put("traceId", trace);
    span.put("spanId", id);
    if (!parent.isEmpty()) {
      span.put("parentSpanId", parent);
    }
    span.put("name", name);
    span.put("kind", kind);
    span.put("startTimeUnixNano", Long.toString(start));
    span.put("endTimeUnixNano", Long.toString(end));
    span.put("attributes", attributes);
    return span;
  }

  private static Map<String, Object> text(String key, String value) {
    return Map.of("key", key, "value", Map.of("stringValue", value));
  }

  private static String hex() {
    return "%016x".formatted(ThreadLocalRandom.current().nextLong(1, Long.MAX_VALUE));
  }

  /**
   * Ends the file.
   *
   * @throws IOException when one of the spans could not be written, after which none was
   */
  @Override
  public synchronized void close() throws IOException {
    closed = true;
    try {
      out.close();
    } catch (IOException e) {
      failure = failure == null ? e : failure;
    }
    if (failure != null) {
      throw new IOException("spans could not be written: " + failure.getMessage(), failure);
    }
  }
}
