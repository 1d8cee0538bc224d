package dev.banyan.model.template;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;
import org.jspecify.annotations.Nullable;

/** Python's numbers: whole ones of any size, floats, and truth values that count as 0 and 1. */
final class Numbers {
  /** Bits of the largest whole number a template may make. */
  private static final int BITS = 4096;

  private Numbers() {}

  /** A whole number or truth value; null for anything else. */
  static @Nullable BigInteger asWhole(Value value) {
    return switch (value) {
      case Value.Whole whole -> whole.value();
      case Value.Truth truth -> truth.value() ? BigInteger.ONE : BigInteger.ZERO;
      default -> null;
    };
  }

  /** Any number; null for anything else. */
  static @Nullable Double asReal(Value value) {
    if (value instanceof Value.Real real) {
      return real.value();
    }
    BigInteger whole = asWhole(value);
    return whole == null ? null : (Double) whole.doubleValue();
  }

  static boolean isNumber(Value value) {
    return value instanceof Value.Real || asWhole(value) != null;
  }

  /** Two numbers; null when one is none. */
  static @Nullable Value compute(String operator, Value left, Value right) {
    BigInteger a = asWhole(left);
    BigInteger b = asWhole(right);
    if (a != null && b != null && !operator.equals("/")) {
      return whole(operator, a, b);
    }
    Double x = asReal(left);
    Double y = asReal(right);
    return x == null || y == null ? null : real(operator, x, y);
  }

  private static Value whole(String operator, BigInteger a, BigInteger b) {
    BigInteger result =
        switch (operator) {
          case "+" -> a.add(b);
          case "-" -> a.subtract(b);
          case "*" -> a.multiply(b);
          case "//" -> floorDivided(a, b)[0];
          case "%" -> floorDivided(a, b)[1];
          case "**" -> {
            if (b.signum() < 0) {
              yield null;
            }
            if (b.bitLength() > 30 || (long) a.bitLength() * b.intValue() > 2L * BITS) {
              yield small(a) ? a.pow(b.testBit(0) ? 1 : 2) : tooLarge();
            }
            yield a.pow(b.intValue());
          }
          default -> throw new IllegalArgumentException(operator);
        };
    if (result == null) {
      return real(operator, a.doubleValue(), b.doubleValue());
    }
    return new Value.Whole(result.bitLength() > BITS ? tooLarge() : result);
  }

  /** Powers of -1, 0 and 1 stay small however high. */
  private static boolean small(BigInteger a) {
    return a.abs().compareTo(BigInteger.ONE) <= 0;
  }

  private static BigInteger tooLarge() {
    throw Fault.of("a whole number of more than " + BITS + " bits");
  }

  private static BigInteger[] floorDivided(BigInteger a, BigInteger b) {
    if (b.signum() == 0) {
      throw Fault.of("integer division or modulo by zero");
    }
    BigInteger[] parts = a.divideAndRemainder(b);
    if (parts[1].signum() != 0 && parts[1].signum() != b.signum()) {
      parts[0] = parts[0].subtract(BigInteger.ONE);
      parts[1] = parts[1].add(b);
    }
    return parts;
  }

  private static Value real(String operator, double x, double y) {
    return new Value.Real(
        switch (operator) {
          case "+" -> x + y;
          case "-" -> x - y;
          case "*" -> x * y;
          case "/" -> x / nonZero(y);
          case "//" -> floorDivided(x, nonZero(y));
          case "%" -> rest(x, nonZero(y));
          case "**" -> Math.pow(x, y);
          default -> throw new IllegalArgumentException(operator);
        });
  }

  /** The rest has the sign of the divisor. */
  private static double rest(double x, double y) {
    double rest = x % y;
    return rest == 0 ? Math.copySign(0.0, y) : rest < 0 != y < 0 ? rest + y : rest;
  }

  /** As CPython: by the exact rest, because x / y may round up to the next whole number. */
  private static double floorDivided(double x, double y) {
    double quotient = (x - rest(x, y)) / y;
    if (quotient == 0) {
      return Math.copySign(0.0, x / y);
    }
    double floor = Math.floor(quotient);
    return quotient - floor > 0.5 ? floor + 1 : floor;
  }

  private static double nonZero(double divisor) {
    if (divisor == 0) {
      throw Fault.of("division by zero");
    }
    return divisor;
  }

