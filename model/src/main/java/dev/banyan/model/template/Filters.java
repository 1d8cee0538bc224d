package dev.banyan.model.template;

import dev.banyan.core.Nearest;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Jinja's filters of one value, {@code value | name}; those of lists are {@link ListFilters}. */
final class Filters {
  private static final List<String> NAMES =
      List.of(
          "abs",
          "attr",
          "batch",
          "capitalize",
          "center",
          "count",
          "d",
          "default",
          "dictsort",
          "e",
          "escape",
          "first",
          "float",
          "forceescape",
          "format",
          "groupby",
          "indent",
          "int",
          "items",
          "join",
          "last",
          "length",
          "list",
          "lower",
          "map",
          "max",
          "min",
          "reject",
          "rejectattr",
          "replace",
          "reverse",
          "round",
          "safe",
          "select",
          "selectattr",
          "slice",
          "sort",
          "string",
          "striptags",
          "sum",
          "title",
          "tojson",
          "trim",
          "truncate",
          "unique",
          "upper",
          "urlencode",
          "wordcount");
  private static final Pattern WORD_BREAK =
      Pattern.compile("([-" + PyText.WHITESPACE_CLASS + "({\\[<]+)");

  private final Budget budget;

  Filters(Budget budget) {
    this.budget = budget;
  }

  static boolean has(String name) {
    return NAMES.contains(name);
  }

  /** For messages: which one may have been meant. */
  static String near(String name) {
    return Nearest.of(name, NAMES).map(near -> "; did you mean '" + near + "'?").orElse("");
  }

  Value apply(String name, Value value, Arguments given) {
    budget.spend(weight(value) / 16);
    return switch (name) {
      case "default", "d" -> usual(value, given.bind(name, "default_value", "boolean"));
      case "tojson" -> Value.text(json(value, given));
      case "trim" -> trimmed(value, given.bind(name, "chars"));
      case "replace" -> replaced(value, given.bind(name, "old", "new", "count"));
      case "indent" -> indented(value, given.bind(name, "width", "first", "blank"));
      case "int" -> whole(value, given.bind(name, "default", "base"));
      case "float" -> real(value, given.bind(name, "default"));
      case "round" -> rounded(value, given.bind(name, "precision", "method"));
      case "center" -> centered(value, given.bind(name, "width"));
      case "truncate" -> truncated(value, given.bind(name, "length", "killwords", "end", "leeway"));
      case "format" -> formatted(value, given);
      case "attr" -> attribute(value, given.bind(name, "name"));
      case "length",
          "count",
          "string",
          "lower",
          "upper",
          "capitalize",
          "title",
          "abs",
          "safe",
          "e",
          "escape",
          "forceescape",
          "striptags",
          "urlencode",
          "wordcount" -> {
        given.bind(name);
        yield plain(name, value);
      }
      default -> new ListFilters(this, budget).apply(name, value, given);
    };
  }

  static long weight(Value value) {
    return switch (value) {
      case Value.Text text -> text.value().length();
      case Value.Items items -> items.values().size();
      case Dict dict -> dict.size();
      default -> 0;
    };
  }

  private Value plain(String name, Value value) {
    return switch (name) {
      case "length", "count" -> Value.whole(Access.length(value));
      case "abs" -> absolute(value);
      case "string" -> soft(value);
      case "lower" -> like(value, text(value).toLowerCase(Locale.ROOT));
      case "upper" -> like(value, text(value).toUpperCase(Locale.ROOT));
      case "capitalize" -> like(value, PyText.capitalized(text(value)));
      case "title" -> Value.text(titled(text(value)));
      case "safe" -> new Value.Text(text(value), true);
      case "e", "escape" ->
          value instanceof Value.Text text && text.markup()
              ? text
              : new Value.Text(Operators.escaped(text(value)), true);
      case "forceescape" -> new Value.Text(Operators.escaped(text(value)), true);
      case "striptags" -> Value.text(withoutTags(text(value)));
      case "urlencode" -> urlEncoded(value);
      case "wordcount" -> Value.whole(words(text(value)));
      default -> throw new IllegalArgumentException(name);
    };
  }

  /** {@code str(value)}. */
  String text(Value value) {
    return Printed.str(value, budget);
  }

  /** {@code str(value)}, but escaped text stays escaped text. */
  private Value.Text soft(Value value) {
    return value instanceof Value.Text text ? text : Value.text(text(value));
  }

