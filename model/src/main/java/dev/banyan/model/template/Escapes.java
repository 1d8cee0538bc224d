package dev.banyan.model.template;

/** Backslashes in string literals, as Python reads them (Language Reference, section 2.4.1). */
final class Escapes {
  private Escapes() {}

  /**
   * The string a literal stands for.
   *
   * @param literal what is between the quotes
   * @param at the literal's place, for messages
   */
  static String value(String literal, int at) {
    if (literal.indexOf('\\') < 0) {
      return literal;
    }
    var out = new StringBuilder();
    int i = 0;
    while (i < literal.length()) {
      char c = literal.charAt(i++);
      if (c != '\\') {
        out.append(c);
        continue;
      }
      char escaped = literal.charAt(i++);
      switch (escaped) {
        case '\n' -> {}
        case '\\', '\'', '"' -> out.append(escaped);
        case 'a' -> out.append('\u0007');
        case 'b' -> out.append('\b');
        case 'f' -> out.append('\f');
        case 'n' -> out.append('\n');
        case 'r' -> out.append('\r');
        case 't' -> out.append('\t');
        case 'v' -> out.append('\u000b');
        case 'x' -> i = hex(literal, i, 2, out, at);
        case 'u' -> i = hex(literal, i, 4, out, at);
        case 'U' -> i = hex(literal, i, 8, out, at);
        case 'N' -> throw Fault.at(at, "characters by name (\\N{…}) are not supported");
        default -> {
          if (escaped >= '0' && escaped <= '7') {
            i = octal(literal, i - 1, out);
          } else {
            out.append('\\').append(escaped); // unknown ones stay as they are
          }
        }
      }
    }
    return out.toString();
  }

  private static int hex(String literal, int from, int digits, StringBuilder out, int at) {
    int to = from + digits;
    int value = 0;
    for (int i = from; i < to; i++) {
      int digit = i < literal.length() ? Character.digit(literal.charAt(i), 16) : -1;
      if (digit < 0) {
        throw Fault.at(at, "the string has an escape without its " + digits + " digits");
      }
      value = value * 16 + digit;
    }
    if (!Character.isValidCodePoint(value)) {
      throw Fault.at(at, "the string has an escape beyond the last character U+10FFFF");
    }
    out.appendCodePoint(value);
    return to;
  }

  private static int octal(String literal, int from, StringBuilder out) {
    int value = 0;
    int i = from;
    while (i < literal.length() && i < from + 3 && Character.digit(literal.charAt(i), 8) >= 0) {
      value = value * 8 + Character.digit(literal.charAt(i++), 8);
    }
    out.append((char) value);
    return i;
  }
}
