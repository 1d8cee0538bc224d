package dev.banyan.model.template;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/** Python's {@code str} methods. What is made of escaped text is escaped text. */
final class TextMethods {
  private static final Set<String> NAMES =
      Set.of(
          "capitalize",
          "casefold",
          "center",
          "count",
          "endswith",
          "expandtabs",
          "find",
          "format",
          "index",
          "isalnum",
          "isalpha",
          "isascii",
          "isdecimal",
          "isdigit",
          "isidentifier",
          "islower",
          "isnumeric",
          "isprintable",
          "isspace",
          "istitle",
          "isupper",
          "join",
          "ljust",
          "lower",
          "lstrip",
          "partition",
          "removeprefix",
          "removesuffix",
          "replace",
          "rfind",
          "rindex",
          "rjust",
          "rpartition",
          "rsplit",
          "rstrip",
          "split",
          "splitlines",
          "startswith",
          "strip",
          "swapcase",
          "title",
          "upper",
          "zfill");
  private static final Set<String> UNSUPPORTED =
      Set.of("encode", "format_map", "maketrans", "translate");

  private final String text;
  private final boolean markup;
  private final Budget budget;

  private TextMethods(Value.Text of, Budget budget) {
    this.text = of.value();
    this.markup = of.markup();
    this.budget = budget;
  }

  /** The method of that name; null when strings have none. */
  static @Nullable Callable of(Value.Text of, String name, Budget budget) {
    if (UNSUPPORTED.contains(name)) {
      throw Fault.of("str." + name + " is not supported");
    }
    if (!NAMES.contains(name)) {
      return null;
    }
    return arguments -> {
      budget.spend(of.value().length() / 16);
      return new TextMethods(of, budget).call(name, arguments);
    };
  }

  private Value call(String name, Arguments given) {
    return switch (name) {
      case "strip" -> made(strip(given.bind(name, "chars"), true, true));
      case "lstrip" -> made(strip(given.bind(name, "chars"), true, false));
      case "rstrip" -> made(strip(given.bind(name, "chars"), false, true));
      case "split", "rsplit" -> split(given.bind(name, "sep", "maxsplit"), name.equals("rsplit"));
      case "splitlines" -> splitLines(given.bind(name, "keepends"));
      case "partition", "rpartition" -> partition(given.bind(name, "sep"), name.startsWith("r"));
      case "startswith" -> startsOrEnds(given.bind(name, "prefix", "start", "end"), true);
      case "endswith" -> startsOrEnds(given.bind(name, "prefix", "start", "end"), false);
      case "find", "rfind", "index", "rindex" ->
          find(name, given.bind(name, "sub", "start", "end"));
      case "count" -> count(given.bind(name, "sub", "start", "end"));
      case "replace" -> replace(given.bind(name, "old", "new", "count"));
      case "join" -> join(given.bind(name, "iterable").need("iterable"));
      case "removeprefix", "removesuffix" -> without(name, given.bind(name, "part"));
      case "center", "ljust", "rjust" -> padded(name, given.bind(name, "width", "fillchar"));
      case "zfill" -> zeroFilled(given.bind(name, "width"));
      case "expandtabs" -> expandTabs(given.bind(name, "tabsize"));
      case "format" -> made(new BraceFormat(text, given, budget).text());
      default -> {
        given.bind(name);
        yield plain(name);
      }
    };
  }

  private Value plain(String name) {
    return switch (name) {
      case "capitalize" -> made(PyText.capitalized(text));
      case "casefold" -> made(text.toUpperCase(Locale.ROOT).toLowerCase(Locale.ROOT));
      case "lower" -> made(text.toLowerCase(Locale.ROOT));
      case "upper" -> made(text.toUpperCase(Locale.ROOT));
      case "title" -> made(PyText.titled(text));
      case "swapcase" -> made(swapped());
      case "isalnum" -> all(c -> Character.isLetter(c) || isNumeric(c));
      case "isalpha" -> all(Character::isLetter);
      case "isascii" -> Value.truth(text.chars().allMatch(c -> c < 128));
      case "isdecimal" -> all(Character::isDigit);
      case "isdigit" -> all(c -> Character.isDigit(c) || isSuperscript(c));
      case "isnumeric" -> all(TextMethods::isNumeric);
      case "isidentifier" -> Value.truth(isIdentifier());
      case "islower" -> cased(Character::isLowerCase);
      case "isupper" -> cased(Character::isUpperCase);
      case "istitle" -> Value.truth(text.equals(PyText.titled(text)) && hasCased());
      case "isprintable" -> Value.truth(text.codePoints().allMatch(Printed::isPrintable));
      case "isspace" -> all(PyText::isSpace);
      default -> throw new IllegalArgumentException(name);
    };
  }