  private static Value like(Value value, String text) {
    return new Value.Text(text, value instanceof Value.Text of && of.markup());
  }

  private static Value usual(Value value, Arguments.Bound given) {
    boolean missing =
        value instanceof Value.Missing || (given.truth("boolean", false) && !Compare.truth(value));
    return missing ? given.get("default_value", Value.Text.EMPTY) : value;
  }

  private String json(Value value, Arguments given) {
    var bound = given.bind("tojson", "ensure_ascii", "indent", "separators", "sort_keys");
    String indent = null;
    Value asked = bound.get("indent", Value.None.NONE);
    if (asked instanceof Value.Text text) {
      indent = text.value();
    } else if (!(asked instanceof Value.None)) {
      int width = Math.max(0, bound.whole("indent", 0));
      budget.spend(width);
      indent = " ".repeat(width);
    }
    String afterItem = indent == null ? ", " : ",";
    String afterKey = ": ";
    Value separators = bound.get("separators", Value.None.NONE);
    if (!(separators instanceof Value.None)) {
      List<Value> two = Access.iterate(separators);
      if (two.size() != 2
          || !(two.get(0) instanceof Value.Text item)
          || !(two.get(1) instanceof Value.Text key)) {
        throw Fault.of("tojson: separators are two strings");
      }
      afterItem = item.value();
      afterKey = key.value();
    }
    boolean ascii = bound.truth("ensure_ascii", false);
    boolean sorted = bound.truth("sort_keys", false);
    var style = new JsonText.Style(ascii, indent, afterItem, afterKey, sorted);
    return JsonText.of(value, style, budget);
  }

  private Value trimmed(Value value, Arguments.Bound given) {
    Value.Text text = soft(value);
    String set = given.text("chars");
    budget.spend(set == null ? 0 : (long) set.length() * text.value().length() / 64);
    return like(
        text,
        set == null
            ? PyText.rstrip(PyText.lstrip(text.value()))
            : PyText.strip(text.value(), set, true, true));
  }

  private Value replaced(Value value, Arguments.Bound given) {
    String old = text(given.need("old"));
    String fresh = text(given.need("new"));
    int count = given.whole("count", -1);
    return Value.text(TextMethods.replaced(text(value), old, fresh, count, budget));
  }

  private static void requireText(String filter, Value value) {
    if (!(value instanceof Value.Text)) {
      throw Fault.of(filter + ": a string is expected, not " + value.type());
    }
  }

