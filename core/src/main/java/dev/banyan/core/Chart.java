package dev.banyan.core;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A chart of a {@link Report}: lines or points over x, or bars over categories. Values are copied;
 * those that are not finite leave a gap, as do values that are not positive on a logarithmic axis.
 */
public final class Chart {
  /** What is drawn. */
  public enum Kind {
    LINES,
    SCATTER,
    BARS
  }

  /**
   * One series. In a bar chart {@code x} is 0, 1, … and {@code y} has one value per category.
   *
   * @param low lower ends of intervals, as long as {@code y}, or null for none
   * @param high upper ends
   */
  @SuppressWarnings("ArrayRecordComponent") // thousands of values; never compared
  public record Series(
      String name, double[] x, double[] y, double @Nullable [] low, double @Nullable [] high) {
    public Series {
      if (x.length != y.length
          || (low != null && low.length != y.length)
          || (high != null && high.length != y.length)) {
        throw new IllegalArgumentException(
            "series '" + name + "' has " + x.length + " x, " + y.length + " y and other intervals");
      }
      x = x.clone();
      y = y.clone();
      low = low == null ? null : low.clone();
      high = high == null ? null : high.clone();
    }
  }

  /** A line across the chart at a value worth knowing, such as a baseline. */
  public record Mark(double y, String label) {}

  private final Kind kind;
  private final String title;
  private final List<String> categories;
  private final List<Series> series = new ArrayList<>();
  private final List<Mark> marks = new ArrayList<>();
  private String xLabel = "";
  private String yLabel = "";
  private String caption = "";
  private boolean logX;
  private boolean logY;
  private boolean fromZero;

  private Chart(Kind kind, String title, List<String> categories) {
    this.kind = kind;
    this.title = title;
    this.categories = List.copyOf(categories);
    this.fromZero = kind == Kind.BARS;
  }

  /** Values joined by lines, for example a loss over steps. */
  public static Chart lines(String title) {
    return new Chart(Kind.LINES, title, List.of());
  }

  /** Points. */
  public static Chart scatter(String title) {
    return new Chart(Kind.SCATTER, title, List.of());
  }

  /** Bars side by side per category; they lie down when there are many or names are long. */
  public static Chart bars(String title, List<String> categories) {
    return new Chart(Kind.BARS, title, categories);
  }

  /** What the x axis shows, with its unit. */
  public Chart x(String label) {
    xLabel = label;
    return this;
  }

  /** What the y axis (the bars' length) shows, with its unit. */
  public Chart y(String label) {
    yLabel = label;
    return this;
  }

  public Chart logX() {
    logX = true;
    return this;
  }

  public Chart logY() {
    logY = true;
    fromZero = false;
    return this;
  }

  /** Lets the y axis begin at 0, as bars do anyway. */
  public Chart fromZero() {
    fromZero = true;
    return this;
  }

  /** A sentence below the chart. */
  public Chart caption(String text) {
    caption = text;
    return this;
  }

  /** A dashed line across the chart. */
  public Chart mark(double y, String label) {
    marks.add(new Mark(y, label));
    return this;
  }

  /** A series of a line or scatter chart. */
  public Chart series(String name, double[] x, double[] y) {
    noBars();
    series.add(new Series(name, x, y, null, null));
    return this;
  }

  /**
   * A line through the share of values up to each of them; those that are no number are left out.
   */
  public Chart distribution(String name, double[] values) {
    double[] sorted =
        Arrays.stream(values).filter(value -> !Double.isNaN(value)).sorted().toArray();
    double[] shares = new double[sorted.length];
    for (int i = 0; i < shares.length; i++) {
      shares[i] = (i + 1.0) / shares.length;
    }
    return series(name, sorted, shares);
  }

  /** The same with an interval per point: a band around a line, whiskers on points. */
  public Chart series(String name, double[] x, double[] y, double[] low, double[] high) {
    noBars();
    series.add(new Series(name, x, y, low, high));
    return this;
  }

  /** A series of a bar chart: one value per category. */
  public Chart series(String name, double[] values) {
    series.add(bars(name, values, null, null));
    return this;
  }

  /** The same with whiskers. */
  public Chart series(String name, List<Interval> values) {
    double[] mean = values.stream().mapToDouble(Interval::mean).toArray();
    double[] low = values.stream().mapToDouble(Interval::low).toArray();
    double[] high = values.stream().mapToDouble(Interval::high).toArray();
    series.add(bars(name, mean, low, high));
    return this;
  }

  private Series bars(String name, double[] y, double @Nullable [] low, double @Nullable [] high) {
    if (kind != Kind.BARS || y.length != categories.size()) {
      throw new IllegalArgumentException(
          "series '"
              + name
              + "' has "
              + y.length
              + " values for "
              + categories.size()
              + " categories of a chart of "
              + kind);
    }
    double[] x = new double[y.length];
    Arrays.setAll(x, i -> i);
    return new Series(name, x, y, low, high);
  }

  private void noBars() {
    if (kind == Kind.BARS) {
      throw new IllegalArgumentException("a bar chart's series has one value per category, no x");
    }
  }

  public Kind kind() {
    return kind;
  }

  public String title() {
    return title;
  }

  public List<String> categories() {
    return categories;
  }

  public List<Series> series() {
    return List.copyOf(series);
  }

  public List<Mark> marks() {
    return List.copyOf(marks);
  }

  public String xLabel() {
    return xLabel;
  }

  public String yLabel() {
    return yLabel;
  }

  public String captionText() {
    return caption;
  }

  public boolean isLogX() {
    return logX;
  }

  public boolean isLogY() {
    return logY;
  }

  public boolean isFromZero() {
    return fromZero;
  }
}
