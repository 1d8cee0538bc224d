package dev.banyan.model.template;

import java.util.List;

/** Truth, equality, order and membership as Python has them. */
final class Compare {
  private Compare() {}

  static boolean truth(Value value) {
    return switch (value) {
      case Value.None none -> false;
      case Value.Missing missing -> false;
      case Value.Truth truth -> truth.value();
      case Value.Whole whole -> whole.value().signum() != 0;
      case Value.Real real -> real.value() != 0;
      case Value.Text text -> !text.value().isEmpty();
      case Value.Items items -> !items.values().isEmpty();
      case Dict dict -> dict.size() > 0;
      case Once once -> true;
      case Namespace namespace -> true;
      case Callable callable -> true;
    };
  }

  static boolean equal(Value left, Value right, Budget budget) {
    budget.enter();
    boolean equal = equalContents(left, right, budget);
    budget.leave();
    return equal;
  }

  private static boolean equalContents(Value left, Value right, Budget budget) {
    if (Numbers.isNumber(left) && Numbers.isNumber(right)) {
      return !Numbers.isNan(left) && !Numbers.isNan(right) && Numbers.compare(left, right) == 0;
    }
    return switch (left) {
      case Value.None none -> right instanceof Value.None;
      case Value.Missing missing -> right instanceof Value.Missing;
      case Value.Text a -> {
        if (!(right instanceof Value.Text b) || a.value().length() != b.value().length()) {
          yield false;
        }
        budget.spend(a.value().length() / 8);
        yield a.value().equals(b.value());
      }
      case Value.Items a ->
          right instanceof Value.Items b && sameKind(a, b) && equal(a.values(), b.values(), budget);
      case Dict a -> right instanceof Dict b && equal(a, b, budget);
      default -> left.equals(right); // functions, generators, namespaces: the same one
    };
  }

  /** Views of keys compare as sets in Python, which no template needs; values never compare. */
  private static boolean sameKind(Value.Items a, Value.Items b) {
    if (a.kind() == b.kind() && !a.kind().isSequence()) {
      throw Fault.of("comparing " + a.type() + " is not supported; make them lists");
    }
    return a.kind() == b.kind();
  }

  private static boolean equal(List<Value> a, List<Value> b, Budget budget) {
    if (a.size() != b.size()) {
      return false;
    }
    for (int i = 0; i < a.size(); i++) {
      if (!equal(a.get(i), b.get(i), budget)) {
        return false;
      }
    }
    return true;
  }

  private static boolean equal(Dict a, Dict b, Budget budget) {
    if (a.size() != b.size()) {
      return false;
    }
    for (Dict.Entry entry : a.entries()) {
      Value other = b.get(entry.key());
      if (other == null || !equal(entry.value(), other, budget)) {
        return false;
      }
    }
    return true;
  }

  /**
   * Negative, zero or positive.
   *
   * @throws Fault when Python has no order for the two
   */
  static int order(Value left, Value right, String operator, Budget budget) {
    budget.enter();
    int order = orderOf(left, right, operator, budget);
    budget.leave();
    return order;
  }

  private static int orderOf(Value left, Value right, String operator, Budget budget) {
    if (Numbers.isNumber(left) && Numbers.isNumber(right)) {
      return Numbers.compare(left, right);
    }
    if (left instanceof Value.Text a && right instanceof Value.Text b) {
      budget.spend(Math.min(a.value().length(), b.value().length()) / 8);
      return order(a.value(), b.value());
    }
    if (left instanceof Value.Items a
        && right instanceof Value.Items b
        && a.kind() == b.kind()
        && a.kind().isSequence()
        && a.kind() != Value.Items.Kind.RANGE) {
      for (int i = 0; i < Math.min(a.values().size(), b.values().size()); i++) {
        if (!equal(a.values().get(i), b.values().get(i), budget)) {
          return order(a.values().get(i), b.values().get(i), operator, budget);
        }
      }
      return Integer.compare(a.values().size(), b.values().size());
    }
    throw unsupported(operator, left, right);
  }

  /** By code points, as Python; Java's own order puts surrogates before U+E000. */
  static int order(String a, String b) {
    int at = 0;
    int end = Math.min(a.length(), b.length());
    while (at < end && a.charAt(at) == b.charAt(at)) {
      at++;
    }
    if (at == end) {
      return Integer.compare(a.length(), b.length());
    }
    char c = a.charAt(at);
    char d = b.charAt(at);
    boolean high = Character.isSurrogate(c) != Character.isSurrogate(d);
    return high ? (Character.isSurrogate(c) ? 1 : -1) : Character.compare(c, d);
  }

  private static Fault unsupported(String operator, Value left, Value right) {
    String missing =
        left instanceof Value.Missing a ? a.why() : right instanceof Value.Missing b ? b.why() : "";
    return Fault.of(
        missing.isEmpty()
            ? "'%s' not supported between %s and %s".formatted(operator, left.type(), right.type())
            : missing);
  }

  /** {@code left operator right} for the operators of a comparison. */
  static boolean holds(String operator, Value left, Value right, Budget budget) {
    boolean ordered = !operator.equals("==") && !operator.equals("!=") && !operator.endsWith("in");
    if (ordered
        && Numbers.isNumber(left)
        && Numbers.isNumber(right)
        && (Numbers.isNan(left) || Numbers.isNan(right))) {
      return false;
    }
    return switch (operator) {
      case "==" -> equal(left, right, budget);
      case "!=" -> !equal(left, right, budget);
      case "<" -> order(left, right, operator, budget) < 0;
      case "<=" -> order(left, right, operator, budget) <= 0;
      case ">" -> order(left, right, operator, budget) > 0;
      case ">=" -> order(left, right, operator, budget) >= 0;
      case "in" -> contains(right, left, budget);
      case "not in" -> !contains(right, left, budget);
      default -> throw new IllegalArgumentException(operator);
    };
  }

  /** {@code item in container}. */
  static boolean contains(Value container, Value item, Budget budget) {
    return switch (container) {
      case Value.Text text -> {
        if (!(item instanceof Value.Text part)) {
          throw Fault.of("'in <string>' requires a string on its left, not " + item.type());
        }
        budget.spend(text.value().length() / 8);
        yield text.value().contains(part.value());
      }
      case Dict dict -> dict.has(item);
      case Value.Missing missing -> false;
      default -> isAmong(Access.iterate(container), item, budget);
    };
  }

  private static boolean isAmong(List<Value> values, Value item, Budget budget) {
    for (Value each : values) {
      if (equal(each, item, budget)) {
        return true;
      }
    }
    return false;
  }
}