  private Value indented(Value value, Arguments.Bound given) {
    requireText("indent", value);
    Value width = given.get("width", Value.whole(4));
    String blanks;
    if (width instanceof Value.Text text) {
      blanks = text.value();
    } else {
      int count = Math.max(0, given.whole("width", 4));
      budget.spend(count);
      blanks = " ".repeat(count);
    }
    boolean first = given.truth("first", false);
    boolean blankLines = given.truth("blank", false);
    List<String> lines = PyText.lines(text(value) + "\n", false);
    budget.spend((long) blanks.length() * lines.size());
    var out = new StringBuilder(first ? blanks : "");
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i);
      out.append(i == 0 ? "" : "\n");
      out.append(i > 0 && (blankLines || !line.isEmpty()) ? blanks : "").append(line);
    }
    return like(value, out.toString());
  }

  private Value absolute(Value value) {
    if (!Numbers.isNumber(value)) {
      throw Fault.of("bad operand type for abs(): '" + value.type() + "'");
    }
    return Numbers.compare(value, Value.whole(0)) < 0
        ? Numbers.negative(value)
        : Operators.compute("+", value, Value.whole(0), budget);
  }

  private Value whole(Value value, Arguments.Bound given) {
    requireDefined(value);
    Value read = NumberText.whole(value, given.whole("base", 10));
    return read == null ? given.get("default", Value.whole(0)) : read;
  }

  private Value real(Value value, Arguments.Bound given) {
    requireDefined(value);
    Double read = NumberText.real(value);
    return read == null ? given.get("default", new Value.Real(0)) : new Value.Real(read);
  }

  private static void requireDefined(Value value) {
    if (value instanceof Value.Missing missing) {
      throw Fault.of(missing.why());
    }
  }

  private Value rounded(Value value, Arguments.Bound given) {
    int precision = given.whole("precision", 0);
    String method = given.text("method");
    Double real = Numbers.asReal(value);
    if (real == null) {
      throw Fault.of("round: a number is needed, not " + value.type());
    }
    if (method == null || method.equals("common")) {
      var whole = Numbers.asWhole(value);
      return whole == null
          ? new Value.Real(Numbers.rounded(real, precision))
          : new Value.Whole(Numbers.rounded(whole, precision));
    }
    double scale = Math.pow(10, precision);
    return switch (method) {
      case "ceil" -> new Value.Real((Math.ceil(real * scale) + 0.0) / scale);
      case "floor" -> new Value.Real((Math.floor(real * scale) + 0.0) / scale);
      default -> throw Fault.of("round: the method is common, ceil or floor, not " + method);
    };
  }

  private Value centered(Value value, Arguments.Bound given) {
    String padded =
        TextMethods.padded(text(value), given.whole("width", 80), " ", "center", budget);
    return like(value, padded);
  }

  private Value truncated(Value value, Arguments.Bound given) {
    String end = text(given.get("end", Value.text("...")));
    int length = given.whole("length", 255);
    int leeway = given.whole("leeway", 5);
    int endLength = PyText.length(end);
    if (length < endLength || leeway < 0) {
      throw Fault.of("truncate: the length is at least that of the end, the leeway not negative");
    }
    if (Access.length(value) <= (long) length + leeway) {
      return value; // whatever it is
    }
    requireText("truncate", value);
    String text = text(value);
    String cut = PyText.slice(text, 0, length - endLength);
    if (!given.truth("killwords", false)) {
      int blank = cut.lastIndexOf(' ');
      cut = blank < 0 ? cut : cut.substring(0, blank);
    }
    return Value.text(cut + end);
  }

  private Value formatted(Value value, Arguments given) {
    if (!given.named().isEmpty() && !given.positional().isEmpty()) {
      throw Fault.of("format takes arguments in order or by name, not both");
    }
    Value values;
    if (given.named().isEmpty()) {
      values = new Value.Items(given.positional(), Value.Items.Kind.TUPLE);
    } else {
      var named = new Dict();
      given.named().forEach(named::put);
      values = named;
    }
    return Value.text(new PercentFormat(text(value), values, budget).text());
  }

  private Value attribute(Value value, Arguments.Bound given) {
    String name = text(given.need("name"));
    Value found = Access.method(value, name, budget);
    return found == null
        ? new Value.Missing("'%s object' has no attribute '%s'".formatted(value.type(), name))
        : found;
  }

  private static String titled(String text) {
    var out = new StringBuilder();
    for (String part : WORD_BREAK.splitWithDelimiters(text, 0)) {
      out.append(PyText.capitalized(part));
    }
    return out.toString();
  }

  private static String withoutTags(String text) {
    String bare = text.replaceAll("(?s)<!--.*?-->", "").replaceAll("(?s)<.*?>", "");
    bare =
        bare.replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&#39;", "'")
            .replace("&#34;", "\"")
            .replace("&quot;", "\"")
            .replace("&amp;", "&");
    return String.join(" ", wordsOf(bare));
  }

  private static List<String> wordsOf(String text) {
    var words = new ArrayList<String>();
    for (String word : text.split("[" + PyText.WHITESPACE_CLASS + "]+", -1)) {
      if (!word.isEmpty()) {
        words.add(word);
      }
    }
    return words;
  }

  private static int words(String text) {
    return (int)
        Pattern.compile("\\w+", Pattern.UNICODE_CHARACTER_CLASS).matcher(text).results().count();
  }

  private Value urlEncoded(Value value) {
    if (value instanceof Value.Text || !Tests.isIterable(value)) {
      return Value.text(UrlText.quoted(text(value), true));
    }
    var out = new StringBuilder();
    List<Value> pairs = value instanceof Dict dict ? dict.pairs() : Access.iterate(value);
    for (Value pair : pairs) {
      List<Value> two = Access.iterate(pair);
      if (two.size() != 2) {
        throw Fault.of("urlencode: pairs are expected");
      }
      out.append(out.isEmpty() ? "" : "&");
      out.append(UrlText.quoted(text(two.get(0)), false)).append('=');
      out.append(UrlText.quoted(text(two.get(1)), false));
    }
    return Value.text(out.toString());
  }

  /** A test or filter by its name, as {@code map} and {@code select} take it. */
  @Nullable String nameOf(Value value) {
    return value instanceof Value.Text text ? text.value() : null;
  }
}
