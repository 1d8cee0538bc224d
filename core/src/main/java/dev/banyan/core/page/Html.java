package dev.banyan.core.page;

/** Text made safe for HTML and SVG, as content and in quoted attributes. */
public final class Html {
  private Html() {}

  /**
   * Escapes {@code & < > " '}; characters a browser would refuse (controls, lone surrogates) and
   * those that turn the direction of following text become U+FFFD.
   */
  public static String text(String raw) {
    var safe = new StringBuilder(raw.length() + 16);
    raw.codePoints()
        .forEach(
            c -> {
              switch (c) {
                case '&' -> safe.append("&amp;");
                case '<' -> safe.append("&lt;");
                case '>' -> safe.append("&gt;");
                case '"' -> safe.append("&quot;");
                case '\'' -> safe.append("&#39;");
                default -> safe.appendCodePoint(allowed(c) ? c : 0xFFFD);
              }
            });
    return safe.toString();
  }

  private static boolean allowed(int c) {
    boolean control = (c < 0x20 && c != '\n' && c != '\t') || (c >= 0x7F && c < 0xA0);
    boolean surrogate = c >= 0xD800 && c <= 0xDFFF;
    boolean turns = (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
    return !control && !surrogate && !turns && (c & 0xFFFE) != 0xFFFE;
  }
}
