package dev.banyan.cluster.read;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;

/** Tells what a file is by its first bytes; names do not matter. */
public final class Sniff {
  private static final int LOOKED_AT = 1 << 16;

  private Sniff() {}

  /** What a file can be. */
  public enum Kind {
    PICKLE,
    FLIGHT_RECORDER_JSON,
    INSPECTOR,
    RAS,
    KINETO,
    HOST,
    EVENTS_JSON,
    EVENTS_BINARY,
    EMPTY,
    UNKNOWN
  }

  /** Looks at the beginning of a file. */
  public static Kind of(Path path) throws IOException {
    byte[] head;
    try (InputStream in = open(path)) {
      head = in.readNBytes(LOOKED_AT);
    }
    return of(head);
  }

  /** A file's bytes, unpacked when it is gzip. */
  public static InputStream open(Path path) throws IOException {
    var in = new BufferedInputStream(Files.newInputStream(path), 1 << 16);
    in.mark(2);
    boolean packed = in.read() == 0x1f && in.read() == 0x8b;
    in.reset();
    try {
      return packed ? new GZIPInputStream(in, 1 << 16) : in;
    } catch (IOException e) {
      in.close();
      throw e;
    }
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
    if (text.contains("NVRM: Xid") || text.startsWith("Inter-|")) {
      return Kind.HOST;
    }
    String begin = text.stripLeading();
    if (!begin.startsWith("{") && !begin.startsWith("[")) {
      return Kind.UNKNOWN;
    }
    if (text.contains("\"coll_perf\"")
        || text.contains("\"p2p_perf\"")
        || text.contains("\"inspector_output_format_version\"")) {
      return Kind.INSPECTOR;
    }
    if (text.contains("\"communicators\"")) {
      return Kind.RAS;
    }
    if (text.contains("\"traceEvents\"")
        || text.contains("\"distributedInfo\"")
        || text.contains("\"schemaVersion\"")) {
      return Kind.KINETO;
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
