package dev.banyan.serve.remote;

import dev.banyan.core.Json;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** Reads a stream of events (WHATWG HTML, section 9.2) and keeps the bytes of each. */
final class Events {
  private static final int MOST_BYTES = 32 << 20;

  private final InputStream in;

  Events(InputStream in) {
    this.in = new BufferedInputStream(in);
  }

  /**
   * An event as it came.
   *
   * @param bytes all of it, with the empty line that ends it
   * @param data what its {@code data} fields say; empty for a comment
   */
  @SuppressWarnings("ArrayRecordComponent") // read only here
  record Event(byte[] bytes, String data) {
    /** What it says as JSON; an empty object when that is none. */
    JsonNode part() {
      try {
        return Json.mapper().readTree(data);
      } catch (JacksonException e) {
        return Json.mapper().createObjectNode();
      }
    }
  }

  /** Whether a part is an error that is the server's, not the request's. */
  static boolean isFault(JsonNode part) {
    JsonNode error = part.path("error");
    return error.isObject() && error.path("code").asInt(500) >= 500;
  }

  /**
   * The next event; empty at the end. What was begun and not ended is no event.
   *
   * @throws IOException when the connection breaks, or an event has more than 32 MB
   */
  Optional<Event> next() throws IOException {
    var bytes = new ByteArrayOutputStream();
    var data = new StringBuilder();
    var line = new ByteArrayOutputStream();
    int c = in.read();
    while (c >= 0) {
      bytes.write(c);
      if (bytes.size() > MOST_BYTES) {
        throw new IOException("an event has more than " + MOST_BYTES + " bytes");
      }
      if (c == '\n') {
        String text = line.toString(StandardCharsets.UTF_8);
        line.reset();
        if (text.endsWith("\r")) {
          text = text.substring(0, text.length() - 1);
        }
        if (text.isEmpty()) {
          return Optional.of(new Event(bytes.toByteArray(), data.toString()));
        }
        if (text.startsWith("data:")) {
          data.append(data.isEmpty() ? "" : "\n");
          data.append(text, text.startsWith("data: ") ? 6 : 5, text.length());
        }
      } else {
        line.write(c);
      }
      c = in.read();
    }
    return Optional.empty();
  }
}
