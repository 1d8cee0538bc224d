package dev.banyan.core.page;

import dev.banyan.core.Format;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * One axis: which values it spans, where they lie, and where its ticks are. Linear ticks step by 1,
 * 2 or 5 times a power of ten; logarithmic ones stand at powers of ten, and at twice and five times
 * them when there are few.
 *
 * @param low value at the beginning, below {@code high}; positive on a logarithmic axis
 * @param high value at the end
 * @param log whether equal ratios take equal room
 * @param ticks values to label, within the span, rising
 */
public record Axis(double low, double high, boolean log, List<Double> ticks) {
  public Axis {
    ticks = List.copyOf(ticks);
  }

  /** A linear axis that holds {@code min} to {@code max} with about {@code count} ticks. */
  public static Axis linear(double min, double max, int count) {
    if (min == max) {
      double room = min == 0 ? 1 : Math.abs(min) * 0.1;
      return linear(min - room, max + room, count);
    }
    double step = step((max - min) / Math.max(1, count));
    double low = Math.floor(min / step + 1e-9) * step;
    double high = Math.ceil(max / step - 1e-9) * step;
    return new Axis(low, high, false, every(step, low, high));
  }

  /** A linear axis that ends where the values do; ticks lie within. */
  public static Axis tight(double min, double max, int count) {
    if (min == max) {
      return linear(min, max, count);
    }
    return new Axis(min, max, false, every(step((max - min) / Math.max(1, count)), min, max));
  }

  /** A logarithmic axis over positive values. */
  public static Axis log(double min, double max, int count) {
    double low = Math.log10(min);
    double high = Math.log10(max);
    if (high - low < 0.2) {
      double middle = (low + high) / 2;
      low = middle - 0.15;
      high = middle + 0.15;
    } else {
      double room = 0.02 * (high - low);
      low -= room;
      high += room;
    }
    int first = (int) Math.floor(low);
    int last = (int) Math.ceil(high);
    int[] within = last - first <= 1 ? new int[] {1, 2, 3, 5, 7} : new int[] {1, 2, 5};
    if (high - low > 2.5) {
      within = new int[] {1};
    }
    int stride = Math.max(1, (int) Math.ceil((last - first) / (double) Math.max(1, count)));
    List<Double> ticks = new ArrayList<>();
    for (int decade = first; decade <= last; decade += stride) {
      for (int digit : within) {
        double tick = digit * Math.pow(10, decade);
        double at = Math.log10(tick);
        if (at >= low && at <= high) {
          ticks.add(tick);
        }
      }
    }
    return new Axis(Math.pow(10, low), Math.pow(10, high), true, ticks);
  }

  /** Where {@code value} lies: 0 at the axis' beginning, 1 at its end. */
  public double place(double value) {
    if (log) {
      return (Math.log(value) - Math.log(low)) / (Math.log(high) - Math.log(low));
    }
    return (value - low) / (high - low);
  }

  /** The tick as text; all ticks of an axis have the same number of decimals. */
  public String label(double tick) {
    double size = Math.max(Math.abs(low), Math.abs(high));
    if (log) {
      return tick >= 1_000 && high >= 10_000 ? compact(tick) : Format.number(tick);
    }
    if (size >= 10_000) {
      return compact(tick);
    }
    double step = ticks.size() > 1 ? ticks.get(1) - ticks.get(0) : size;
    int decimals = Math.clamp((int) Math.ceil(-Math.log10(step) - 1e-9), 0, 9);
    String text = String.format(Locale.ROOT, "%,." + decimals + "f", tick);
    return text.startsWith("-") && text.matches("-[0.]*") ? text.substring(1) : text;
  }

  private static String compact(double tick) {
    double size = Math.abs(tick);
    String[] units = {"", "k", "M", "B", "T"};
    int unit = 0;
    while (size >= 1000 && unit < units.length - 1) {
      size /= 1000;
      tick /= 1000;
      unit++;
    }
    return Format.number(tick) + units[unit];
  }

  private static double step(double rough) {
    double power = Math.pow(10, Math.floor(Math.log10(rough)));
    double digit = rough / power;
    return (digit <= 1 ? 1 : digit <= 2 ? 2 : digit <= 5 ? 5 : 10) * power;
  }

  private static List<Double> every(double step, double low, double high) {
    List<Double> ticks = new ArrayList<>();
    long first = (long) Math.ceil(low / step - 1e-9);
    long last = (long) Math.floor(high / step + 1e-9);
    for (long i = first; i <= last && ticks.size() < 100; i++) {
      // 3 · 0.1 is not 0.3; the decimal product is.
      ticks.add(BigDecimal.valueOf(step).multiply(BigDecimal.valueOf(i)).doubleValue());
    }
    return ticks;
  }
}
