package dev.banyan.core.page;

import static dev.banyan.core.page.Svg.n;

import dev.banyan.core.Chart;
import dev.banyan.core.Chart.Kind;
import dev.banyan.core.Chart.Mark;
import dev.banyan.core.Chart.Series;
import dev.banyan.core.Format;

/** Lines and points over two axes. */
final class PlaneDrawing {
  /** More points than this along a line would not be seen. */
  private static final int MOST_POINTS = 700;

  /** Places along a line where the pointer finds a value. */
  private static final int MOST_HITS = 60;

  private final Chart chart;
  private final int width;
  private final int height;
  private final Axis x;
  private final Axis y;
  private final double left;
  private final double right;
  private final double top;
  private final double bottom;
  private final Svg svg;

  PlaneDrawing(Chart chart, boolean wide) {
    this.chart = chart;
    this.width = wide ? 760 : 350;
    this.height = wide ? 320 : 270;
    this.x = xAxis(chart, wide ? 8 : 4);
    this.y = yAxis(chart, wide ? 6 : 5);
    double labels = y.ticks().stream().mapToDouble(t -> Svg.widthOf(y.label(t))).max().orElse(0);
    this.left = labels + 12;
    this.right = width - 12.0;
    this.top = chart.yLabel().isEmpty() ? 12 : 30;
    this.bottom = height - (chart.xLabel().isEmpty() ? 24.0 : 44.0);
    this.svg = new Svg(width, height);
  }

  Svg draw() {
    axes();
    for (int i = 0; i < chart.series().size(); i++) {
      Series series = chart.series().get(i);
      svg.open(ChartFigure.color(i));
      if (chart.kind() == Kind.LINES) {
        band(series);
        line(series);
      } else {
        points(series);
      }
      svg.close();
    }
    for (Mark mark : chart.marks()) {
      if (drawable(mark.y(), y)) {
        svg.line("mark", left, atY(mark.y()), right, atY(mark.y()));
        // Below the line where there is no room above it.
        double at = atY(mark.y()) - 6 < top + 6 ? atY(mark.y()) + 15 : atY(mark.y()) - 6;
        svg.text("mark-label", right - 2, at, "end", mark.label());
      }
    }
    return svg;
  }

  private void axes() {
    for (double tick : y.ticks()) {
      svg.line("grid", left, atY(tick), right, atY(tick));
      svg.text("", left - 8, atY(tick) + 4, "end", y.label(tick));
    }
    svg.line("base", left, bottom, right, bottom);
    for (double tick : x.ticks()) {
      svg.line("base", atX(tick), bottom, atX(tick), bottom + 4);
      String label = x.label(tick);
      double half = Svg.widthOf(label) / 2;
      String anchor = atX(tick) + half > width ? "end" : "middle";
      svg.text("", anchor.equals("end") ? width : atX(tick), bottom + 18, anchor, label);
    }
    if (!chart.yLabel().isEmpty()) {
      svg.text("axis-label", 0, 12, "start", Svg.fit(chart.yLabel(), width));
    }
    if (!chart.xLabel().isEmpty()) {
      double middle = (left + right) / 2;
      svg.text("axis-label", middle, height - 6.0, "middle", Svg.fit(chart.xLabel(), right - left));
    }
  }

  /** One path per stretch between gaps. */
  private void line(Series series) {
    int[] shown = shown(series);
    var d = new StringBuilder();
    boolean pen = false;
    for (int i : shown) {
      boolean seen = drawable(series.x()[i], x) && drawable(series.y()[i], y);
      if (seen) {
        d.append(pen ? 'L' : 'M').append(point(series.x()[i], series.y()[i]));
      }
      pen = seen;
    }
    if (!d.isEmpty()) {
      svg.path("line", d);
    }
    int stride = Math.max(1, (shown.length + MOST_HITS - 1) / MOST_HITS);
    for (int j = 0; j < shown.length; j++) {
      boolean last = j == shown.length - 1;
      if (j % stride == 0 || last) {
        hit(series, shown[j], shown.length == 1 ? "point" : "hit", shown.length == 1 ? 4 : 6);
      }
    }
  }

  /** One closed shape per stretch between gaps. */
  private void band(Series series) {
    double[] low = series.low();
    double[] high = series.high();
    if (low == null || high == null) {
      return;
    }
    var d = new StringBuilder();
    var there = new StringBuilder();
    var back = new StringBuilder();
    for (int i : shown(series)) {
      if (gap(series, i)) {
        d.append(there).append(back).append(there.isEmpty() ? "" : "Z");
        there.setLength(0);
        back.setLength(0);
      } else {
        there.append(there.isEmpty() ? 'M' : 'L').append(point(series.x()[i], high[i]));
        back.insert(0, "L" + point(series.x()[i], low[i]));
      }
    }
    d.append(there).append(back).append(there.isEmpty() ? "" : "Z");
    if (!d.isEmpty()) {
      svg.path("band", d);
    }
  }

