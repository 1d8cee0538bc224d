package dev.banyan.cluster.read;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Tells what a file is by its first bytes; names do not matter. */
public final class Sniff {
  private static final int LOOKED_AT = 1 << 16;

  private Sniff() {}

  /** What a file can be. */
  public enum Kind {
    PICKLE,
    FLIGHT_RECORDER_JSON,
    EVENTS_JSON,
    EVENTS_BINARY,
    EMPTY,
    UNKNOWN
  }

  /** Looks at the beginning of a file. */
  public static Kind of(Path path) throws IOException {
    byte[] head;
    try (InputStream in = Files.newInputStream(path)) {
      head = in.readNBytes(LOOKED_AT);
    }
    return of(head);
  }

  static Kind of(byte[] head) {
    if (head.length == 0) {
      return Kind.EMPTY;
    }
    if ((head[0] & 0xff) == 0x80) {
      return Kind.PICKLE;
    }
    var text = new String(head, StandardCharsets.ISO_8859_1);
    if (text.startsWith("BNEV")) {
      return Kind.EVENTS_BINARY;
    }
    String begin = text.stripLeading();
    if (!begin.startsWith("{") && !begin.startsWith("[")) {
      return Kind.UNKNOWN;
    }
    if (text.contains("\"pg_config\"")
        || text.contains("\"profiling_name\"")
        || text.contains("\"pg_status\"")) {
      return Kind.FLIGHT_RECORDER_JSON;
    }
    if (text.contains("\"ev\"")) {
      return Kind.EVENTS_JSON;
    }
    return Kind.UNKNOWN;
  }
}
