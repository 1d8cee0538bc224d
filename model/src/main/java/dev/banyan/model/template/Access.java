package dev.banyan.model.template;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Attributes, items, slices and iteration. As in Jinja, {@code x.name} looks for a method first and
 * for an item then, {@code x['name']} the other way round, and what is not there is undefined.
 */
final class Access {
  /** Methods that change a list or dict, which the immutable sandbox keeps from templates. */
  private static final Set<String> LIST_CHANGERS =
      Set.of("append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort");

  private static final Set<String> DICT_CHANGERS =
      Set.of("clear", "pop", "popitem", "setdefault", "update");

  private Access() {}

  /** {@code of.name}. */
  static Value attribute(Value of, String name, Budget budget) {
    Value method = method(of, name, budget);
    if (method != null) {
      return method;
    }
    Value item = of instanceof Dict dict ? dict.get(Value.text(name)) : null;
    return item == null ? missing(of, name) : item;
  }

  /** {@code of[index]}. */
  static Value item(Value of, Value index, Budget budget) {
    Value item = itemOrNull(of, index);
    if (item != null) {
      return item;
    }
    if (index instanceof Value.Text name) {
      Value method = method(of, name.value(), budget);
      return method == null ? missing(of, name.value()) : method;
    }
    return new Value.Missing(
        "%s object has no element %s".formatted(of.type(), Printed.repr(index, budget)));
  }

  private static Value missing(Value of, String name) {
    return new Value.Missing("'%s object' has no attribute '%s'".formatted(of.type(), name));
  }

  private static @Nullable Value itemOrNull(Value of, Value index) {
    return switch (of) {
      case Value.Missing missing -> throw Fault.of(missing.why());
      case Dict dict -> Dict.isKey(index) ? dict.get(index) : null;
      case Value.Text text -> {
        int at = index(index, PyText.length(text.value()));
        yield at < 0 ? null : new Value.Text(PyText.at(text.value(), at), text.markup());
      }
      case Value.Items items -> {
        int at = items.kind().isSequence() ? index(index, items.values().size()) : -1;
        yield at < 0 ? null : items.values().get(at);
      }
      default -> null;
    };
  }

  /** A place from 0, counted from the end when negative; -1 when there is none. */
  private static int index(Value index, int length) {
    BigInteger whole = Numbers.asWhole(index);
    if (whole == null || whole.bitLength() > 31) {
      return -1;
    }
    long at = whole.longValue() + (whole.signum() < 0 ? length : 0);
    return at >= 0 && at < length ? (int) at : -1;
  }

  /** What an attribute of a value is, its items apart; null when it has none of that name. */
  static @Nullable Value method(Value of, String name, Budget budget) {
    return switch (of) {
      case Value.Missing missing -> throw Fault.of(missing.why());
      case Value.Text text -> TextMethods.of(text, name, budget);
      case Value.Items items -> listMethod(items, name, budget);
      case Dict dict -> dictMethod(dict, name);
      case Namespace namespace -> namespace.get(name);
      case Callable callable -> callable.attribute(name);
      default -> null;
    };
  }

  private static @Nullable Value listMethod(Value.Items items, String name, Budget budget) {
    boolean list = items.kind() == Value.Items.Kind.LIST;
    if (!items.kind().isSequence()) {
      return null;
    }
    if (list && LIST_CHANGERS.contains(name)) {
      return unsafe("list", name);
    }
    if (items.kind() == Value.Items.Kind.GROUP && (name.equals("grouper") || name.equals("list"))) {
      return items.values().get(name.equals("list") ? 1 : 0);
    }
    return switch (name) {
      case "index" -> (Callable) arguments -> indexOf(items, arguments, budget);
      case "count" ->
          (Callable)
              arguments -> {
                Value wanted = arguments.bind("count", "value").need("value");
                return Value.whole(
                    items.values().stream()
                        .filter(each -> Compare.equal(each, wanted, budget))
                        .count());
              };
      case "copy" -> list ? (Callable) arguments -> items : null;
      default -> null;
    };
  }

  private static Value indexOf(Value.Items items, Arguments arguments, Budget budget) {
    Value wanted = arguments.bind("index", "value").need("value");
    for (int i = 0; i < items.values().size(); i++) {
      if (Compare.equal(items.values().get(i), wanted, budget)) {
        return Value.whole(i);
      }
    }
    throw Fault.of(Printed.repr(wanted, budget) + " is not in the list");
  }