  private Value made(String result) {
    return new Value.Text(result, markup);
  }

  private Value all(IntPredicate test) {
    return Value.truth(!text.isEmpty() && text.codePoints().allMatch(test));
  }

  private boolean hasCased() {
    return text.codePoints().anyMatch(PyText::isCased);
  }

  private Value cased(IntPredicate test) {
    return Value.truth(
        hasCased() && text.codePoints().allMatch(c -> !PyText.isCased(c) || test.test(c)));
  }

  private static boolean isSuperscript(int c) {
    return c == 0xb2
        || c == 0xb3
        || c == 0xb9
        || (c >= 0x2070 && c <= 0x2079)
        || (c >= 0x2080 && c <= 0x2089);
  }

  private static boolean isNumeric(int c) {
    int type = Character.getType(c);
    return type == Character.DECIMAL_DIGIT_NUMBER
        || type == Character.LETTER_NUMBER
        || type == Character.OTHER_NUMBER;
  }

  private boolean isIdentifier() {
    if (text.isEmpty()) {
      return false;
    }
    int first = text.codePointAt(0);
    return (first == '_' || Character.isUnicodeIdentifierStart(first))
        && text.codePoints()
            .allMatch(
                c -> Character.isUnicodeIdentifierPart(c) && !Character.isIdentifierIgnorable(c));
  }

  private String swapped() {
    var out = new StringBuilder();
    text.codePoints()
        .forEach(
            c ->
                out.append(
                    Character.isUpperCase(c)
                        ? Character.toString(c).toLowerCase(Locale.ROOT)
                        : Character.toString(c).toUpperCase(Locale.ROOT)));
    return out.toString();
  }

  private String strip(Arguments.Bound given, boolean left, boolean right) {
    String set = given.text("chars");
    if (set != null) {
      budget.spend((long) set.length() * text.length() / 64);
      return PyText.strip(text, set, left, right);
    }
    String stripped = left ? PyText.lstrip(text) : text;
    return right ? PyText.rstrip(stripped) : stripped;
  }

  private Value split(Arguments.Bound given, boolean fromRight) {
    String separator = given.text("sep");
    int most = given.whole("maxsplit", -1);
    if (separator != null && separator.isEmpty()) {
      throw Fault.of("split: empty separator");
    }
    int limit = most < 0 ? Integer.MAX_VALUE : most;
    List<String> parts =
        separator == null
            ? (fromRight ? wordsFromRight(limit) : words(limit))
            : (fromRight ? splitFromRight(separator, limit) : split(separator, limit));
    return texts(parts);
  }

  private Value texts(List<String> parts) {
    return Value.list(parts.stream().map(this::made).toList());
  }

  private List<String> split(String separator, int limit) {
    var parts = new ArrayList<String>();
    int from = 0;
    int at;
    while (parts.size() < limit && (at = text.indexOf(separator, from)) >= 0) {
      parts.add(text.substring(from, at));
      from = at + separator.length();
    }
    parts.add(text.substring(from));
    return parts;
  }

  private List<String> splitFromRight(String separator, int limit) {
    var parts = new ArrayList<String>();
    int to = text.length();
    int at;
    while (parts.size() < limit
        && to >= separator.length()
        && (at = text.lastIndexOf(separator, to - separator.length())) >= 0) {
      parts.add(text.substring(at + separator.length(), to));
      to = at;
    }
    parts.add(text.substring(0, to));
    return parts.reversed();
  }

