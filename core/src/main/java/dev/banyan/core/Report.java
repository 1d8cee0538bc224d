package dev.banyan.core;

import dev.banyan.core.page.ChartFigure;
import dev.banyan.core.page.Html;
import dev.banyan.core.page.Page;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A page that explains a result: one HTML file that needs no network and no script, reads well on a
 * phone, in the dark and on paper. What is added appears in order; all text is escaped.
 *
 * <pre>{@code
 * Report.titled("A first life")
 *     .figure("bits per byte", "1.42", "0.87 × the 5-gram")
 *     .section("Pretraining")
 *     .chart(Chart.lines("Loss").x("step").y("bits per byte").series("train", steps, losses))
 *     .command("banyan life --scale tiny")
 *     .write(Path.of("report.html"));
 * }</pre>
 */
public final class Report {
  private static final Set<String> IMAGES =
      Set.of("image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml");

  private final String title;
  private final StringBuilder body = new StringBuilder();
  private final List<String> sections = new ArrayList<>();
  private String subtitle = "";
  private boolean tiles;

  private Report(String title) {
    this.title = title;
  }

  /** A page with this heading. */
  public static Report titled(String title) {
    return new Report(title);
  }

  /** A page with a result's figures in a table. */
  public static Report of(Result result) {
    Table table = Table.of("figure", "value");
    Report report = titled(String.valueOf(result.fields().get("command")));
    // Records become maps here, so that their fields get rows of their own.
    flatten("", Json.mapper().convertValue(result.fields(), Map.class), table);
    return report.table(table);
  }

  /** A line below the heading. */
  public Report subtitle(String text) {
    subtitle = text;
    return this;
  }

  /** Begins a section; with three or more the page has a list of them. */
  public Report section(String heading) {
    sections.add(heading);
    return add("<h2 id=\"s" + sections.size() + "\">" + Html.text(heading) + "</h2>");
  }

  /** A smaller heading. */
  public Report heading(String text) {
    return add("<h3>" + Html.text(text) + "</h3>");
  }

  public Report paragraph(String text) {
    return add("<p>" + Html.text(text) + "</p>");
  }

  /** A remark set apart, for what the reader must not miss. */
  public Report note(String text) {
    return add("<p class=\"note\">" + Html.text(text) + "</p>");
  }

  public Report list(List<String> items) {
    var list = new StringBuilder("<ul>");
    items.forEach(item -> list.append("<li>").append(Html.text(item)).append("</li>"));
    return add(list.append("</ul>").toString());
  }

  /**
   * A key figure in a tile; figures that follow one another share a row.
   *
   * @param label what it is, for example {@code bits per byte}
   * @param value short
   * @param note what to compare it with; may be empty
   */
  public Report figure(String label, String value, String note) {
    if (!tiles) {
      body.append("<div class=\"tiles\">\n");
      tiles = true;
    }
    body.append("<div class=\"tile\"><span class=\"label\">" + Html.text(label));
    body.append("</span><span class=\"value\">" + Html.text(value) + "</span>");
    if (!note.isEmpty()) {
      body.append("<span class=\"remark\">" + Html.text(note) + "</span>");
    }
    body.append("</div>\n");
    return this;
  }

  public Report chart(Chart chart) {
    return add(ChartFigure.html(chart));
  }

  public Report table(Table table) {
    return add(Page.table(table));
  }

  /**
   * A picture, carried inside the page.
   *
   * @param mediaType {@code image/png}, {@code jpeg}, {@code gif}, {@code webp} or {@code svg+xml}
   * @param alt what it shows, for those who cannot see it
   * @param caption a sentence below; may be empty
   */
  public Report image(byte[] bytes, String mediaType, String alt, String caption) {
    if (!IMAGES.contains(mediaType)) {
      throw new IllegalArgumentException("media type " + mediaType + " is none of " + IMAGES);
    }
    String data = Base64.getEncoder().encodeToString(bytes);
    return add(
        String.format(
            Locale.ROOT,
            "<figure><img src=\"data:%s;base64,%s\" alt=\"%s\">%s</figure>",
            mediaType,
            data,
            Html.text(alt),
            Page.caption(caption)));
  }

  /** Text as a model or a file gave it, with its line ends, below a label. */
  public Report sample(String label, String text) {
    return add(
        String.format(
            Locale.ROOT,
            "<div class=\"sample\"><span class=\"label\">%s</span><pre>%s</pre></div>",
            Html.text(label),
            Html.text(text)));
  }

  /** The command that repeats the figure above it. */
  public Report command(String line) {
    return add("<pre class=\"command\"><code>" + Html.text(line) + "</code></pre>");
  }

  /** The whole page. */
  public String html() {
    return Page.html(title, subtitle, sections, body + (tiles ? "</div>\n" : ""));
  }

  /** Writes the page, atomically. */
  public void write(Path file) throws IOException {
    AtomicFile.writeString(file, html());
  }

  private Report add(String html) {
    if (tiles) {
      body.append("</div>\n");
      tiles = false;
    }
    body.append(html).append('\n');
    return this;
  }

  private static void flatten(
      String prefix, Map<?, ? extends @Nullable Object> fields, Table table) {
    fields.forEach(
        (key, value) -> {
          if (value instanceof Map<?, ?> map) {
            flatten(prefix + key + ".", map, table);
          } else {
            table.row(prefix + key, value);
          }
        });
  }
}
