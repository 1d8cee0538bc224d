package dev.banyan.model.template;

/** {@code str.format}: fields {@code {}}, {@code {0}}, {@code {name.attribute[item]!r:spec}}. */
final class BraceFormat {
  private final String format;
  private final Arguments arguments;
  private final Budget budget;
  private int next;

  BraceFormat(String format, Arguments arguments, Budget budget) {
    this.format = format;
    this.arguments = arguments;
    this.budget = budget;
  }

  /** The text with every field filled in. */
  String text() {
    return filled(format, 2);
  }

  private String filled(String text, int levels) {
    var out = new StringBuilder();
    int i = 0;
    while (i < text.length()) {
      char c = text.charAt(i++);
      if (c != '{' && c != '}') {
        out.append(c);
      } else if (i < text.length() && text.charAt(i) == c) {
        out.append(c);
        i++;
      } else if (c == '}') {
        throw Fault.of("format: a single '}'");
      } else {
        int end = end(text, i);
        String field = field(text.substring(i, end), levels);
        budget.spend(field.length());
        out.append(field);
        i = end + 1;
      }
    }
    return out.toString();
  }

  private static int end(String text, int from) {
    int open = 1;
    for (int i = from; i < text.length(); i++) {
      open += text.charAt(i) == '{' ? 1 : text.charAt(i) == '}' ? -1 : 0;
      if (open == 0) {
        return i;
      }
    }
    throw Fault.of("format: a '{' without its '}'");
  }

  private String field(String field, int levels) {
    if (levels == 0) {
      throw Fault.of("format: fields are nested too deeply");
    }
    int colon = field.indexOf(':');
    String head = colon < 0 ? field : field.substring(0, colon);
    int mark = head.indexOf('!');
    Value value = value(mark < 0 ? head : head.substring(0, mark));
    if (mark >= 0) {
      value =
          switch (head.substring(mark + 1)) {
            case "r" -> Value.text(Printed.repr(value, budget));
            case "s" -> Value.text(Printed.str(value, budget));
            default -> throw Fault.of("format: unknown conversion '" + head + "'");
          };
    }
    String spec = colon < 0 ? "" : filled(field.substring(colon + 1), levels - 1);
    if (spec.isEmpty()) {
      return Printed.str(value, budget);
    }
    return FormatSpec.parse(spec).format(value, budget);
  }

  private Value value(String path) {
    int end = 0;
    while (end < path.length() && path.charAt(end) != '.' && path.charAt(end) != '[') {
      end++;
    }
    Value value = argument(path.substring(0, end));
    int at = end;
    while (at < path.length()) {
      boolean item = path.charAt(at) == '[';
      int close = item ? path.indexOf(']', at) : at + 1;
      while (!item && close < path.length() && ".[".indexOf(path.charAt(close)) < 0) {
        close++;
      }
      if (close < 0 || close == at + 1) {
        throw Fault.of("format: '" + path + "' is no field");
      }
      String name = path.substring(at + 1, close);
      Value key =
          name.chars().allMatch(c -> c >= '0' && c <= '9') ? number(name) : Value.text(name);
      value = item ? Access.item(value, key, budget) : Access.attribute(value, name, budget);
      if (value instanceof Value.Missing missing) {
        throw Fault.of(missing.why());
      }
      at = item ? close + 1 : close;
    }
    return value;
  }

  private Value argument(String name) {
    if (name.isEmpty() || name.chars().allMatch(c -> c >= '0' && c <= '9')) {
      int index = name.isEmpty() ? next++ : Numbers.index(number(name));
      if (index >= arguments.positional().size()) {
        throw Fault.of("format: there is no argument " + index);
      }
      return arguments.positional().get(index);
    }
    Value value = arguments.named().get(name);
    if (value == null) {
      throw Fault.of("format: there is no argument '" + name + "'");
    }
    return value;
  }

  private static Value number(String digits) {
    if (digits.length() > 9) {
      throw Fault.of("format: the index " + digits + " is too large");
    }
    return Value.whole(Long.parseLong(digits));
  }
}
