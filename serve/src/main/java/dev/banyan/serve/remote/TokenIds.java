package dev.banyan.serve.remote;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Set;

/**
 * Takes token ids that a client did not ask for out of a part of a stream, and leaves every other
 * byte as it came. Where a server has no ids to tell it writes {@code null}, so that is what stays.
 */
final class TokenIds {
  private static final Set<String> NAMES = Set.of("token_ids", "prompt_token_ids");

  /** Of the whole answer, and of a choice: {@code {"choices": [{"token_ids": …}]}}. */
  private static final Set<Integer> DEPTHS = Set.of(1, 3);

  private TokenIds() {}

  /** The same bytes with {@code null} for the lists. */
  static byte[] hidden(byte[] event) {
    var out = new ByteArrayOutputStream(event.length);
    int depth = 0;
    int at = 0;
    while (at < event.length) {
      byte c = event[at];
      if (c == '"') {
        int end = JsonBytes.stringEnd(event, at);
        out.write(event, at, end - at);
        int value = JsonBytes.afterColon(event, end);
        String name = new String(event, at + 1, Math.max(0, end - at - 2), StandardCharsets.UTF_8);
        at = end;
        if (value < event.length
            && value > end
            && event[value] == '['
            && DEPTHS.contains(depth)
            && NAMES.contains(name)) {
          out.write(event, end, value - end);
          out.writeBytes("null".getBytes(StandardCharsets.US_ASCII));
          at = listEnd(event, value);
        }
      } else {
        depth += c == '{' || c == '[' ? 1 : c == '}' || c == ']' ? -1 : 0;
        out.write(c);
        at++;
      }
    }
    return out.toByteArray();
  }

  private static int listEnd(byte[] event, int bracket) {
    int at = bracket;
    while (at < event.length && event[at] != ']') {
      at++;
    }
    return Math.min(event.length, at + 1);
  }
}
