package dev.banyan.core.page;

import dev.banyan.core.Table;
import dev.banyan.core.Version;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** The frame of a report, and its tables. */
public final class Page {
  private Page() {}

  /** The document around {@code body}, which is HTML; the rest is text. */
  public static String html(String title, String subtitle, List<String> sections, String body) {
    var page = new StringBuilder(body.length() + 16_384);
    page.append("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    // Nothing in the page can reach the network or run, whatever text a model wrote into it.
    page.append(
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none';"
            + " style-src 'unsafe-inline'; img-src data:\">\n");
    page.append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    page.append("<meta name=\"color-scheme\" content=\"light dark\">\n");
    page.append("<title>").append(Html.text(title)).append("</title>\n<style>\n");
    page.append(style()).append("</style>\n</head>\n<body>\n<main>\n<header>\n<h1>");
    page.append(Html.text(title)).append("</h1>\n");
    if (!subtitle.isEmpty()) {
      page.append("<p class=\"subtitle\">").append(Html.text(subtitle)).append("</p>\n");
    }
    page.append("</header>\n");
    if (sections.size() >= 3) {
      page.append("<nav aria-label=\"Sections\"><ol>");
      for (int i = 0; i < sections.size(); i++) {
        page.append("<li><a href=\"#s" + (i + 1) + "\">" + Html.text(sections.get(i)));
        page.append("</a></li>");
      }
      page.append("</ol></nav>\n");
    }
    page.append(body).append("<footer>Made by Banyan ");
    page.append(Html.text(Version.current())).append("</footer>\n</main>\n</body>\n</html>\n");
    return page.toString();
  }

  /** A table that scrolls sideways where the screen is narrow. */
  public static String table(Table table) {
    var html =
        new StringBuilder("<figure class=\"table\"><div class=\"scroll\"><table>\n<thead><tr>");
    int columns = table.columns().size();
    for (int c = 0; c < columns; c++) {
      html.append("<th scope=\"col\"").append(table.isNumeric(c) ? " class=\"n\">" : ">");
      html.append(Html.text(table.columns().get(c))).append("</th>");
    }
    html.append("</tr></thead>\n<tbody>\n");
    for (int r = 0; r < table.rows(); r++) {
      html.append("<tr>");
      for (int c = 0; c < columns; c++) {
        String kind = (table.isNumeric(c) ? "n" : "") + (table.isBest(r, c) ? " best" : "");
        html.append(kind.isEmpty() ? "<td>" : "<td class=\"" + kind.strip() + "\">");
        html.append(Html.text(table.text(r, c))).append("</td>");
      }
      html.append("</tr>\n");
    }
    html.append("</tbody>\n</table></div>").append(caption(table.captionText()));
    return html.append("</figure>").toString();
  }

  /** A figure's caption, or nothing. */
  public static String caption(String text) {
    return text.isEmpty() ? "" : "<figcaption>" + Html.text(text) + "</figcaption>";
  }

  private static String style() {
    try (InputStream in = Page.class.getResourceAsStream("report.css")) {
      if (in == null) {
        throw new IllegalStateException("report.css is not on the class path");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