  private static @Nullable Value dictMethod(Dict dict, String name) {
    if (DICT_CHANGERS.contains(name)) {
      return unsafe("dict", name);
    }
    return switch (name) {
      case "items" -> view(dict.pairs(), Value.Items.Kind.PAIRS);
      case "keys" -> view(dict.keys(), Value.Items.Kind.KEYS);
      case "values" -> view(dict.values(), Value.Items.Kind.VALUES);
      case "copy" -> (Callable) arguments -> dict;
      case "get" ->
          (Callable)
              arguments -> {
                var bound = arguments.bind("get", "key", "default");
                Value value = dict.get(bound.need("key"));
                return value == null ? bound.get("default", Value.None.NONE) : value;
              };
      case "fromkeys" -> throw Fault.of("dict.fromkeys is not supported");
      default -> null;
    };
  }

  private static Callable view(List<Value> values, Value.Items.Kind kind) {
    return arguments -> {
      arguments.bind("a dict's view");
      return new Value.Items(values, kind);
    };
  }

  private static Value unsafe(String type, String name) {
    return new Value.Missing(
        "access to attribute '%s' of '%s' object is unsafe: a template changes nothing but namespaces"
            .formatted(name, type));
  }

  /** {@code of[from:to:step]}; null stands for what was left out. */
  static Value slice(
      Value of, @Nullable Value from, @Nullable Value to, @Nullable Value step, Budget budget) {
    return switch (of) {
      case Value.Missing missing -> throw Fault.of(missing.why());
      case Value.Text text -> slice(text, from, to, step, budget);
      case Value.Items items -> slice(items, from, to, step, budget);
      default -> throw unsliceable(of);
    };
  }

  private static Fault unsliceable(Value of) {
    return Fault.of("'" + of.type() + "' cannot be sliced");
  }

  private static Value slice(
      Value.Text text,
      @Nullable Value from,
      @Nullable Value to,
      @Nullable Value step,
      Budget budget) {
    int[] points = text.value().codePoints().toArray();
    int[] places = places(points.length, from, to, step, budget);
    var out = new StringBuilder(places.length);
    for (int place : places) {
      out.appendCodePoint(points[place]);
    }
    return new Value.Text(out.toString(), text.markup());
  }

  private static Value slice(
      Value.Items items,
      @Nullable Value from,
      @Nullable Value to,
      @Nullable Value step,
      Budget budget) {
    if (!items.kind().isSequence()) {
      throw unsliceable(items);
    }
    var chosen = new ArrayList<Value>();
    for (int place : places(items.values().size(), from, to, step, budget)) {
      chosen.add(items.values().get(place));
    }
    return new Value.Items(chosen, items.kind());
  }

  /** Which places a slice takes, as Python's {@code slice.indices} has it. */
  private static int[] places(
      int length, @Nullable Value from, @Nullable Value to, @Nullable Value step, Budget budget) {
    long stride = bound(step, 1);
    if (stride == 0) {
      throw Fault.of("slice step cannot be zero");
    }
    boolean up = stride > 0;
    long first = clamp(bound(from, up ? 0 : Long.MAX_VALUE), length, up);
    long end =
        to == null || to instanceof Value.None
            ? (up ? length : -1)
            : clamp(bound(to, 0), length, up);
    long count = up ? (end - first + stride - 1) / stride : (first - end - stride - 1) / -stride;
    int[] places = new int[(int) Math.max(0, count)];
    budget.spend(places.length);
    for (int i = 0; i < places.length; i++) {
      places[i] = (int) (first + i * stride);
    }
    return places;
  }

  private static long clamp(long place, int length, boolean up) {
    long at = place < 0 ? place + length : place;
    return Math.clamp(at, up ? 0L : -1L, up ? (long) length : length - 1L);
  }

  private static long bound(@Nullable Value value, long usual) {
    if (value == null || value instanceof Value.None) {
      return usual;
    }
    BigInteger whole = Numbers.asWhole(value);
    if (whole == null) {
      String why = value instanceof Value.Missing missing ? ": " + missing.why() : "";
      throw Fault.of("slice indices must be integers, not " + value.type() + why);
    }
    return whole.bitLength() < 32 ? whole.longValue() : whole.signum() * (long) Integer.MAX_VALUE;
  }

  /** What {@code for} goes through: items, keys of a dict, characters; nothing when undefined. */
  static List<Value> iterate(Value value) {
    return switch (value) {
      case Value.Missing missing -> List.of();
      case Value.Text text -> PyText.characters(text.value());
      case Value.Items items -> items.values();
      case Dict dict -> dict.keys();
      case Once once -> once.take();
      default -> throw Fault.of("'%s' object is not iterable".formatted(value.type()));
    };
  }

  /** {@code len(value)}. */
  static int length(Value value) {
    return switch (value) {
      case Value.Missing missing -> 0;
      case Value.Text text -> PyText.length(text.value());
      case Value.Items items -> items.values().size();
      case Dict dict -> dict.size();
      default -> throw Fault.of("object of type '%s' has no len()".formatted(value.type()));
    };
  }
}
