package dev.banyan.model.template;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Jinja's filters of lists and dictionaries. */
final class ListFilters {
  private final Filters filters;
  private final Budget budget;

  ListFilters(Filters filters, Budget budget) {
    this.filters = filters;
    this.budget = budget;
  }

  Value apply(String name, Value value, Arguments given) {
    return switch (name) {
      case "join" -> joined(value, given.bind(name, "d", "attribute"));
      case "first", "last", "list", "items", "reverse" -> {
        given.bind(name);
        yield plain(name, value);
      }
      case "map" -> mapped(value, given);
      case "select" -> selected(name, value, given, false, true);
      case "reject" -> selected(name, value, given, false, false);
      case "selectattr" -> selected(name, value, given, true, true);
      case "rejectattr" -> selected(name, value, given, true, false);
      case "sort" -> sorted(value, given.bind(name, "reverse", "case_sensitive", "attribute"));
      case "dictsort" -> dictSorted(value, given.bind(name, "case_sensitive", "by", "reverse"));
      case "unique" -> unique(value, given.bind(name, "case_sensitive", "attribute"));
      case "min" -> extreme(value, given.bind(name, "case_sensitive", "attribute"), -1);
      case "max" -> extreme(value, given.bind(name, "case_sensitive", "attribute"), 1);
      case "sum" -> sum(value, given.bind(name, "attribute", "start"));
      case "groupby" -> grouped(value, given.bind(name, "attribute", "default", "case_sensitive"));
      case "batch" -> batches(value, given.bind(name, "linecount", "fill_with"));
      case "slice" -> slices(value, given.bind(name, "slices", "fill_with"));
      default -> throw new IllegalArgumentException(name);
    };
  }

  private Value plain(String name, Value value) {
    return switch (name) {
      case "first" -> first(value);
      case "last" -> last(value);
      case "list" -> list(value);
      case "items" -> items(value);
      case "reverse" -> reversed(value);
      default -> throw new IllegalArgumentException(name);
    };
  }

  private List<Value> each(Value value) {
    List<Value> values = Access.iterate(value);
    budget.spend(values.size());
    return values;
  }

  private Value joined(Value value, Arguments.Bound given) {
    String between = filters.text(given.get("d", Value.Text.EMPTY));
    UnaryOperator<Value> key = key(given.get("attribute"), null);
    var out = new StringBuilder();
    boolean first = true;
    for (Value each : each(value)) {
      String piece = filters.text(key.apply(each));
      budget.spend((long) between.length() + piece.length());
      out.append(first ? "" : between).append(piece);
      first = false;
    }
    return Value.text(out.toString());
  }

  private Value first(Value value) {
    List<Value> values = value instanceof Once once ? once.takeFirst() : each(value);
    return values.isEmpty()
        ? new Value.Missing("No first item, sequence was empty.")
        : values.getFirst();
  }

  private Value last(Value value) {
    if (value instanceof Once) {
      throw Fault.of("'" + value.type() + "' object is not reversible");
    }
    List<Value> values = each(value);
    return values.isEmpty()
        ? new Value.Missing("No last item, sequence was empty.")
        : values.getLast();
  }

  private Value list(Value value) {
    return Value.list(each(value));
  }

  private Value items(Value value) {
    return switch (value) {
      case Value.Missing missing -> new Once(Collections::emptyIterator);
      case Dict dict -> new Once(dict.pairs()::iterator);
      default -> throw Fault.of("Can only get item pairs from a mapping.");
    };
  }

  private Value reversed(Value value) {
    if (value instanceof Value.Text text) {
      return Access.slice(text, null, null, Value.whole(-1), budget);
    }
    if (value instanceof Value.Missing) {
      return new Once(Collections::emptyIterator);
    }
    var values = new ArrayList<>(each(value));
    Collections.reverse(values);
    return new Once(values::iterator);
  }

  /**
   * What a list is sorted or mapped by.
   *
   * @param attribute a name, several joined by dots, or an index; null or None for the item itself
   * @param usual instead of what is undefined; null for nothing
   */
  private UnaryOperator<Value> key(@Nullable Value attribute, @Nullable Value usual) {
    if (attribute == null || attribute instanceof Value.None) {
      return item -> item;
    }
    var path = new ArrayList<Value>();
    if (attribute instanceof Value.Text text) {
      for (String part : text.value().split("\\.", -1)) {
        boolean index = !part.isEmpty() && part.chars().allMatch(c -> c >= '0' && c <= '9');
        path.add(
            index && part.length() < 10 ? Value.whole(Long.parseLong(part)) : Value.text(part));
      }
    } else {
      path.add(attribute);
    }
    return item -> {
      Value value = item;
      for (Value part : path) {
        budget.spend(1);
        value = Access.item(value, part, budget);
        if (usual != null && value instanceof Value.Missing) {
          value = usual;
        }
      }
      return value;
    };
  }

