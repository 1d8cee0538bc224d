package dev.banyan.model.template;

import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoField;
import java.time.temporal.IsoFields;
import java.util.Locale;

/** {@code strftime} in the C locale (Python, "Format Codes"). */
final class Dates {
  private Dates() {}

  /**
   * The time written as {@code format} says.
   *
   * @throws Fault for a format code that is not supported
   */
  static String text(LocalDateTime time, String format) {
    var out = new StringBuilder();
    for (int i = 0; i < format.length(); i++) {
      char c = format.charAt(i);
      if (c != '%') {
        out.append(c);
        continue;
      }
      if (++i == format.length()) {
        out.append('%');
        break;
      }
      boolean bare = format.charAt(i) == '-' && i + 1 < format.length();
      String field = field(time, format.charAt(bare ? ++i : i));
      out.append(bare && field.matches("0\\d+") ? field.replaceFirst("^0+(?=\\d)", "") : field);
    }
    return out.toString();
  }

  private static String field(LocalDateTime time, char code) {
    return switch (code) {
      case 'Y' -> by(time, "uuuu");
      case 'y' -> by(time, "uu");
      case 'm' -> by(time, "MM");
      case 'd' -> by(time, "dd");
      case 'e' -> "%2d".formatted(time.getDayOfMonth());
      case 'j' -> by(time, "DDD");
      case 'H' -> by(time, "HH");
      case 'I' -> by(time, "hh");
      case 'M' -> by(time, "mm");
      case 'S' -> by(time, "ss");
      case 'f' -> "%06d".formatted(time.get(ChronoField.MICRO_OF_SECOND));
      case 'p' -> time.getHour() < 12 ? "AM" : "PM";
      case 'A' -> by(time, "EEEE");
      case 'a' -> by(time, "EEE");
      case 'B' -> by(time, "MMMM");
      case 'b', 'h' -> by(time, "MMM");
      case 'w' -> String.valueOf(time.getDayOfWeek().getValue() % 7);
      case 'u' -> String.valueOf(time.getDayOfWeek().getValue());
      case 'V' -> "%02d".formatted(time.get(IsoFields.WEEK_OF_WEEK_BASED_YEAR));
      case 'G' -> String.valueOf(time.get(IsoFields.WEEK_BASED_YEAR));
      case 'F' -> by(time, "uuuu-MM-dd");
      case 'T' -> by(time, "HH:mm:ss");
      case 'R' -> by(time, "HH:mm");
      case 'D' -> by(time, "MM/dd/uu");
      case 'c' ->
          by(time, "EEE MMM ") + "%2d".formatted(time.getDayOfMonth()) + by(time, " HH:mm:ss uuuu");
      case 'x' -> by(time, "MM/dd/uu");
      case 'X' -> by(time, "HH:mm:ss");
      case 'Z', 'z' -> ""; // as for a time without a zone
      case 'n' -> "\n";
      case 't' -> "\t";
      case '%' -> "%";
      default -> throw Fault.of("strftime: the format code '%" + code + "' is not supported");
    };
  }

  private static String by(LocalDateTime time, String pattern) {
    return time.format(DateTimeFormatter.ofPattern(pattern, Locale.ENGLISH));
  }
}
