package dev.banyan.core.page;

import static dev.banyan.core.page.Svg.n;

import dev.banyan.core.Chart;
import dev.banyan.core.Chart.Mark;
import dev.banyan.core.Chart.Series;
import dev.banyan.core.Format;

/**
 * Bars side by side. They stand when their names fit below them, otherwise they lie. Places are
 * computed along the categories ({@code across}) and along the values ({@code at}), and turned at
 * the end.
 */
final class BarDrawing {
  private static final int LYING_BAR = 15;

  private final Chart chart;
  private final boolean lying;
  private final int width;
  private final int height;
  private final Axis values;
  private final double begin;
  private final double end;
  private final double first;
  private final double slot;
  private final double bar;
  private final Svg svg;

  BarDrawing(Chart chart, boolean wide) {
    this.chart = chart;
    int categories = Math.max(1, chart.categories().size());
    int series = Math.max(1, chart.series().size());
    this.width = wide ? 760 : 350;
    double longest = chart.categories().stream().mapToDouble(Svg::widthOf).max().orElse(0);
    this.lying = longest > (width - 60.0) / categories - 8;
    this.values = axis(chart, wide ? lying ? 8 : 6 : 4);
    double tick =
        values.ticks().stream().mapToDouble(t -> Svg.widthOf(values.label(t))).max().orElse(0);
    double label = chart.yLabel().isEmpty() ? 0 : 22;
    if (lying) {
      this.slot = series * LYING_BAR + 11.0;
      this.height = (int) (categories * slot + 34 + label);
      this.first = 6;
      this.begin = Math.min(longest, width * 0.42) + 10;
      this.end = width - 14.0 - (labelled() ? 40 : 0);
    } else {
      this.height = wide ? 300 : 260;
      this.first = tick + 12;
      this.slot = (width - 8 - first) / categories;
      this.begin = height - 26.0;
      this.end = 10 + label + (labelled() ? 8 : 0);
    }
    this.bar = lying ? LYING_BAR : Math.min(54, slot * 0.72 / series);
    this.svg = new Svg(width, height);
  }

  Svg draw() {
    axes();
    double zero = values.log() ? values.low() : 0;
    for (int s = 0; s < chart.series().size(); s++) {
      Series series = chart.series().get(s);
      svg.open(ChartFigure.color(s));
      for (int c = 0; c < series.y().length; c++) {
        double value = series.y()[c];
        if (Span.drawable(value, values.log())) {
          bar(series, s, c, zero, value);
        }
      }
      svg.close();
    }
    for (Mark mark : chart.marks()) {
      if (!Span.drawable(mark.y(), values.log())) {
        continue;
      }
      double at = at(mark.y());
      if (lying) {
        svg.line("mark", at, first - 4, at, height - 30.0);
      } else {
        svg.line("mark", first, at, width - 4.0, at);
      }
      svg.text(
          "mark-label",
          lying ? at + 4 : width - 6.0,
          lying ? first + 6 : at - 6,
          lying ? "start" : "end",
          mark.label());
    }
    return svg;
  }

  private void axes() {
    double far = first + slot * chart.categories().size();
    for (double tick : values.ticks()) {
      String style = tick == 0 ? "base" : "grid";
      String label = values.label(tick);
      if (lying) {
        svg.line(style, at(tick), first - 4, at(tick), far);
        svg.text("", at(tick), far + 16, "middle", label);
      } else {
        svg.line(style, first, at(tick), far, at(tick));
        svg.text("", first - 8, at(tick) + 4, "end", label);
      }
    }
    for (int c = 0; c < chart.categories().size(); c++) {
      String name = chart.categories().get(c);
      double middle = first + (c + 0.5) * slot;
      if (lying) {
        svg.text("name", begin - 9, middle + 4, "end", Svg.fit(name, begin - 10));
      } else {
        svg.text("name", middle, begin + 18, "middle", name);
      }
    }
    if (!chart.yLabel().isEmpty()) {
      if (lying) {
        svg.text("axis-label", (begin + end) / 2, height - 4.0, "middle", chart.yLabel());
      } else {
        svg.text("axis-label", 0, 12, "start", chart.yLabel());
      }
    }
  }

  private void bar(Series series, int s, int c, double zero, double value) {
    double group = bar * chart.series().size();
    double from = first + (c + 0.5) * slot - group / 2 + s * bar + 0.75;
    double to = from + bar - 1.5;
    double root = at(Math.clamp(zero, values.low(), values.high()));
    double tip = at(value);
    double[] low = series.low();
    double[] high = series.high();
    boolean interval = low != null && high != null && Double.isFinite(low[c] + high[c]);
    String numbers = Format.number(value);
    if (low != null && high != null) {
      numbers += " [" + Format.number(low[c]) + ", " + Format.number(high[c]) + "]";
    }
    String name = series.name().isEmpty() ? "" : ", " + series.name();
    svg.shape(
        "bar", rounded(from, to, root, tip), chart.categories().get(c) + name + "\n" + numbers);
    double middle = (from + to) / 2;
    double beyond = tip;
    if (low != null && high != null && interval) {
      double a = at(low[c]);
      double b = at(high[c]);
      double cap = Math.min(4, bar / 4);
      svg.path("whisker", stroke(middle, a, middle, b));
      svg.path("whisker", stroke(middle - cap, a, middle + cap, a));
      svg.path("whisker", stroke(middle - cap, b, middle + cap, b));
      beyond = b;
    }
    if (labelled()) {
      if (lying) {
        svg.text("", Math.max(beyond, root) + 6, middle + 4, "start", Format.number(value));
      } else {
        svg.text("", middle, Math.min(beyond, root) - 6, "middle", Format.number(value));
      }
    }
  }

  /** Values stand at the bars where there is room for them. */
  private boolean labelled() {
    int bars = chart.categories().size() * chart.series().size();
    return chart.series().size() == 1
        || (chart.series().size() <= 2 && bars <= 40 && lying)
        || (bars <= 8 && width > 400);
  }

  /** A bar with its far corners rounded. */
  private String rounded(double from, double to, double root, double tip) {
    double r = Math.min(Math.min(3, (to - from) / 2), Math.abs(tip - root));
    double back = tip + Math.signum(root - tip) * r;
    return "M"
        + p(from, root)
        + "L"
        + p(from, back)
        + "Q"
        + p(from, tip)
        + " "
        + p(from + r, tip)
        + "L"
        + p(to - r, tip)
        + "Q"
        + p(to, tip)
        + " "
        + p(to, back)
        + "L"
        + p(to, root)
        + "Z";
  }

  private String stroke(double across1, double at1, double across2, double at2) {
    return "M" + p(across1, at1) + "L" + p(across2, at2);
  }

  private String p(double across, double at) {
    return lying ? n(at) + " " + n(across) : n(across) + " " + n(at);
  }

  private double at(double value) {
    return begin + values.place(Math.clamp(value, values.low(), values.high())) * (end - begin);
  }

  private static Axis axis(Chart chart, int ticks) {
    var span = new Span(chart.isLogY());
    for (Series series : chart.series()) {
      span.add(series.y());
      span.add(series.low());
      span.add(series.high());
    }
    chart.marks().forEach(mark -> span.add(mark.y()));
    if (!chart.isLogY()) {
      span.add(0);
    }
    if (span.isEmpty() || (span.low() == 0 && span.high() == 0)) {
      return Axis.linear(0, 1, ticks);
    }
    return chart.isLogY()
        ? Axis.log(span.low() / 2, span.high(), ticks)
        : Axis.linear(span.low(), span.high(), ticks);
  }
}
