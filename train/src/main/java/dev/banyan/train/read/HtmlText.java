package dev.banyan.train.read;

import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * The readable text of an HTML page: no tags, comments, scripts or styles; block elements begin new
 * lines, white space is collapsed except in {@code pre}, common character references are resolved.
 * It never fails, whatever the page looks like. Cost: one pass.
 */
final class HtmlText {
  private static final Set<String> SILENT =
      Set.of("script", "style", "noscript", "template", "svg", "iframe", "object", "head");
  private static final Set<String> BLOCK =
      Set.of(
          "address",
          "article",
          "aside",
          "blockquote",
          "body",
          "br",
          "dd",
          "div",
          "dl",
          "dt",
          "fieldset",
          "figcaption",
          "figure",
          "footer",
          "form",
          "h1",
          "h2",
          "h3",
          "h4",
          "h5",
          "h6",
          "header",
          "hr",
          "html",
          "li",
          "main",
          "nav",
          "ol",
          "p",
          "pre",
          "section",
          "table",
          "td",
          "th",
          "title",
          "tr",
          "ul");
  private static final Set<String> PARAGRAPH =
      Set.of("p", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "table", "ul", "ol", "dl", "section");
  private static final Map<String, String> NAMED =
      Map.ofEntries(
          Map.entry("amp", "&"),
          Map.entry("lt", "<"),
          Map.entry("gt", ">"),
          Map.entry("quot", "\""),
          Map.entry("apos", "'"),
          Map.entry("nbsp", " "),
          Map.entry("copy", "©"),
          Map.entry("reg", "®"),
          Map.entry("trade", "™"),
          Map.entry("ndash", "–"),
          Map.entry("mdash", "—"),
          Map.entry("hellip", "…"),
          Map.entry("lsquo", "‘"),
          Map.entry("rsquo", "’"),
          Map.entry("ldquo", "“"),
          Map.entry("rdquo", "”"),
          Map.entry("laquo", "«"),
          Map.entry("raquo", "»"),
          Map.entry("bull", "•"),
          Map.entry("middot", "·"),
          Map.entry("times", "×"),
          Map.entry("deg", "°"),
          Map.entry("rarr", "→"),
          Map.entry("larr", "←"));

  /** Characters between the ampersand and the semicolon, the first counted. */
  private static final int LONGEST_REFERENCE = 10;

  private final String html;
  private final StringBuilder out;
  private int at;
  private int preDepth;
  private boolean spacePending;
  private boolean headNeverEnds;

  private HtmlText(String html) {
    this.html = html;
    this.out = new StringBuilder(html.length() / 2);
  }

  static String of(String html) {
    return new HtmlText(html).run();
  }

  private String run() {
    while (at < html.length()) {
      char c = html.charAt(at);
      if (c == '<' && startsTag()) {
        tag();
      } else if (c == '&') {
        reference();
      } else {
        put(c);
        at++;
      }
    }
    return out.toString().strip();
  }

  private boolean startsTag() {
    if (at + 1 >= html.length()) {
      return false;
    }
    char next = html.charAt(at + 1);
    return next == '/' || next == '!' || next == '?' || Character.isLetter(next);
  }

  private void tag() {
    if (html.startsWith("<!--", at)) {
      int end = html.indexOf("-->", at + 4);
      at = end < 0 ? html.length() : end + 3;
      return;
    }
    boolean closing = html.charAt(at + 1) == '/';
    int nameFrom = at + (closing ? 2 : 1);
    int nameTo = nameFrom;
    while (nameTo < html.length() && Character.isLetterOrDigit(html.charAt(nameTo))) {
      nameTo++;
    }
    String name = html.substring(nameFrom, nameTo).toLowerCase(Locale.ROOT);
    at = endOfTag(nameTo);
    if (!closing && SILENT.contains(name) && html.charAt(at - 2) != '/') {
      skipTo(name);
    } else if (BLOCK.contains(name)) {
      preDepth = Math.max(0, preDepth + (name.equals("pre") ? (closing ? -1 : 1) : 0));
      breakLine(PARAGRAPH.contains(name) ? 2 : 1);
    }
  }

  /** Behind the {@code >} that ends the tag; one inside quotes does not. */
  private int endOfTag(int from) {
    char quote = 0;
    for (int i = from; i < html.length(); i++) {
      char c = html.charAt(i);
      if (quote != 0) {
        quote = c == quote ? 0 : quote;
      } else if (c == '>') {
        return i + 1;
      } else if (c == '"' || c == '\'') {
        quote = c;
      }
    }
    return html.length();
  }

  /** Goes behind the end tag of {@code name}; from a head that is never closed, to the body. */
  private void skipTo(String name) {
    boolean head = name.equals("head");
    if (head && headNeverEnds) {
      return; // one look to the end of the page is enough for all its heads
    }
    for (int i = html.indexOf("</", at); i >= 0; i = html.indexOf("</", i + 2)) {
      int behind = i + 2 + name.length();
      if (html.regionMatches(true, i + 2, name, 0, name.length())
          && (behind == html.length() || !Character.isLetterOrDigit(html.charAt(behind)))) {
        at = endOfTag(behind);
        return;
      }
    }
    headNeverEnds |= head;
    at = head ? at : html.length();
  }

  private void reference() {
    int limit = Math.min(html.length(), at + LONGEST_REFERENCE + 1);
    int end = html.indexOf(';', at, limit);
    String text = end > at + 1 ? resolved(html.substring(at + 1, end)) : "";
    if (text.isEmpty()) {
      put('&');
      at++;
      return;
    }
    text.chars().forEach(c -> put((char) c));
    at = end + 1;
  }

  private static String resolved(String name) {
    if (!name.startsWith("#")) {
      return NAMED.getOrDefault(name, "");
    }
    try {
      boolean hex = name.startsWith("#x") || name.startsWith("#X");
      int codePoint =
          hex
              ? Integer.parseInt(name, 2, name.length(), 16)
              : Integer.parseInt(name, 1, name.length(), 10);
      boolean scalar =
          Character.isValidCodePoint(codePoint)
              && (codePoint < Character.MIN_SURROGATE || codePoint > Character.MAX_SURROGATE);
      return scalar && codePoint > 0 ? Character.toString(codePoint) : "\ufffd";
    } catch (NumberFormatException notANumber) {
      return "";
    }
  }

  private void put(char c) {
    if (preDepth > 0) {
      out.append(c == '\u00a0' ? ' ' : c);
      return;
    }
    if (c == ' ' || (c >= '\t' && c <= '\r') || c == '\u00a0') {
      spacePending = true;
      return;
    }
    if (spacePending && !out.isEmpty() && out.charAt(out.length() - 1) != '\n') {
      out.append(' ');
    }
    spacePending = false;
    out.append(c);
  }

  private void breakLine(int lines) {
    spacePending = false;
    if (out.isEmpty()) {
      return;
    }
    int present = 0;
    while (present < out.length() && out.charAt(out.length() - 1 - present) == '\n') {
      present++;
    }
    for (int i = present; i < lines; i++) {
      out.append('\n');
    }
  }
}
