package dev.banyan.core;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.time.Duration;
import java.util.Locale;

/** Numbers as people read them: three significant digits and a unit, the same in every locale. */
public final class Format {
  private Format() {}

  /** Bytes in decimal units: {@code 512 B}, {@code 1.50 kB}, {@code 435 MB}, {@code 12.3 GB}. */
  public static String bytes(long bytes) {
    return scaled(bytes, 1000, " B", " kB", " MB", " GB", " TB", " PB", " EB");
  }

  /**
   * A count: {@code 9,876}, then {@code 12.3 k}, {@code 6.52 M}, {@code 7.00 B}, {@code 1.40 T}.
   */
  public static String count(long count) {
    if (Math.abs((double) count) < 10_000) {
      return String.format(Locale.ROOT, "%,d", count);
    }
    return scaled(count, 1000, "", " k", " M", " B", " T", " Qa", " Qi");
  }

  /** {@code 850 µs}, {@code 350 ms}, {@code 12.3 s}, {@code 4 min 5 s}, {@code 2 h 3 min}. */
  public static String duration(Duration duration) {
    if (duration.isNegative()) {
      return "-" + duration(duration.negated());
    }
    double seconds = duration.getSeconds() + duration.getNano() / 1e9;
    if (seconds < 59.95) {
      return shortDuration(seconds);
    }
    long whole = Math.round(seconds);
    if (whole < 3600) {
      return pair(whole, 60, "min", 1, "s");
    }
    if (whole < 86_370) {
      return pair(Math.round(whole / 60.0) * 60, 3600, "h", 60, "min");
    }
    return pair(Math.round(whole / 3600.0) * 3600, 86_400, "d", 3600, "h");
  }

  /**
   * Any number in at most four significant digits without an exponent while that is readable:
   * {@code 0.0123}, {@code 1.234}, {@code 12,345}, {@code 1.2e-7}.
   */
  public static String number(double value) {
    if (!Double.isFinite(value)) {
      return Double.isNaN(value) ? "–" : value > 0 ? "∞" : "-∞";
    }
    if (value == 0) {
      return "0";
    }
    double size = Math.abs(value);
    if (size >= 1e9 || size < 1e-4) {
      return exponent(value);
    }
    if (size >= 9_999.5) {
      return String.format(Locale.ROOT, "%,.0f", value);
    }
    return new BigDecimal(value)
        .round(new MathContext(4, RoundingMode.HALF_EVEN))
        .stripTrailingZeros()
        .toPlainString();
  }

  private static String exponent(double value) {
    String text = String.format(Locale.ROOT, "%.2e", value);
    int e = text.indexOf('e');
    String mantissa = text.substring(0, e).replaceAll("\\.?0+$", "");
    return mantissa + "e" + Integer.parseInt(text.substring(e + 1));
  }

  private static String shortDuration(double seconds) {
    if (seconds == 0) {
      return "0 s";
    }
    if (seconds < 0.9995e-3) {
      return threeDigits(seconds * 1e6) + " µs";
    }
    return seconds < 0.9995 ? threeDigits(seconds * 1e3) + " ms" : threeDigits(seconds) + " s";
  }

  private static String pair(long value, long big, String bigUnit, long small, String smallUnit) {
    long rest = value % big / small;
    String head = value / big + " " + bigUnit;
    return rest == 0 ? head : head + " " + rest + " " + smallUnit;
  }

  private static String scaled(long value, int step, String... units) {
    double size = Math.abs((double) value);
    int unit = 0;
    // 999.5 rounds to 1000, which is 1.00 of the next unit.
    while (size >= 999.5 && unit < units.length - 1) {
      size /= step;
      unit++;
    }
    String digits = unit == 0 ? Long.toString(Math.abs(value)) : threeDigits(size);
    return (value < 0 ? "-" : "") + digits + units[unit];
  }

  private static String threeDigits(double size) {
    int decimals = size < 9.995 ? 2 : size < 99.95 ? 1 : 0;
    return String.format(Locale.ROOT, "%." + decimals + "f", size);
  }
}
