package dev.banyan.model.template;

import java.math.BigInteger;
import java.util.List;

/** Values as {@code str()} and {@code repr()} print them. */
final class Printed {
  private final Budget budget;
  private final StringBuilder out = new StringBuilder();

  private Printed(Budget budget) {
    this.budget = budget;
  }

  /** {@code str(value)}. */
  static String str(Value value, Budget budget) {
    return switch (value) {
      case Value.Text text -> text.value();
      case Value.Missing missing -> "";
      default -> repr(value, budget);
    };
  }

  /** {@code repr(value)}. */
  static String repr(Value value, Budget budget) {
    var printed = new Printed(budget);
    printed.add(value);
    budget.spend(printed.out.length());
    return printed.out.toString();
  }

  private void add(Value value) {
    budget.enter();
    switch (value) {
      case Value.None none -> out.append("None");
      case Value.Missing missing -> out.append("Undefined");
      case Value.Truth truth -> out.append(truth.value() ? "True" : "False");
      case Value.Whole whole -> out.append(whole.value());
      case Value.Real real -> out.append(Numbers.text(real.value()));
      case Value.Text text -> {
        budget.spend(text.value().length());
        out.append(text.markup() ? "Markup(" : "");
        quote(text.value());
        out.append(text.markup() ? ")" : "");
      }
      case Value.Items items -> items(items);
      case Dict dict -> dict(dict);
      case Once once -> throw Fault.of("a generator has no text; put '| list' behind it");
      case Namespace namespace -> throw Fault.of("a namespace has no text");
      case Callable callable -> throw Fault.of("a function has no text; is '()' missing?");
    }
    budget.leave();
  }

  private void items(Value.Items items) {
    switch (items.kind()) {
      case LIST -> all("[", items.values(), "]");
      case TUPLE, GROUP -> all("(", items.values(), items.values().size() == 1 ? ",)" : ")");
      case KEYS, VALUES, PAIRS -> all(items.type() + "([", items.values(), "])");
      case RANGE -> range(items.values());
    }
  }

  private void range(List<Value> values) {
    if (values.size() < 2) {
      throw Fault.of("the text of a range this short is not supported; put '| list' behind it");
    }
    BigInteger first = Numbers.asWhole(values.getFirst());
    BigInteger second = Numbers.asWhole(values.get(1));
    BigInteger last = Numbers.asWhole(values.getLast());
    if (first == null || second == null || last == null) {
      throw new IllegalStateException("a range of other than whole numbers");
    }
    BigInteger step = second.subtract(first);
    // any end between the last item and the next prints differently; this one is the usual
    BigInteger end = last.add(step.signum() > 0 ? BigInteger.ONE : BigInteger.ONE.negate());
    out.append("range(").append(first).append(", ").append(end);
    out.append(step.equals(BigInteger.ONE) ? "" : ", " + step).append(')');
  }

  private void all(String open, List<Value> values, String close) {
    out.append(open);
    String comma = "";
    for (Value value : values) {
      out.append(comma);
      add(value);
      comma = ", ";
    }
    out.append(close);
  }

  private void dict(Dict dict) {
    out.append('{');
    String comma = "";
    for (Dict.Entry entry : dict.entries()) {
      out.append(comma);
      add(entry.key());
      out.append(": ");
      add(entry.value());
      comma = ", ";
    }
    out.append('}');
  }

  private void quote(String text) {
    char quote = text.indexOf('\'') >= 0 && text.indexOf('"') < 0 ? '"' : '\'';
    out.append(quote);
    text.codePoints()
        .forEach(
            c -> {
              switch (c) {
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                case '\\' -> out.append("\\\\");
                default -> character(c, quote);
              }
            });
    out.append(quote);
  }

  private void character(int c, char quote) {
    if (c == quote) {
      out.append('\\').append(quote);
    } else if (isPrintable(c)) {
      out.appendCodePoint(c);
    } else if (c < 0x100) {
      out.append("\\x%02x".formatted(c));
    } else {
      out.append((c < 0x10000 ? "\\u%04x" : "\\U%08x").formatted(c));
    }
  }

  /** {@code str.isprintable}: no control, format, surrogate, private, unassigned or space. */
  static boolean isPrintable(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.PRIVATE_USE,
          Character.UNASSIGNED,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          false;
      case Character.SPACE_SEPARATOR -> c == ' ';
      default -> true;
    };
  }
}
