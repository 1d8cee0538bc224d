package dev.banyan.model.template;

import dev.banyan.core.Nearest;
import java.math.BigInteger;
import java.util.List;
import java.util.Locale;

/** Jinja's tests, {@code value is name}. */
final class Tests {
  private static final List<String> NAMES =
      List.of(
          "boolean",
          "callable",
          "defined",
          "divisibleby",
          "eq",
          "==",
          "equalto",
          "escaped",
          "even",
          "false",
          "filter",
          "float",
          "ge",
          ">=",
          "greaterthan",
          "gt",
          ">",
          "in",
          "integer",
          "iterable",
          "le",
          "<=",
          "lessthan",
          "lower",
          "lt",
          "<",
          "mapping",
          "ne",
          "!=",
          "none",
          "number",
          "odd",
          "sameas",
          "sequence",
          "string",
          "test",
          "true",
          "undefined",
          "upper");

  private Tests() {}

  static boolean has(String name) {
    return NAMES.contains(name);
  }

  /** For messages: which one may have been meant. */
  static String near(String name) {
    return Nearest.of(name, NAMES).map(near -> "; did you mean '" + near + "'?").orElse("");
  }

  static boolean holds(String name, Value value, Arguments given, Budget budget) {
    return switch (name) {
      case "divisibleby" -> {
        Value rest = Operators.compute("%", value, given.bind(name, "num").need("num"), budget);
        yield Compare.equal(rest, Value.whole(0), budget);
      }
      case "eq", "==", "equalto" -> compared("==", name, value, given, budget);
      case "ne", "!=" -> compared("!=", name, value, given, budget);
      case "ge", ">=" -> compared(">=", name, value, given, budget);
      case "gt", ">", "greaterthan" -> compared(">", name, value, given, budget);
      case "le", "<=" -> compared("<=", name, value, given, budget);
      case "lt", "<", "lessthan" -> compared("<", name, value, given, budget);
      case "in" -> Compare.contains(given.bind(name, "seq").need("seq"), value, budget);
      case "sameas" -> same(value, given.bind(name, "other").need("other"), budget);
      default -> {
        given.bind(name);
        yield plain(name, value, budget);
      }
    };
  }

  private static boolean compared(
      String operator, String name, Value value, Arguments given, Budget budget) {
    return Compare.holds(operator, value, given.bind(name, "other").need("other"), budget);
  }

  /** Python's "is" where it does not depend on how values are kept: not on lists and mappings. */
  private static boolean same(Value value, Value other, Budget budget) {
    return value.type().equals(other.type())
        && !(value instanceof Value.Items)
        && !(value instanceof Dict)
        && Compare.equal(value, other, budget);
  }

  private static boolean plain(String name, Value value, Budget budget) {
    return switch (name) {
      case "boolean" -> value instanceof Value.Truth;
      case "callable" -> value instanceof Callable || value instanceof Value.Missing;
      case "defined" -> !(value instanceof Value.Missing);
      case "undefined" -> value instanceof Value.Missing;
      case "escaped" -> value instanceof Value.Text text && text.markup();
      case "even" -> isOdd(value, budget) == 0;
      case "odd" -> isOdd(value, budget) == 1;
      case "true" -> value instanceof Value.Truth truth && truth.value();
      case "false" -> value instanceof Value.Truth truth && !truth.value();
      case "float" -> value instanceof Value.Real;
      case "integer" -> value instanceof Value.Whole;
      case "number" -> Numbers.isNumber(value);
      case "string" -> value instanceof Value.Text;
      case "mapping" -> value instanceof Dict;
      case "none" -> value instanceof Value.None;
      case "iterable" -> isIterable(value);
      case "sequence" -> isSequence(value);
      case "lower" -> isCased(value, false, budget);
      case "upper" -> isCased(value, true, budget);
      case "filter" -> value instanceof Value.Text text && Filters.has(text.value());
      case "test" -> value instanceof Value.Text text && has(text.value());
      default -> throw new IllegalArgumentException(name);
    };
  }

  private static int isOdd(Value value, Budget budget) {
    Value rest = Operators.compute("%", value, Value.whole(2), budget);
    BigInteger whole = Numbers.asWhole(rest);
    return whole == null
        ? (Compare.equal(rest, Value.whole(1), budget) ? 1 : Compare.truth(rest) ? 2 : 0)
        : whole.intValue();
  }

  static boolean isIterable(Value value) {
    return switch (value) {
      case Value.Missing missing -> true;
      case Value.Text text -> true;
      case Value.Items items -> true;
      case Dict dict -> true;
      case Once once -> true;
      default -> false;
    };
  }

  private static boolean isSequence(Value value) {
    return switch (value) {
      case Value.Missing missing -> true;
      case Value.Text text -> true;
      case Value.Items items -> items.kind().isSequence();
      case Dict dict -> true;
      default -> false;
    };
  }

  private static boolean isCased(Value value, boolean upper, Budget budget) {
    String text = Printed.str(value, budget);
    return text.codePoints().anyMatch(PyText::isCased)
        && text.equals(upper ? text.toUpperCase(Locale.ROOT) : text.toLowerCase(Locale.ROOT));
  }
}
