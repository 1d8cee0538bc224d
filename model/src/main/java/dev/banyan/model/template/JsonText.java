package dev.banyan.model.template;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** JSON as Python's {@code json.dumps} spells it, which is what transformers' tojson gives. */
final class JsonText {
  private final Style style;
  private final Budget budget;
  private final StringBuilder out = new StringBuilder();

  /**
   * How it is laid out.
   *
   * @param indent what each level adds to a line; null for one line
   * @param afterItem between two items, {@code ", "} by default, without the blank when indented
   * @param afterKey between a key and its value, {@code ": "} by default
   */
  record Style(
      boolean ascii, @Nullable String indent, String afterItem, String afterKey, boolean sorted) {}

  private JsonText(Style style, Budget budget) {
    this.style = style;
    this.budget = budget;
  }

  /**
   * The JSON text.
   *
   * @throws Fault for what is no JSON: undefined values, generators, functions, views
   */
  static String of(Value value, Style style, Budget budget) {
    var json = new JsonText(style, budget);
    json.add(value, "\n");
    return json.out.toString();
  }

  private void add(Value value, String line) {
    budget.enter();
    switch (value) {
      case Value.None none -> out.append("null");
      case Value.Truth truth -> out.append(truth.value());
      case Value.Whole whole -> out.append(whole.value());
      case Value.Real real -> out.append(number(real.value()));
      case Value.Text text -> quote(text.value());
      case Value.Items items -> {
        if (!items.kind().isSequence() || items.kind() == Value.Items.Kind.RANGE) {
          throw unfit(items);
        }
        list(items.values(), line);
      }
      case Dict dict -> dict(dict, line);
      default -> throw unfit(value);
    }
    budget.leave();
  }

  private static Fault unfit(Value value) {
    String why = value instanceof Value.Missing missing ? " (" + missing.why() + ")" : "";
    return Fault.of("tojson: a value of type %s is no JSON%s".formatted(value.type(), why));
  }

  private static String number(double value) {
    if (Double.isNaN(value)) {
      return "NaN";
    }
    return Double.isInfinite(value) ? (value > 0 ? "Infinity" : "-Infinity") : Numbers.text(value);
  }

  private void list(List<Value> values, String line) {
    if (values.isEmpty()) {
      out.append("[]");
      return;
    }
    String inner = style.indent == null ? "" : line + style.indent;
    budget.spend((long) inner.length() * values.size());
    out.append('[');
    for (int i = 0; i < values.size(); i++) {
      out.append(i == 0 ? "" : style.afterItem).append(inner);
      add(values.get(i), inner);
    }
    out.append(style.indent == null ? "" : line).append(']');
  }

  private void dict(Dict dict, String line) {
    if (dict.size() == 0) {
      out.append("{}");
      return;
    }
    String inner = style.indent == null ? "" : line + style.indent;
    budget.spend((long) inner.length() * dict.size());
    List<Dict.Entry> entries = new ArrayList<>(dict.entries());
    if (style.sorted) {
      entries.sort((a, b) -> Compare.order(a.key(), b.key(), "<", budget));
    }
    out.append('{');
    String comma = "";
    for (Dict.Entry entry : entries) {
      out.append(comma).append(inner);
      quote(key(entry.key()));
      out.append(style.afterKey);
      add(entry.value(), inner);
      comma = style.afterItem;
    }
    out.append(style.indent == null ? "" : line).append('}');
  }

  private static String key(Value key) {
    return switch (key) {
      case Value.Text text -> text.value();
      case Value.None none -> "null";
      case Value.Truth truth -> String.valueOf(truth.value());
      case Value.Whole whole -> whole.value().toString();
      case Value.Real real -> number(real.value());
      default -> throw Fault.of("tojson: a key of type " + key.type() + " is no JSON");
    };
  }

  private void quote(String text) {
    budget.spend(text.length());
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"' -> out.append("\\\"");
        case '\\' -> out.append("\\\\");
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        case '\f' -> out.append("\\f");
        case '\b' -> out.append("\\b");
        default -> {
          if (c < ' ' || (style.ascii && c > '~')) {
            out.append("\\u%04x".formatted((int) c));
          } else {
            out.append(c);
          }
        }
      }
    }
    out.append('"');
  }
}