  /** Whether a point, or an end of its interval, cannot be drawn. */
  private boolean gap(Series series, int i) {
    double[] low = series.low();
    double[] high = series.high();
    return !drawable(series.x()[i], x)
        || !drawable(series.y()[i], y)
        || (low != null && !drawable(low[i], y))
        || (high != null && !drawable(high[i], y));
  }

  private void points(Series series) {
    double[] low = series.low();
    double[] high = series.high();
    double radius = series.y().length > 400 ? 2.2 : 3.8;
    for (int i = 0; i < series.y().length; i++) {
      if (low != null
          && high != null
          && drawable(low[i], y)
          && drawable(high[i], y)
          && drawable(series.x()[i], x)) {
        double at = atX(series.x()[i]);
        svg.line("point-whisker", at, atY(low[i]), at, atY(high[i]));
      }
      hit(series, i, "point", radius);
    }
  }

  private void hit(Series series, int i, String style, double radius) {
    double px = series.x()[i];
    double py = series.y()[i];
    if (!drawable(px, x) || !drawable(py, y)) {
      return;
    }
    String name = series.name().isEmpty() ? "" : series.name() + "\n";
    String xName = chart.xLabel().isEmpty() ? "x" : chart.xLabel();
    String yName = chart.yLabel().isEmpty() ? "y" : chart.yLabel();
    double[] low = series.low();
    double[] high = series.high();
    String interval =
        low == null || high == null
            ? ""
            : " [" + Format.number(low[i]) + ", " + Format.number(high[i]) + "]";
    String tooltip =
        name + xName + " " + Format.number(px) + "\n" + yName + " " + Format.number(py) + interval;
    svg.circle(style, atX(px), atY(py), radius, tooltip);
  }

  /**
   * Which points of a long line are drawn: of every stretch the lowest and the highest, so that
   * peaks stay, every gap, and the last.
   */
  private int[] shown(Series series) {
    int count = series.y().length;
    if (count <= MOST_POINTS) {
      return java.util.stream.IntStream.range(0, count).toArray();
    }
    var chosen = new java.util.BitSet(count);
    int stretches = MOST_POINTS / 2;
    for (int s = 0; s < stretches; s++) {
      int from = (int) ((long) s * count / stretches);
      int to = (int) ((long) (s + 1) * count / stretches);
      int lowest = -1;
      int highest = -1;
      for (int i = from; i < to; i++) {
        if (gap(series, i)) {
          chosen.set(i);
        }
        if (drawable(series.x()[i], x) && drawable(series.y()[i], y)) {
          lowest = lowest < 0 || series.y()[i] < series.y()[lowest] ? i : lowest;
          highest = highest < 0 || series.y()[i] > series.y()[highest] ? i : highest;
        }
      }
      if (lowest >= 0) {
        chosen.set(lowest);
        chosen.set(highest);
      }
    }
    chosen.set(0);
    chosen.set(count - 1);
    return chosen.stream().toArray();
  }

  private String point(double px, double py) {
    return n(atX(px)) + " " + n(atY(py));
  }

  private double atX(double value) {
    return left + x.place(value) * (right - left);
  }

  private double atY(double value) {
    return bottom - y.place(value) * (bottom - top);
  }

  private static boolean drawable(double value, Axis axis) {
    return Span.drawable(value, axis.log());
  }

  private static Axis xAxis(Chart chart, int ticks) {
    var span = new Span(chart.isLogX());
    chart.series().forEach(series -> span.add(series.x()));
    if (span.isEmpty()) {
      return Axis.linear(0, 1, ticks);
    }
    if (chart.isLogX()) {
      return Axis.log(span.low(), span.high(), ticks);
    }
    return chart.kind() == Kind.LINES
        ? Axis.tight(span.low(), span.high(), ticks)
        : Axis.linear(span.low(), span.high(), ticks);
  }

  private static Axis yAxis(Chart chart, int ticks) {
    var span = new Span(chart.isLogY());
    for (Series series : chart.series()) {
      span.add(series.y());
      span.add(series.low());
      span.add(series.high());
    }
    chart.marks().forEach(mark -> span.add(mark.y()));
    if (chart.isFromZero()) {
      span.add(0);
    }
    if (span.isEmpty()) {
      return Axis.linear(0, 1, ticks);
    }
    return chart.isLogY()
        ? Axis.log(span.low(), span.high(), ticks)
        : Axis.linear(span.low(), span.high(), ticks);
  }
}
