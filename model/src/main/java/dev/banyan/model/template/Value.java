package dev.banyan.model.template;

import java.math.BigInteger;
import java.util.List;

/**
 * What a template computes with: Python's values as far as templates meet them. Nothing here can be
 * changed by a template but {@link Namespace}, as in Jinja's immutable sandbox.
 */
sealed interface Value
    permits Value.None,
        Value.Missing,
        Value.Truth,
        Value.Whole,
        Value.Real,
        Value.Text,
        Value.Items,
        Dict,
        Once,
        Namespace,
        Callable {
  /** Python's None. */
  record None() implements Value {
    static final Value NONE = new None();
  }

  /**
   * Jinja's Undefined: prints nothing, is false and has no items; anything else done with it fails.
   *
   * @param why what to say then
   */
  record Missing(String why) implements Value {}

  record Truth(boolean value) implements Value {
    static final Value TRUE = new Truth(true);
    static final Value FALSE = new Truth(false);
  }

  record Whole(BigInteger value) implements Value {}

  record Real(double value) implements Value {}

  /**
   * @param markup whether it counts as escaped HTML (the filters {@code safe} and {@code e} make
   *     that), so that what is added to it is escaped
   */
  record Text(String value, boolean markup) implements Value {
    static final Text EMPTY = new Text("", false);
  }

  /** Values in order. */
  record Items(List<Value> values, Kind kind) implements Value {
    /** Which of Python's types it is; they print differently and only some can be indexed. */
    enum Kind {
      LIST,
      TUPLE,
      /** A tuple of {@code groupby}: its two items have the names grouper and list. */
      GROUP,
      RANGE,
      KEYS,
      VALUES,
      PAIRS;

      /** Whether {@code x[0]} is possible. */
      boolean isSequence() {
        return this == LIST || this == TUPLE || this == GROUP || this == RANGE;
      }
    }
  }

  static Text text(String value) {
    return new Text(value, false);
  }

  static Value truth(boolean value) {
    return value ? Truth.TRUE : Truth.FALSE;
  }

  static Value whole(long value) {
    return new Whole(BigInteger.valueOf(value));
  }

  static Items list(List<Value> values) {
    return new Items(values, Items.Kind.LIST);
  }

  static Items tuple(Value... values) {
    return new Items(List.of(values), Items.Kind.TUPLE);
  }

  /** The name of its Python type, for messages. */
  default String type() {
    return switch (this) {
      case None none -> "None";
      case Missing missing -> "Undefined";
      case Truth truth -> "bool";
      case Whole whole -> "int";
      case Real real -> "float";
      case Text text -> "str";
      case Items items ->
          switch (items.kind()) {
            case LIST -> "list";
            case TUPLE, GROUP -> "tuple";
            case RANGE -> "range";
            case KEYS -> "dict_keys";
            case VALUES -> "dict_values";
            case PAIRS -> "dict_items";
          };
      case Dict dict -> "dict";
      case Once once -> "generator";
      case Namespace namespace -> "Namespace";
      case Callable callable -> "function";
    };
  }
}
