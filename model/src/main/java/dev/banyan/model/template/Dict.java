package dev.banyan.model.template;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Python's dict: in the order of insertion; 1, 1.0 and True are one key, the first one stays. */
final class Dict implements Value {
  private final Map<Object, Entry> entries = new LinkedHashMap<>();

  /** A key and its value. */
  record Entry(Value key, Value value) {}

  /** Only while it is made: a dict that a template can see does not change. */
  Dict put(Value key, Value value) {
    Object hash = hash(key);
    Entry old = entries.get(hash);
    entries.put(hash, new Entry(old == null ? key : old.key, value));
    return this;
  }

  Dict put(String key, Value value) {
    return put(Value.text(key), value);
  }

  /**
   * @return null without that key
   */
  @Nullable Value get(Value key) {
    Entry entry = entries.get(hash(key));
    return entry == null ? null : entry.value;
  }

  boolean has(Value key) {
    return entries.containsKey(hash(key));
  }

  int size() {
    return entries.size();
  }

  List<Entry> entries() {
    return List.copyOf(entries.values());
  }

  List<Value> keys() {
    var keys = new ArrayList<Value>(entries.size());
    entries.values().forEach(entry -> keys.add(entry.key));
    return keys;
  }

  List<Value> values() {
    var values = new ArrayList<Value>(entries.size());
    entries.values().forEach(entry -> values.add(entry.value));
    return values;
  }

  List<Value> pairs() {
    var pairs = new ArrayList<Value>(entries.size());
    entries.values().forEach(entry -> pairs.add(Value.tuple(entry.key, entry.value)));
    return pairs;
  }

  /** Whether Python would take it as a key; a tuple is one when all in it are. */
  static boolean isKey(Value key) {
    if (key instanceof Items items) {
      return items.kind() == Items.Kind.RANGE
          || (items.kind() == Items.Kind.TUPLE && items.values().stream().allMatch(Dict::isKey));
    }
    return Numbers.isNumber(key)
        || key instanceof Text
        || key instanceof None
        || key instanceof Missing;
  }

  /** Equal for keys that Python takes as one. */
  private static Object hash(Value key) {
    return switch (key) {
      case Text text -> text.value();
      case Truth truth -> BigDecimal.valueOf(truth.value() ? 1 : 0);
      case Whole whole -> new BigDecimal(whole.value()).stripTrailingZeros();
      case Real real ->
          Double.isFinite(real.value())
              ? new BigDecimal(real.value()).stripTrailingZeros()
              : (Object) real.value();
      case None none -> none;
      case Missing missing -> Missing.class;
      case Items items -> hash(items);
      default -> throw unhashable(key);
    };
  }

  private static Object hash(Items items) {
    return switch (items.kind()) {
      case TUPLE -> items.values().stream().map(Dict::hash).toList();
      case RANGE -> List.of(Items.Kind.RANGE, items.values().stream().map(Dict::hash).toList());
      default -> throw unhashable(items);
    };
  }

  private static Fault unhashable(Value key) {
    return Fault.of("unhashable type: '" + key.type() + "'");
  }
}