  /** Items of a value that is mapped or selected from; of what is false, there are none. */
  private Stream<Value> lazily(Value value) {
    return Compare.truth(value) ? each(value).stream() : Stream.of();
  }

  private Value mapped(Value value, Arguments given) {
    return new Once(() -> lazily(value).map(mapping(given)).iterator());
  }

  private UnaryOperator<Value> mapping(Arguments given) {
    if (given.positional().isEmpty()) {
      var bound = given.bind("map", "attribute", "default");
      return key(bound.need("attribute"), bound.get("default"));
    }
    String name = filters.nameOf(given.positional().getFirst());
    if (name == null || !Filters.has(name)) {
      throw Fault.of(
          "map: there is no filter " + Printed.repr(given.positional().getFirst(), budget));
    }
    Arguments rest = rest(given, 1);
    return each -> filters.apply(name, each, rest);
  }

  private static Arguments rest(Arguments given, int from) {
    return new Arguments(
        given.positional().subList(from, given.positional().size()), given.named());
  }

  private Value selected(
      String filter, Value value, Arguments given, boolean byAttribute, boolean wanted) {
    return new Once(
        () -> {
          Predicate<Value> chosen = selection(filter, given, byAttribute);
          return lazily(value).filter(wanted ? chosen : chosen.negate()).iterator();
        });
  }

  private Predicate<Value> selection(String filter, Arguments given, boolean byAttribute) {
    int at = byAttribute ? 1 : 0;
    if (given.positional().size() < at) {
      throw Fault.of(filter + ": the name of an attribute is missing");
    }
    UnaryOperator<Value> key = byAttribute ? key(given.positional().getFirst(), null) : v -> v;
    if (given.positional().size() == at) {
      return each -> Compare.truth(key.apply(each));
    }
    String test = filters.nameOf(given.positional().get(at));
    if (test == null || !Tests.has(test)) {
      throw Fault.of(
          "%s: there is no test %s"
              .formatted(filter, Printed.repr(given.positional().get(at), budget)));
    }
    Arguments rest = rest(given, at + 1);
    return each -> Tests.holds(test, key.apply(each), rest, budget);
  }

  private Comparator<Value> order() {
    return (a, b) -> Compare.order(a, b, "<", budget);
  }

  private static UnaryOperator<Value> folded(UnaryOperator<Value> key, boolean caseSensitive) {
    return caseSensitive ? key : item -> folded(key.apply(item));
  }

  private static Value folded(Value value) {
    return value instanceof Value.Text text
        ? Value.text(text.value().toLowerCase(Locale.ROOT))
        : value;
  }

  private Value sorted(Value value, Arguments.Bound given) {
    boolean caseSensitive = given.truth("case_sensitive", false);
    Value attribute = given.get("attribute");
    var keys = new ArrayList<UnaryOperator<Value>>();
    if (attribute instanceof Value.Text names) {
      for (String name : names.value().split(",", -1)) {
        keys.add(folded(key(Value.text(name), null), caseSensitive));
      }
    } else {
      keys.add(folded(key(attribute, null), caseSensitive));
    }
    Comparator<Value> order =
        (a, b) -> {
          for (UnaryOperator<Value> key : keys) {
            Value left = key.apply(a);
            Value right = key.apply(b);
            if (!Compare.equal(left, right, budget)) { // as Python compares lists of keys
              return Compare.order(left, right, "<", budget);
            }
          }
          return 0;
        };
    return Value.list(sorted(each(value), order, given.truth("reverse", false)));
  }

  /** Stable in both directions, as Python's sort. */
  private static List<Value> sorted(List<Value> values, Comparator<Value> order, boolean reverse) {
    var sorted = new ArrayList<>(values);
    try {
      sorted.sort(reverse ? order.reversed() : order);
    } catch (IllegalArgumentException notTransitive) {
      throw Fault.of("sort: the values have no order");
    }
    return sorted;
  }