  private List<String> words(int limit) {
    var parts = new ArrayList<String>();
    String rest = PyText.lstrip(text);
    while (!rest.isEmpty() && parts.size() < limit) {
      int end = 0;
      while (end < rest.length() && !PyText.isSpace(rest.charAt(end))) {
        end++;
      }
      parts.add(rest.substring(0, end));
      budget.spend(1 + rest.length() / 64);
      rest = PyText.lstrip(rest.substring(end));
    }
    if (!rest.isEmpty()) {
      parts.add(rest);
    }
    return parts;
  }

  private List<String> wordsFromRight(int limit) {
    var parts = new ArrayList<String>();
    String rest = PyText.rstrip(text);
    while (!rest.isEmpty() && parts.size() < limit) {
      int from = rest.length();
      while (from > 0 && !PyText.isSpace(rest.charAt(from - 1))) {
        from--;
      }
      parts.add(rest.substring(from));
      budget.spend(1 + rest.length() / 64);
      rest = PyText.rstrip(rest.substring(0, from));
    }
    if (!rest.isEmpty()) {
      parts.add(rest);
    }
    return parts.reversed();
  }

  private Value splitLines(Arguments.Bound given) {
    return texts(PyText.lines(text, given.truth("keepends", false)));
  }

  private Value partition(Arguments.Bound given, boolean last) {
    String separator = need(given, "sep");
    if (separator.isEmpty()) {
      throw Fault.of("partition: empty separator");
    }
    int at = last ? text.lastIndexOf(separator) : text.indexOf(separator);
    if (at < 0) {
      return last
          ? Value.tuple(made(""), made(""), made(text))
          : Value.tuple(made(text), made(""), made(""));
    }
    return Value.tuple(
        made(text.substring(0, at)),
        made(separator),
        made(text.substring(at + separator.length())));
  }

  private static String need(Arguments.Bound given, String name) {
    given.need(name);
    String value = given.text(name);
    if (value == null) {
      throw Fault.of("%s: %s is a string, not None".formatted(given.callee(), name));
    }
    return value;
  }

  /** The part between the arguments start and end, or null where start lies behind the text. */
  private @Nullable String part(Arguments.Bound given) {
    if (!given.has("start") && !given.has("end")) {
      return text;
    }
    int length = PyText.length(text);
    int from = place(given.whole("start", 0), length);
    int to = Math.min(length, place(given.whole("end", length), length));
    return from > to ? null : PyText.slice(text, from, to);
  }

  private static int place(int place, int length) {
    return place < 0 ? Math.max(0, place + length) : place;
  }

  private Value startsOrEnds(Arguments.Bound given, boolean starts) {
    Value wanted = given.need("prefix");
    String part = part(given);
    List<Value> choices =
        wanted instanceof Value.Items items && items.kind() == Value.Items.Kind.TUPLE
            ? items.values()
            : List.of(wanted);
    for (Value choice : choices) {
      if (!(choice instanceof Value.Text affix)) {
        throw Fault.of(
            "%s: first argument must be str or a tuple of str, not %s"
                .formatted(given.callee(), choice.type()));
      }
      boolean holds =
          part != null && (starts ? part.startsWith(affix.value()) : part.endsWith(affix.value()));
      if (holds) {
        return Value.Truth.TRUE;
      }
    }
    return Value.Truth.FALSE;
  }

  private Value find(String name, Arguments.Bound given) {
    String wanted = need(given, "sub");
    int length = PyText.length(text);
    int from = place(given.whole("start", 0), length);
    int to = Math.min(length, place(given.whole("end", length), length));
    int at = PyText.find(text, wanted, from, to, name.startsWith("r"));
    if (at < 0 && name.endsWith("index")) {
      throw Fault.of("substring not found");
    }
    return Value.whole(at);
  }

  private Value count(Arguments.Bound given) {
    String part = part(given);
    return Value.whole(part == null ? 0 : PyText.count(part, need(given, "sub")));
  }

