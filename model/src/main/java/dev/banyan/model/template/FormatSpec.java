package dev.banyan.model.template;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One value laid out: what stands behind the colon in {@code str.format} (Python, "Format
 * Specification Mini-Language") and what follows {@code %}.
 *
 * @param align one of {@code < > ^ =}, 0 for the type's own
 * @param sign one of {@code + -} and blank, 0 for none given
 * @param group the digit separator, 0 for none
 * @param precision negative for none
 * @param type the letter, 0 for none
 */
record FormatSpec(
    String fill,
    char align,
    char sign,
    boolean alternate,
    int width,
    char group,
    int precision,
    char type) {
  private static final Pattern SPEC =
      Pattern.compile(
          "(?:(.)?([<>^=]))?([-+ ])?(#)?(0)?(\\d{1,7})?([,_])?(?:\\.(\\d{1,4}))?([a-zA-Z%])?",
          Pattern.DOTALL);

  /**
   * Reads what stands behind the colon.
   *
   * @throws Fault when it is no specification
   */
  static FormatSpec parse(String spec) {
    Matcher m = SPEC.matcher(spec);
    if (!m.matches()) {
      throw Fault.of("format: '" + spec + "' is no format specification");
    }
    boolean zero = m.group(5) != null; // zeros stand behind the sign of a number
    String fill = m.group(1) != null ? m.group(1) : zero ? "0" : " ";
    char align = m.group(2) != null ? m.group(2).charAt(0) : 0;
    return new FormatSpec(
        fill,
        align,
        m.group(3) == null ? 0 : m.group(3).charAt(0),
        m.group(4) != null,
        m.group(6) == null ? 0 : Integer.parseInt(m.group(6)),
        m.group(7) == null ? 0 : m.group(7).charAt(0),
        m.group(8) == null ? -1 : Integer.parseInt(m.group(8)),
        m.group(9) == null ? 0 : m.group(9).charAt(0));
  }

  /** The value laid out. */
  String format(Value value, Budget budget) {
    budget.spend((long) width + Math.max(0, precision));
    if (value instanceof Value.Text text) {
      return text(text.value(), budget);
    }
    BigInteger whole = Numbers.asWhole(value);
    if (whole != null) {
      return "eEfFgG%".indexOf(type) >= 0 && type != 0
          ? number(real(whole.doubleValue()))
          : number(whole(whole));
    }
    if (value instanceof Value.Real real) {
      return number(real(real.value()));
    }
    if (this.equals(parse(""))) {
      return Printed.str(value, budget);
    }
    throw Fault.of("format: a value of type " + value.type() + " takes no format");
  }

  private String text(String text, Budget budget) {
    if ((type != 0 && type != 's') || align == '=' || sign != 0 || group != 0 || alternate) {
      throw Fault.of("format: this format is not for strings");
    }
    int length = PyText.length(text);
    String cut = precision >= 0 && precision < length ? PyText.slice(text, 0, precision) : text;
    int missing = Math.max(0, width - PyText.length(cut));
    budget.spend(missing);
    int left = align == '>' ? missing : align == '^' ? missing / 2 : 0;
    return fill.repeat(left) + cut + fill.repeat(missing - left);
  }

  private String whole(BigInteger value) {
    if (precision >= 0) {
      throw Fault.of("format: a precision is not for whole numbers");
    }
    return switch (type) {
      case 0, 'd', 'n' -> grouped(value.toString(), 3);
      case 'b' -> prefixed(value, 2, "0b");
      case 'o' -> prefixed(value, 8, "0o");
      case 'x' -> prefixed(value, 16, "0x");
      case 'X' -> prefixed(value, 16, "0x").toUpperCase(Locale.ROOT);
      case 'c' -> Character.toString(value.intValue());
      default -> throw Fault.of("format: unknown format '" + type + "' for a whole number");
    };
  }

  private String prefixed(BigInteger value, int radix, String prefix) {
    String digits = grouped(value.abs().toString(radix), 4);
    return (value.signum() < 0 ? "-" : "") + (alternate ? prefix : "") + digits;
  }

  private String grouped(String digits, int size) {
    if (group == 0) {
      return digits;
    }
    int first = digits.startsWith("-") ? 1 : 0;
    int end = first;
    while (end < digits.length() && Character.digit(digits.charAt(end), 16) >= 0) {
      end++;
    }
    end = size == 3 && digits.indexOf('e') >= 0 ? Math.min(end, digits.indexOf('e')) : end;
    var out = new StringBuilder(digits);
    for (int at = end - size; at > first; at -= size) {
      out.insert(at, group);
    }
    return out.toString();
  }

  private String real(double value) {
    if (!Double.isFinite(value)) {
      return Numbers.text(value) + (type == '%' ? "%" : "");
    }
    int digits = precision < 0 ? 6 : precision;
    return switch (type) {
      case 'f', 'F' -> grouped(Numbers.fixed(value, digits), 3);
      case '%' -> grouped(Numbers.fixed(value * 100, digits), 3) + "%";
      case 'e' -> scientific(value, digits);
      case 'E' -> scientific(value, digits).toUpperCase(Locale.ROOT);
      case 'g' -> grouped(general(value, digits), 3);
      case 'G' -> general(value, digits).toUpperCase(Locale.ROOT);
      case 0 -> {
        String plain = precision < 0 ? Numbers.text(value) : general(value, digits);
        boolean bare = plain.indexOf('.') < 0 && plain.indexOf('e') < 0;
        yield grouped(bare ? plain + ".0" : plain, 3);
      }
      default -> throw Fault.of("format: unknown format '" + type + "' for a float");
    };
  }

  private static String scientific(double value, int digits) {
    if (value == 0) {
      return (1 / value < 0 ? "-" : "")
          + "0"
          + (digits > 0 ? "." + "0".repeat(digits) : "")
          + "e+00";
    }
    BigDecimal rounded = Numbers.significant(value, digits + 1);
    int exponent = rounded.precision() - rounded.scale() - 1;
    return rounded.scaleByPowerOfTen(-exponent).setScale(digits).toPlainString()
        + Numbers.exponent(exponent);
  }

  private String general(double value, int digits) {
    int significant = Math.max(1, digits);
    if (value == 0) {
      return 1 / value < 0 ? "-0" : "0";
    }
    BigDecimal rounded = Numbers.significant(value, significant);
    int exponent = rounded.precision() - rounded.scale() - 1;
    if (exponent < -4 || exponent >= significant) {
      String digitsOnly = rounded.unscaledValue().abs().toString();
      String mantissa =
          digitsOnly.length() > 1
              ? trimmed(digitsOnly.charAt(0) + "." + digitsOnly.substring(1))
              : digitsOnly;
      return (value < 0 ? "-" : "") + mantissa + Numbers.exponent(exponent);
    }
    return trimmed(rounded.toPlainString());
  }

  private static String trimmed(String digits) {
    return digits.indexOf('.') < 0 ? digits : digits.replaceAll("0+$", "").replaceAll("\\.$", "");
  }

  /** Sign and width of a number. */
  private String number(String digits) {
    boolean negative = digits.startsWith("-");
    String bare = negative ? digits.substring(1) : digits;
    String mark = negative ? "-" : sign == '-' || sign == 0 ? "" : String.valueOf(sign);
    int missing = Math.max(0, width - PyText.length(bare) - mark.length());
    char place = align == 0 && fill.equals("0") ? '=' : align;
    return switch (place) {
      case '<' -> mark + bare + fill.repeat(missing);
      case '^' -> fill.repeat(missing / 2) + mark + bare + fill.repeat(missing - missing / 2);
      case '=' -> mark + fill.repeat(missing) + bare;
      default -> fill.repeat(missing) + mark + bare;
    };
  }
}
