package dev.banyan.core.page;

import dev.banyan.core.Chart;
import dev.banyan.core.Chart.Kind;
import dev.banyan.core.Chart.Series;
import dev.banyan.core.Format;

/**
 * A chart with title, legend and caption. It is drawn twice, for a wide page and for a phone, and
 * the style shows one: text in a drawing that is scaled down cannot be read.
 */
public final class ChartFigure {
  private ChartFigure() {}

  public static String html(Chart chart) {
    var html = new StringBuilder("<figure>\n<p class=\"chart-title\">");
    html.append(Html.text(chart.title())).append("</p>\n").append(legend(chart));
    String label = Html.text(description(chart));
    for (boolean wide : new boolean[] {true, false}) {
      Svg svg =
          chart.kind() == Kind.BARS
              ? new BarDrawing(chart, wide).draw()
              : new PlaneDrawing(chart, wide).draw();
      html.append(svg.html(wide ? "wide" : "narrow", label));
    }
    return html.append(Page.caption(chart.captionText())).append("</figure>").toString();
  }

  private static String legend(Chart chart) {
    if (chart.series().size() < 2) {
      return "";
    }
    String shape =
        switch (chart.kind()) {
          case LINES -> "";
          case SCATTER -> "dot ";
          case BARS -> "box ";
        };
    var html = new StringBuilder("<ul class=\"legend\">");
    int index = 0;
    for (Series series : chart.series()) {
      html.append("<li class=\"" + shape + color(index++) + "\"><i></i><span>");
      html.append(Html.text(series.name())).append("</span></li>");
    }
    return html.append("</ul>\n").toString();
  }

  /** The class of a series' colour; after eight they come again. */
  static String color(int series) {
    return "c" + series % 8;
  }

  /** The chart in words, for those who cannot see it. */
  private static String description(Chart chart) {
    var text = new StringBuilder(chart.title());
    if (!chart.yLabel().isEmpty()) {
      text.append(": ").append(chart.yLabel());
    }
    if (!chart.xLabel().isEmpty()) {
      text.append(" over ").append(chart.xLabel());
    }
    for (Series series : chart.series()) {
      double low = Double.POSITIVE_INFINITY;
      double high = Double.NEGATIVE_INFINITY;
      for (double y : series.y()) {
        if (Double.isFinite(y)) {
          low = Math.min(low, y);
          high = Math.max(high, y);
        }
      }
      text.append(". ").append(series.name());
      if (low <= high) {
        text.append(" from " + Format.number(low) + " to " + Format.number(high));
        double last = series.y()[series.y().length - 1];
        if (chart.kind() == Kind.LINES && Double.isFinite(last)) {
          text.append(", last " + Format.number(last));
        }
      } else {
        text.append(" without values");
      }
    }
    return text.append('.').toString();
  }
}