  private Value replace(Arguments.Bound given) {
    String old = escaped(given.need("old"), "old");
    String fresh = escaped(given.need("new"), "new");
    return made(replaced(text, old, fresh, given.whole("count", -1), budget));
  }

  /** Arguments that become part of escaped text are escaped. */
  private String escaped(Value value, String name) {
    if (!(value instanceof Value.Text given)) {
      throw Fault.of("replace: %s is a string, not %s".formatted(name, value.type()));
    }
    return markup && !given.markup() ? Operators.escaped(given.value()) : given.value();
  }

  /** {@code str.replace}; a negative count is for all. */
  static String replaced(String text, String old, String fresh, int count, Budget budget) {
    int times = PyText.count(text, old);
    times = count < 0 ? times : Math.min(times, count);
    budget.spend(text.length() / 8 + (long) times * (fresh.length() + 1));
    var out = new StringBuilder();
    int from = 0;
    for (int done = 0; done < times; done++) {
      int at = old.isEmpty() ? from : text.indexOf(old, from);
      out.append(text, from, at).append(fresh);
      from = at + old.length();
      if (old.isEmpty() && from < text.length()) {
        int next = text.offsetByCodePoints(from, 1);
        out.append(text, from, next);
        from = next;
      }
    }
    return out.append(text, from, text.length()).toString();
  }

  private Value join(Value items) {
    var out = new StringBuilder();
    boolean first = true;
    for (Value each : Access.iterate(items)) {
      boolean isText = each instanceof Value.Text;
      if (!isText && !markup) {
        throw Fault.of("join: a string is expected, not " + each.type());
      }
      String piece = Printed.str(each, budget);
      boolean isMarkup = each instanceof Value.Text part && part.markup();
      piece = markup && !isMarkup ? Operators.escaped(piece) : piece;
      budget.spend(text.length() + (long) piece.length() + 1);
      out.append(first ? "" : text).append(piece);
      first = false;
    }
    return made(out.toString());
  }

  private Value without(String name, Arguments.Bound given) {
    String part = need(given, "part");
    boolean prefix = name.equals("removeprefix");
    if (prefix ? !text.startsWith(part) : !text.endsWith(part)) {
      return made(text);
    }
    return made(
        prefix ? text.substring(part.length()) : text.substring(0, text.length() - part.length()));
  }

  private Value padded(String name, Arguments.Bound given) {
    given.need("width");
    String fill = given.has("fillchar") ? need(given, "fillchar") : " ";
    if (PyText.length(fill) != 1) {
      throw Fault.of(name + ": the fill character must be exactly one character long");
    }
    return made(padded(text, given.whole("width", 0), fill, name, budget));
  }

  /** {@code name} is center, ljust or rjust. */
  static String padded(String text, int width, String fill, String name, Budget budget) {
    int missing = Math.max(0, width - PyText.length(text));
    budget.spend(missing);
    int left =
        switch (name) {
          case "ljust" -> 0;
          case "rjust" -> missing;
          // CPython: the odd one goes left when the width is odd
          default -> missing / 2 + (missing & width & 1);
        };
    return fill.repeat(left) + text + fill.repeat(missing - left);
  }

  private Value zeroFilled(Arguments.Bound given) {
    given.need("width");
    int missing = Math.max(0, given.whole("width", 0) - PyText.length(text));
    budget.spend(missing);
    boolean signed = text.startsWith("-") || text.startsWith("+");
    return made(
        signed
            ? text.charAt(0) + "0".repeat(missing) + text.substring(1)
            : "0".repeat(missing) + text);
  }

  private Value expandTabs(Arguments.Bound given) {
    int size = given.whole("tabsize", 8);
    var out = new StringBuilder();
    int column = 0;
    for (int c : text.codePoints().toArray()) {
      if (c == '\t') {
        int blanks = size > 0 ? size - column % size : 0;
        budget.spend(blanks);
        out.append(" ".repeat(blanks));
        column += blanks;
      } else {
        out.appendCodePoint(c);
        column = c == '\n' || c == '\r' ? 0 : column + 1;
      }
    }
    return made(out.toString());
  }
}
