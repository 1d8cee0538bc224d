package dev.banyan.cli.plan;

import dev.banyan.core.UserInputException;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A number of bytes as people write it: 1500000000, 1.5GB, 900MB, 2GiB, or a share such as 75%. */
final class ByteBudget {
  private static final Pattern WRITTEN =
      Pattern.compile("(\\d+(?:\\.\\d+)?)\\s*([kmg]i?b?|b|%|)", Pattern.CASE_INSENSITIVE);

  private ByteBudget() {}

  /**
   * The bytes.
   *
   * @param whole what 100 % are
   */
  static long of(String written, long whole) {
    Matcher match = WRITTEN.matcher(written.strip());
    if (!match.matches()) {
      throw new UserInputException(
          "--budget '" + written + "': expected bytes such as 1500000000, 1.5GB or 75%");
    }
    double number = Double.parseDouble(match.group(1));
    String unit = match.group(2).toLowerCase(Locale.ROOT);
    double bytes =
        unit.equals("%")
            ? whole * number / 100
            : number * Math.pow(unit.contains("i") ? 1024 : 1000, power(unit));
    if (!(bytes >= 1) || bytes > Long.MAX_VALUE / 2.0) {
      throw new UserInputException("--budget '" + written + "': expected at least one byte");
    }
    return (long) bytes;
  }

  private static int power(String unit) {
    return unit.isEmpty() || unit.equals("b") ? 0 : 1 + "kmg".indexOf(unit.charAt(0));
  }
}
