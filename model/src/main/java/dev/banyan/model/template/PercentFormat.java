package dev.banyan.model.template;

import java.math.BigInteger;
import java.util.List;

/** {@code "…%s…" % values} (Python, "printf-style String Formatting"). */
final class PercentFormat {
  private final String format;
  private final Value given;
  private final Budget budget;
  private int next;
  private int at;

  PercentFormat(String format, Value given, Budget budget) {
    this.format = format;
    this.given = given;
    this.budget = budget;
  }

  /** The text with every field filled in. */
  String text() {
    var out = new StringBuilder();
    while (at < format.length()) {
      char c = format.charAt(at++);
      if (c != '%') {
        out.append(c);
        continue;
      }
      if (at < format.length() && format.charAt(at) == '%') {
        out.append('%');
        at++;
        continue;
      }
      String field = field();
      budget.spend(field.length());
      out.append(field);
    }
    if (next < values().size() && !(given instanceof Dict)) {
      throw Fault.of("not all arguments converted during string formatting");
    }
    return out.toString();
  }

  private List<Value> values() {
    return given instanceof Value.Items items && items.kind() == Value.Items.Kind.TUPLE
        ? items.values()
        : List.of(given);
  }

  private Value nextValue() {
    if (next >= values().size()) {
      throw Fault.of("not enough arguments for format string");
    }
    return values().get(next++);
  }

  private String field() {
    Value value = null;
    if (peek() == '(') {
      int close = format.indexOf(')', at);
      if (close < 0 || !(given instanceof Dict dict)) {
        throw Fault.of("format: '%(name)' needs a dictionary");
      }
      value = dict.get(Value.text(format.substring(at + 1, close)));
      if (value == null) {
        throw Fault.of("format: the dictionary has no '" + format.substring(at + 1, close) + "'");
      }
      at = close + 1;
    }
    String flags = "";
    while ("-+ #0".indexOf(peek()) >= 0) {
      flags += format.charAt(at++);
    }
    int width = size();
    int precision = -1;
    if (peek() == '.') {
      at++;
      precision = size();
    }
    char type = peek();
    at++;
    return laidOut(value == null ? nextValue() : value, flags, width, precision, type);
  }

  private char peek() {
    if (at >= format.length()) {
      throw Fault.of("incomplete format");
    }
    return format.charAt(at);
  }

  private int size() {
    if (peek() == '*') {
      at++;
      return Numbers.index(nextValue());
    }
    int from = at;
    while (Character.digit(peek(), 10) >= 0) {
      at++;
    }
    if (at - from > 7) {
      throw Fault.of("format: a width of " + (at - from) + " digits");
    }
    return from == at ? 0 : Integer.parseInt(format.substring(from, at));
  }

  private String laidOut(Value value, String flags, int width, int precision, char type) {
    boolean left = flags.contains("-");
    boolean zeros = flags.contains("0") && !left;
    char sign = flags.contains("+") ? '+' : flags.contains(" ") ? ' ' : '-';
    if (type == 's' || type == 'r') {
      String text = type == 's' ? Printed.str(value, budget) : Printed.repr(value, budget);
      char align = left ? '<' : '>';
      var spec = new FormatSpec(" ", align, (char) 0, false, width, (char) 0, precision, 's');
      return spec.format(Value.text(text), budget);
    }
    if ("diuxXoeEfFgG".indexOf(type) < 0) {
      throw Fault.of("unsupported format character '" + type + "'");
    }
    boolean whole = "diuxXo".indexOf(type) >= 0;
    Value number = whole ? new Value.Whole(whole(value, type)) : value;
    if (!Numbers.isNumber(number)) {
      throw Fault.of("%" + type + " format: a number is required, not " + value.type());
    }
    if (whole && precision >= 0) {
      throw Fault.of("%" + type + " format: a precision for whole numbers is not supported");
    }
    char align = left ? '<' : zeros ? '=' : '>';
    char letter = type == 'i' || type == 'u' ? 'd' : type;
    String fill = zeros ? "0" : " ";
    boolean alternate = flags.contains("#");
    var spec = new FormatSpec(fill, align, sign, alternate, width, (char) 0, precision, letter);
    return spec.format(number, budget);
  }

  private static BigInteger whole(Value value, char type) {
    BigInteger whole = Numbers.asWhole(value);
    if (whole == null && value instanceof Value.Real real && "diu".indexOf(type) >= 0) {
      return Numbers.truncated(real.value());
    }
    if (whole == null) {
      throw Fault.of("%" + type + " format: a number is required, not " + value.type());
    }
    return whole;
  }
}
