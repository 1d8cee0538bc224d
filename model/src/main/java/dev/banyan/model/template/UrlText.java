package dev.banyan.model.template;

import java.nio.charset.StandardCharsets;

/** Percent-encoding (RFC 3986) as Python's {@code urllib.parse.quote} does it. */
final class UrlText {
  private UrlText() {}

  /**
   * The text encoded.
   *
   * @param path whether a slash stays, as in a path, and a blank is not a plus sign
   */
  static String quoted(String text, boolean path) {
    var out = new StringBuilder();
    for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
      int c = b & 0xff;
      boolean plain =
          (c >= 'a' && c <= 'z')
              || (c >= 'A' && c <= 'Z')
              || (c >= '0' && c <= '9')
              || "_.-~".indexOf(c) >= 0
              || (path && c == '/');
      if (plain) {
        out.append((char) c);
      } else if (!path && c == ' ') {
        out.append('+');
      } else {
        out.append("%%%02X".formatted(c));
      }
    }
    return out.toString();
  }
}
