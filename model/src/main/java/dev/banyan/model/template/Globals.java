package dev.banyan.model.template;

import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The functions every template can call: Jinja's and the two of transformers. */
final class Globals {
  /** As many numbers as a range may have in Jinja's sandbox. */
  private static final int LONGEST_RANGE = 100_000;

  private Globals() {}

  /**
   * The functions by name.
   *
   * @param now what {@code strftime_now} takes for the time
   */
  static Map<String, Value> of(Supplier<LocalDateTime> now, Budget budget) {
    var functions = new HashMap<String, Callable>();
    functions.put("range", given -> range(given, budget));
    functions.put("dict", given -> dict(given));
    functions.put("namespace", Globals::namespace);
    functions.put("cycler", Cycler::new);
    functions.put("joiner", given -> joiner(given, budget));
    functions.put("raise_exception", given -> raise(given, budget));
    functions.put("strftime_now", given -> date(given, now));
    return Map.copyOf(functions);
  }

  private static Value range(Arguments given, Budget budget) {
    var numbers = new ArrayList<Long>();
    for (Value value : given.positional()) {
      var whole = Numbers.asWhole(value);
      if (whole == null || whole.bitLength() > 40) {
        throw Fault.of("range: a whole number is expected, not " + value.type());
      }
      numbers.add(whole.longValue());
    }
    if (numbers.isEmpty() || numbers.size() > 3 || !given.named().isEmpty()) {
      throw Fault.of("range takes one to three whole numbers");
    }
    long from = numbers.size() == 1 ? 0 : numbers.get(0);
    long to = numbers.get(numbers.size() == 1 ? 0 : 1);
    long step = numbers.size() == 3 ? numbers.get(2) : 1;
    if (step == 0) {
      throw Fault.of("range() arg 3 must not be zero");
    }
    long count = step > 0 ? (to - from + step - 1) / step : (from - to - step - 1) / -step;
    if (count > LONGEST_RANGE) {
      throw Fault.of("Range too big. The sandbox blocks ranges larger than " + LONGEST_RANGE);
    }
    budget.spend(Math.max(0, count));
    var values = new ArrayList<Value>();
    for (long i = 0; i < count; i++) {
      values.add(Value.whole(from + i * step));
    }
    return new Value.Items(values, Value.Items.Kind.RANGE);
  }

  private static Dict dict(Arguments given) {
    var dict = new Dict();
    if (given.positional().size() > 1) {
      throw Fault.of("dict takes one mapping or list of pairs, and names");
    }
    for (Value from : given.positional()) {
      List<Value> pairs = from instanceof Dict other ? other.pairs() : Access.iterate(from);
      for (Value pair : pairs) {
        List<Value> two = Access.iterate(pair);
        if (two.size() != 2) {
          throw Fault.of("dict: pairs are expected");
        }
        dict.put(two.get(0), two.get(1));
      }
    }
    given.named().forEach(dict::put);
    return dict;
  }

  private static Value namespace(Arguments given) {
    var namespace = new Namespace();
    for (Dict.Entry entry : dict(given).entries()) {
      if (!(entry.key() instanceof Value.Text name)) {
        throw Fault.of("namespace: the names of attributes are strings");
      }
      namespace.set(name.value(), entry.value());
    }
    return namespace;
  }

  private static Value joiner(Arguments given, Budget budget) {
    String between = Printed.str(given.bind("joiner", "sep").get("sep", Value.text(", ")), budget);
    var used = new boolean[1];
    return (Callable)
        none -> {
          boolean first = !used[0];
          used[0] = true;
          return Value.text(first ? "" : between);
        };
  }

  private static Value raise(Arguments given, Budget budget) {
    Value message = given.bind("raise_exception", "message").need("message");
    throw Fault.raised(Printed.str(message, budget));
  }

  private static Value date(Arguments given, Supplier<LocalDateTime> now) {
    var bound = given.bind("strftime_now", "format");
    bound.need("format");
    String format = bound.text("format");
    if (format == null) {
      throw Fault.of("strftime_now: format is a string, not None");
    }
    return Value.text(Dates.text(now.get(), format));
  }

  /** Jinja's cycler: its items in turns. */
  private static final class Cycler implements Callable {
    private final List<Value> items;
    private int at;

    Cycler(Arguments given) {
      this.items = given.positional();
      if (items.isEmpty()) {
        throw Fault.of("at least one item has to be provided");
      }
    }

    @Override
    public @Nullable Value attribute(String name) {
      return switch (name) {
        case "current" -> items.get(at);
        case "next" ->
            (Callable)
                none -> {
                  Value item = items.get(at);
                  at = (at + 1) % items.size();
                  return item;
                };
        case "reset" ->
            (Callable)
                none -> {
                  at = 0;
                  return Value.None.NONE;
                };
        default -> null;
      };
    }

    @Override
    public Value call(Arguments given) {
      throw Fault.of("a cycler cannot be called; use its next()");
    }
  }
}
