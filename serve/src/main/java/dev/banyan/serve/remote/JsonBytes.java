package dev.banyan.serve.remote;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Finds its way in JSON as bytes, so that what is taken out of a part of a stream leaves every
 * other byte as it came. One pass; what is no JSON is passed over as it stands.
 */
final class JsonBytes {
  private JsonBytes() {}

  /**
   * The same without every member of a name, and without the comma that its going leaves.
   *
   * @param depth of the objects it is taken out of: 1 for the outermost, 3 for those in a list of
   *     it
   */
  static byte[] without(byte[] event, String name, int depth) {
    byte[] wanted = name.getBytes(StandardCharsets.US_ASCII);
    byte[] out = new byte[event.length];
    int size = 0;
    int level = 0;
    int at = 0;
    while (at < event.length) {
      byte c = event[at];
      if (c != '"') {
        level += c == '{' || c == '[' ? 1 : c == '}' || c == ']' ? -1 : 0;
        out[size++] = c;
        at++;
        continue;
      }
      int end = stringEnd(event, at);
      int value = level == depth ? afterColon(event, end) : end;
      if (value > end
          && end - at - 2 == wanted.length
          && Arrays.equals(event, at + 1, end - 1, wanted, 0, wanted.length)) {
        at = valueEnd(event, value);
        int before = size;
        while (before > 0 && isBlank(out[before - 1])) {
          before--;
        }
        int next = blanks(event, at);
        if (before > 0 && out[before - 1] == ',') {
          size = before - 1;
        } else if (next < event.length && event[next] == ',') {
          at = next + 1;
        }
      } else {
        System.arraycopy(event, at, out, size, end - at);
        size += end - at;
        at = end;
      }
    }
    return Arrays.copyOf(out, size);
  }

  /** Past the string that begins with this quote. */
  static int stringEnd(byte[] event, int quote) {
    int at = quote + 1;
    while (at < event.length && event[at] != '"') {
      at += event[at] == '\\' ? 2 : 1;
    }
    return Math.min(event.length, at + 1);
  }

  /** Where the value after a name and its colon begins; {@code end} when there is no colon. */
  static int afterColon(byte[] event, int end) {
    int at = blanks(event, end);
    return at < event.length && event[at] == ':' ? blanks(event, at + 1) : end;
  }

  /** Past a value of any kind. */
  private static int valueEnd(byte[] event, int value) {
    int level = 0;
    int at = value;
    while (at < event.length) {
      byte c = event[at];
      if (c == '"') {
        at = stringEnd(event, at);
      } else if (level == 0 && (c == ',' || c == '}' || c == ']' || isBlank(c))) {
        return at;
      } else {
        level += c == '{' || c == '[' ? 1 : c == '}' || c == ']' ? -1 : 0;
        at++;
      }
      if (level == 0 && (c == '"' || c == '}' || c == ']')) {
        return at;
      }
    }
    return at;
  }

  private static int blanks(byte[] event, int from) {
    int at = from;
    while (at < event.length && (event[at] == ' ' || event[at] == '\t')) {
      at++;
    }
    return at;
  }

  private static boolean isBlank(byte c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
  }
}