  static Value negative(Value value) {
    BigInteger whole = asWhole(value);
    if (whole != null) {
      return new Value.Whole(whole.negate());
    }
    if (value instanceof Value.Real real) {
      return new Value.Real(-real.value());
    }
    throw Fault.of("bad operand type for unary -: '" + value.type() + "'");
  }

  static int compare(Value left, Value right) {
    BigInteger a = asWhole(left);
    BigInteger b = asWhole(right);
    if (a != null && b != null) {
      return a.compareTo(b);
    }
    double x = left instanceof Value.Real real ? real.value() : 0;
    double y = right instanceof Value.Real real ? real.value() : 0;
    boolean exact = (a != null || Double.isFinite(x)) && (b != null || Double.isFinite(y));
    if (!exact) {
      return Double.compare(a != null ? 0 : x, b != null ? 0 : y);
    }
    return (a != null ? new BigDecimal(a) : new BigDecimal(x))
        .compareTo(b != null ? new BigDecimal(b) : new BigDecimal(y));
  }

  static boolean isNan(Value value) {
    return value instanceof Value.Real real && Double.isNaN(real.value());
  }

  /** {@code repr(float)}: the shortest digits that read back, exponents from 1e16 and 1e-5 on. */
  static String text(double value) {
    if (Double.isNaN(value)) {
      return "nan";
    }
    if (Double.isInfinite(value)) {
      return value > 0 ? "inf" : "-inf";
    }
    if (value == 0) {
      return 1 / value < 0 ? "-0.0" : "0.0";
    }
    BigDecimal shortest = new BigDecimal(Double.toString(value)).stripTrailingZeros();
    int exponent = shortest.precision() - shortest.scale() - 1;
    if (exponent >= -4 && exponent < 16) {
      String plain = shortest.toPlainString();
      return plain.indexOf('.') < 0 ? plain + ".0" : plain;
    }
    String digits = shortest.unscaledValue().abs().toString();
    return (value < 0 ? "-" : "")
        + digits.charAt(0)
        + (digits.length() > 1 ? "." + digits.substring(1) : "")
        + exponent(exponent);
  }

  /** {@code e+05}: a sign and at least two digits. */
  static String exponent(int exponent) {
    return "e"
        + (exponent < 0 ? "-" : "+")
        + (Math.abs(exponent) < 10 ? "0" : "")
        + Math.abs(exponent);
  }

  /** A small number from 0. */
  static int index(Value value) {
    BigInteger whole = asWhole(value);
    if (whole == null || whole.signum() < 0 || whole.bitLength() > 30) {
      throw Fault.of("a whole number from 0 is expected, not " + value.type());
    }
    return whole.intValue();
  }

  /** {@code int(float)}. */
  static BigInteger truncated(double value) {
    if (!Double.isFinite(value)) {
      throw Fault.of("cannot convert float " + text(value) + " to integer");
    }
    return new BigDecimal(value).toBigInteger();
  }

  /** {@code round(value, digits)}: halves of the exact value go to the even neighbour. */
  static double rounded(double value, int digits) {
    if (!Double.isFinite(value) || digits > 400) {
      return value;
    }
    if (digits < -400) {
      return 0;
    }
    double rounded = new BigDecimal(value).setScale(digits, RoundingMode.HALF_EVEN).doubleValue();
    return Math.copySign(rounded, value);
  }

  static BigInteger rounded(BigInteger value, int digits) {
    if (digits >= 0) {
      return value;
    }
    return digits < -2000
        ? BigInteger.ZERO
        : new BigDecimal(value).setScale(digits, RoundingMode.HALF_EVEN).toBigInteger();
  }

  /** A float with so many digits behind the point, as {@code %f} prints it. */
  static String fixed(double value, int digits) {
    String text = new BigDecimal(value).setScale(digits, RoundingMode.HALF_EVEN).toPlainString();
    boolean negativeZero = Math.copySign(1, value) < 0 && !text.startsWith("-");
    return negativeZero ? "-" + text : text;
  }

  /** A float with so many significant digits, for {@code %e} and {@code %g}. */
  static BigDecimal significant(double value, int digits) {
    return new BigDecimal(value).round(new MathContext(digits, RoundingMode.HALF_EVEN));
  }
}
