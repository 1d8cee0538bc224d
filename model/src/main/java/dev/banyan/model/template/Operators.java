package dev.banyan.model.template;

import java.math.BigInteger;
import java.util.ArrayList;
import org.jspecify.annotations.Nullable;

/** {@code + - * / // % **} on numbers, strings and lists. */
final class Operators {
  private Operators() {}

  /**
   * {@code left operator right}.
   *
   * @throws Fault where Python has no such operation
   */
  static Value compute(String operator, Value left, Value right, Budget budget) {
    Value number = Numbers.compute(operator, left, right);
    if (number != null) {
      return number;
    }
    Value other =
        switch (operator) {
          case "+" -> sum(left, right, budget);
          case "*" -> repeated(left, right, budget);
          case "%" -> left instanceof Value.Text text ? formatted(text, right, budget) : null;
          default -> null;
        };
    if (other == null) {
      throw unsupported(operator, left, right);
    }
    return other;
  }

  private static Fault unsupported(String operator, Value left, Value right) {
    if (left instanceof Value.Missing missing) {
      return Fault.of(missing.why());
    }
    if (right instanceof Value.Missing missing) {
      return Fault.of(missing.why());
    }
    return Fault.of(
        "unsupported operand type(s) for %s: '%s' and '%s'"
            .formatted(operator, left.type(), right.type()));
  }

  private static Value formatted(Value.Text text, Value given, Budget budget) {
    if (text.markup()) {
      throw Fault.of("formatting escaped text with % is not supported");
    }
    return Value.text(new PercentFormat(text.value(), given, budget).text());
  }

  private static @Nullable Value sum(Value left, Value right, Budget budget) {
    if (left instanceof Value.Text a && right instanceof Value.Text b) {
      budget.spend((long) a.value().length() + b.value().length());
      boolean markup = a.markup() || b.markup();
      return new Value.Text(
          (markup && !a.markup() ? escaped(a.value()) : a.value())
              + (markup && !b.markup() ? escaped(b.value()) : b.value()),
          markup);
    }
    if (left instanceof Value.Items a
        && right instanceof Value.Items b
        && a.kind() == b.kind()
        && (a.kind() == Value.Items.Kind.LIST || a.kind() == Value.Items.Kind.TUPLE)) {
      budget.spend((long) a.values().size() + b.values().size());
      var all = new ArrayList<>(a.values());
      all.addAll(b.values());
      return new Value.Items(all, a.kind());
    }
    return null;
  }

  private static @Nullable Value repeated(Value left, Value right, Budget budget) {
    BigInteger times = Numbers.asWhole(right);
    Value what = left;
    if (times == null) {
      times = Numbers.asWhole(left);
      what = right;
    }
    if (times == null) {
      return null;
    }
    int count =
        times.signum() < 0 ? 0 : times.bitLength() > 31 ? Integer.MAX_VALUE : times.intValue();
    if (what instanceof Value.Text text) {
      budget.spend((long) text.value().length() * count);
      return new Value.Text(
          text.value().isEmpty() ? "" : text.value().repeat(count), text.markup());
    }
    if (what instanceof Value.Items items
        && (items.kind() == Value.Items.Kind.LIST || items.kind() == Value.Items.Kind.TUPLE)) {
      budget.spend((long) items.values().size() * count);
      var all = new ArrayList<Value>();
      for (int i = 0; i < count && !items.values().isEmpty(); i++) {
        all.addAll(items.values());
      }
      return new Value.Items(all, items.kind());
    }
    return null;
  }

  /** Escaped for HTML, as MarkupSafe does. */
  static String escaped(String text) {
    return text.replace("&", "&amp;")
        .replace(">", "&gt;")
        .replace("<", "&lt;")
        .replace("'", "&#39;")
        .replace("\"", "&#34;");
  }
}