  private Value dictSorted(Value value, Arguments.Bound given) {
    if (!(value instanceof Dict dict)) {
      throw Fault.of("dictsort: a mapping is expected, not " + value.type());
    }
    Value by = given.get("by", Value.text("key"));
    boolean byKey = by instanceof Value.Text text && text.value().equals("key");
    if (!byKey && !(by instanceof Value.Text text && text.value().equals("value"))) {
      throw Fault.of("You can only sort by either \"key\" or \"value\"");
    }
    UnaryOperator<Value> key =
        folded(key(Value.whole(byKey ? 0 : 1), null), given.truth("case_sensitive", false));
    Comparator<Value> order = (a, b) -> order().compare(key.apply(a), key.apply(b));
    return Value.list(sorted(dict.pairs(), order, given.truth("reverse", false)));
  }

  private Value unique(Value value, Arguments.Bound given) {
    UnaryOperator<Value> key =
        folded(key(given.get("attribute"), null), given.truth("case_sensitive", false));
    var seen = new Dict();
    return new Once(
        () ->
            each(value).stream()
                .filter(
                    each -> {
                      Value by = key.apply(each);
                      boolean fresh = !seen.has(by);
                      seen.put(by, Value.None.NONE);
                      return fresh;
                    })
                .iterator());
  }

  private Value extreme(Value value, Arguments.Bound given, int sign) {
    UnaryOperator<Value> key =
        folded(key(given.get("attribute"), null), given.truth("case_sensitive", false));
    Value best = null;
    for (Value each : each(value)) {
      if (best == null
          || sign * Integer.signum(order().compare(key.apply(each), key.apply(best))) > 0) {
        best = each;
      }
    }
    return best == null ? new Value.Missing("No aggregated item, sequence was empty.") : best;
  }

  private Value sum(Value value, Arguments.Bound given) {
    UnaryOperator<Value> key = key(given.get("attribute"), null);
    Value sum = given.get("start", Value.whole(0));
    if (sum instanceof Value.Text) {
      throw Fault.of("sum() can't sum strings [use ''.join(seq) instead]");
    }
    for (Value each : each(value)) {
      sum = Operators.compute("+", sum, key.apply(each), budget);
    }
    return sum;
  }

  private Value grouped(Value value, Arguments.Bound given) {
    UnaryOperator<Value> key = key(given.need("attribute"), given.get("default"));
    UnaryOperator<Value> by = folded(key, given.truth("case_sensitive", false));
    var groups = new ArrayList<Value>();
    var members = new ArrayList<Value>();
    List<Value> all =
        sorted(each(value), (a, b) -> order().compare(by.apply(a), by.apply(b)), false);
    for (int i = 0; i < all.size(); i++) {
      members.add(all.get(i));
      boolean last =
          i + 1 == all.size()
              || !Compare.equal(by.apply(all.get(i)), by.apply(all.get(i + 1)), budget);
      if (last) {
        groups.add(group(key.apply(members.getFirst()), List.copyOf(members)));
        members.clear();
      }
    }
    return Value.list(groups);
  }

  private static Value group(Value grouper, List<Value> members) {
    return new Value.Items(List.of(grouper, Value.list(members)), Value.Items.Kind.GROUP);
  }

  private Value batches(Value value, Arguments.Bound given) {
    int size = given.whole("linecount", 0);
    Value fill = given.get("fill_with", Value.None.NONE);
    var batches = new ArrayList<Value>();
    var batch = new ArrayList<Value>();
    for (Value each : each(value)) {
      if (batch.size() == size) {
        batches.add(Value.list(List.copyOf(batch)));
        batch.clear();
      }
      batch.add(each);
    }
    if (!batch.isEmpty()) {
      while (batch.size() < size && !(fill instanceof Value.None)) {
        budget.spend(1);
        batch.add(fill);
      }
      batches.add(Value.list(List.copyOf(batch)));
    }
    return new Once(batches::iterator);
  }

  private Value slices(Value value, Arguments.Bound given) {
    int count = given.whole("slices", 0);
    if (count < 1) {
      throw Fault.of("slice: the number of slices must be at least 1");
    }
    Value fill = given.get("fill_with", Value.None.NONE);
    List<Value> all = each(value);
    budget.spend(count);
    int per = all.size() / count;
    int longer = all.size() % count;
    var slices = new ArrayList<Value>();
    int from = 0;
    for (int i = 0; i < count; i++) {
      int to = from + per + (i < longer ? 1 : 0);
      var slice = new ArrayList<>(all.subList(from, to));
      if (!(fill instanceof Value.None) && i >= longer) {
        slice.add(fill);
      }
      slices.add(Value.list(slice));
      from = to;
    }
    return new Once(slices::iterator);
  }
}
