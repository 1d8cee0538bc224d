package dev.banyan.model.template;

import java.math.BigInteger;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Text to numbers as {@code int()} and {@code float()} read it. */
final class NumberText {
  private static final Pattern WHOLE = Pattern.compile("[+-]?\\d+(?:_\\d+)*");
  private static final Pattern REAL =
      Pattern.compile(
          "[+-]?(?:(?:\\d+(?:_\\d+)*)?\\.?(?:\\d+(?:_\\d+)*)?(?:e[+-]?\\d+)?|inf|infinity|nan)");
  private static final int LONGEST = 1000;

  private NumberText() {}

  /** What the filter int makes of a value; null where it falls back to its default. */
  static Value.@Nullable Whole whole(Value value, int base) {
    BigInteger whole = Numbers.asWhole(value);
    if (whole != null) {
      return new Value.Whole(whole);
    }
    if (value instanceof Value.Text text) {
      BigInteger read = whole(text.value(), base);
      if (read != null) {
        return new Value.Whole(read);
      }
    }
    Double real = real(value);
    return real == null || !Double.isFinite(real) ? null : new Value.Whole(Numbers.truncated(real));
  }

  private static @Nullable BigInteger whole(String text, int base) {
    String bare = PyText.rstrip(PyText.lstrip(text)).toLowerCase(Locale.ROOT);
    if (bare.length() > LONGEST) {
      return null;
    }
    if (base == 10) {
      return WHOLE.matcher(bare).matches() ? new BigInteger(bare.replace("_", "")) : null;
    }
    String prefix = base == 16 ? "0x" : base == 8 ? "0o" : base == 2 ? "0b" : "";
    String sign = bare.startsWith("-") ? "-" : "";
    String digits = bare.startsWith("-") || bare.startsWith("+") ? bare.substring(1) : bare;
    digits = digits.startsWith(prefix) ? digits.substring(prefix.length()) : digits;
    try {
      boolean signed = digits.startsWith("-") || digits.startsWith("+");
      return signed || base < 2 || base > 36 ? null : new BigInteger(sign + digits, base);
    } catch (NumberFormatException none) {
      return null;
    }
  }

  /** What {@code float()} makes of a value; null where it fails. */
  static @Nullable Double real(Value value) {
    if (!(value instanceof Value.Text text)) {
      return Numbers.asReal(value);
    }
    String bare = PyText.rstrip(PyText.lstrip(text.value())).toLowerCase(Locale.ROOT);
    if (bare.length() > LONGEST || !REAL.matcher(bare).matches()) {
      return null;
    }
    if (bare.endsWith("nan")) {
      return Double.NaN;
    }
    if (bare.contains("inf")) {
      return bare.startsWith("-") ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
    }
    try {
      return Double.parseDouble(bare.replace("_", ""));
    } catch (NumberFormatException none) {
      return null;
    }
  }
}
