package dev.banyan.model.template;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** What has a value. Every node knows its first character in the source. */
sealed interface Expression {
  int at();

  /** A value that stands in the source. */
  record Literal(int at, Value value) implements Expression {}

  record Name(int at, String name) implements Expression {}

  record Items(int at, boolean tuple, List<Expression> items) implements Expression {
    public Items {
      items = List.copyOf(items);
    }
  }

  record Pairs(int at, List<Expression> keys, List<Expression> values) implements Expression {
    public Pairs {
      keys = List.copyOf(keys);
      values = List.copyOf(values);
    }
  }

  /** {@code of.name}. */
  record Attribute(int at, Expression of, String name) implements Expression {}

  /** {@code of[index]}. */
  record Item(int at, Expression of, Expression index) implements Expression {}

  /** {@code of[from:to:step]}. */
  record Slice(
      int at,
      Expression of,
      @Nullable Expression from,
      @Nullable Expression to,
      @Nullable Expression step)
      implements Expression {}

  record Call(int at, Expression callee, Given given) implements Expression {}

  /** {@code of | name(given)}; {@code of} is null where a block's text is filtered. */
  record Filtered(int at, @Nullable Expression of, String name, Given given)
      implements Expression {}

  /** {@code of is name(given)}. */
  record Tested(int at, Expression of, String name, Given given) implements Expression {}

  record Not(int at, Expression of) implements Expression {}

  record Both(int at, Expression left, Expression right) implements Expression {}

  record Either(int at, Expression left, Expression right) implements Expression {}

  /** {@code left < right < …}. */
  record Compared(int at, Expression first, List<String> operators, List<Expression> others)
      implements Expression {
    public Compared {
      operators = List.copyOf(operators);
      others = List.copyOf(others);
    }
  }

  /** Two numbers, strings or lists and what is done with them. */
  record Binary(int at, String operator, Expression left, Expression right) implements Expression {}

  record Signed(int at, boolean negative, Expression of) implements Expression {}

  /** Texts of all parts, {@code a ~ b}. */
  record Joined(int at, List<Expression> parts) implements Expression {
    public Joined {
      parts = List.copyOf(parts);
    }
  }

  /** {@code yes if condition else no}. */
  record Choice(int at, Expression condition, Expression yes, @Nullable Expression no)
      implements Expression {}

  /** Arguments as written: in order, by name, from a list, from a dictionary. */
  record Given(
      List<Expression> positional,
      List<String> names,
      List<Expression> named,
      @Nullable Expression spread,
      @Nullable Expression spreadNamed) {
    static final Given NONE = new Given(List.of(), List.of(), List.of(), null, null);

    public Given {
      positional = List.copyOf(positional);
      names = List.copyOf(names);
      named = List.copyOf(named);
    }
  }
}
