package dev.banyan.model.template;

import dev.banyan.model.template.Expression.Given;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Expressions to values. */
final class Evaluator {
  private final Budget budget;
  private final Filters filters;
  private final Map<String, Value> globals;

  Evaluator(Budget budget, Map<String, Value> globals) {
    this.budget = budget;
    this.filters = new Filters(budget);
    this.globals = globals;
  }

  /**
   * The value of an expression.
   *
   * @throws Fault with its place
   */
  Value value(Expression node, Scope scope) {
    budget.enter();
    try {
      Value value = compute(node, scope);
      budget.leave();
      return value;
    } catch (Fault fault) {
      throw fault.placed(node.at());
    }
  }

  private Value compute(Expression node, Scope scope) {
    return switch (node) {
      case Expression.Literal literal -> literal.value();
      case Expression.Name name -> lookUp(name.name(), scope);
      case Expression.Attribute attribute ->
          Access.attribute(value(attribute.of(), scope), attribute.name(), budget);
      case Expression.Item item -> {
        Value of = value(item.of(), scope);
        budget.spend(of instanceof Value.Text text ? text.value().length() / 16 : 0);
        yield Access.item(of, value(item.index(), scope), budget);
      }
      case Expression.Slice slice -> slice(slice, scope);
      case Expression.Items items -> items(items, scope);
      case Expression.Pairs pairs -> pairs(pairs, scope);
      case Expression.Call call -> call(call, scope, null);
      case Expression.Filtered filtered -> filtered(filtered, scope, null);
      case Expression.Tested tested -> {
        Value of = value(tested.of(), scope);
        yield Value.truth(Tests.holds(tested.name(), of, given(tested.given(), scope), budget));
      }
      case Expression.Not not -> Value.truth(!truth(not.of(), scope));
      case Expression.Both both -> {
        Value left = value(both.left(), scope);
        yield Compare.truth(left) ? value(both.right(), scope) : left;
      }
      case Expression.Either either -> {
        Value left = value(either.left(), scope);
        yield Compare.truth(left) ? left : value(either.right(), scope);
      }
      case Expression.Compared compared -> compared(compared, scope);
      case Expression.Binary binary ->
          Operators.compute(
              binary.operator(), value(binary.left(), scope), value(binary.right(), scope), budget);
      case Expression.Signed signed -> signed(signed, scope);
      case Expression.Joined joined -> joined(joined, scope);
      case Expression.Choice choice -> choice(choice, scope);
    };
  }

  boolean truth(Expression node, Scope scope) {
    return Compare.truth(value(node, scope));
  }

  private Value lookUp(String name, Scope scope) {
    Value value = scope.get(name);
    if (value == null) {
      value = globals.get(name);
    }
    return value == null ? new Value.Missing("'" + name + "' is undefined") : value;
  }

  private Value slice(Expression.Slice slice, Scope scope) {
    Value of = value(slice.of(), scope);
    budget.spend(Filters.weight(of) / 16);
    return Access.slice(
        of,
        optional(slice.from(), scope),
        optional(slice.to(), scope),
        optional(slice.step(), scope),
        budget);
  }

  private @Nullable Value optional(@Nullable Expression node, Scope scope) {
    return node == null ? null : value(node, scope);
  }

  private Value items(Expression.Items items, Scope scope) {
    var values = new ArrayList<Value>(items.items().size());
    for (Expression item : items.items()) {
      values.add(value(item, scope));
    }
    return new Value.Items(values, items.tuple() ? Value.Items.Kind.TUPLE : Value.Items.Kind.LIST);
  }

  private Value pairs(Expression.Pairs pairs, Scope scope) {
    var dict = new Dict();
    for (int i = 0; i < pairs.keys().size(); i++) {
      Value key = value(pairs.keys().get(i), scope);
      dict.put(key, value(pairs.values().get(i), scope));
    }
    return dict;
  }

  /** A call; {@code caller} is what a call block hands to the macro, null without one. */
  Value call(Expression.Call call, Scope scope, @Nullable Callable caller) {
    Value callee = value(call.callee(), scope);
    Arguments given = given(call.given(), scope);
    if (caller != null) {
      var named = new LinkedHashMap<>(given.named());
      named.put("caller", caller);
      given = new Arguments(given.positional(), named);
    }
    if (callee instanceof Value.Missing missing) {
      throw Fault.of(missing.why());
    }
    if (!(callee instanceof Callable callable)) {
      throw Fault.of("'%s' object is not callable".formatted(callee.type()));
    }
    Value result = callable.call(given);
    budget.spend(Filters.weight(result) / 4);
    return result;
  }

  /** Filters on a value or, innermost, on {@code block}, the text of a block. */
  Value filtered(Expression node, Scope scope, Value.@Nullable Text block) {
    if (!(node instanceof Expression.Filtered filtered)) {
      return value(node, scope);
    }
    Expression of = filtered.of();
    Value value;
    if (of == null) {
      value = block == null ? Value.Text.EMPTY : block;
    } else {
      value = block == null ? value(of, scope) : filtered(of, scope, block);
    }
    try {
      Value result = filters.apply(filtered.name(), value, given(filtered.given(), scope));
      budget.spend(Filters.weight(result) / 4);
      return result;
    } catch (Fault fault) {
      throw fault.placed(node.at());
    }
  }

  private Arguments given(Given given, Scope scope) {
    List<Value> positional = new ArrayList<>();
    for (Expression each : given.positional()) {
      positional.add(value(each, scope));
    }
    if (given.spread() != null) {
      List<Value> spread = Access.iterate(value(given.spread(), scope));
      budget.spend(spread.size());
      positional.addAll(spread);
    }
    Map<String, Value> named = new LinkedHashMap<>();
    for (int i = 0; i < given.names().size(); i++) {
      named.put(given.names().get(i), value(given.named().get(i), scope));
    }
    if (given.spreadNamed() != null) {
      if (!(value(given.spreadNamed(), scope) instanceof Dict dict)) {
        throw Fault.of("the argument after ** must be a mapping");
      }
      for (Dict.Entry entry : dict.entries()) {
        if (!(entry.key() instanceof Value.Text name)) {
          throw Fault.of("keywords must be strings");
        }
        if (named.put(name.value(), entry.value()) != null) {
          throw Fault.of("argument '" + name.value() + "' is given twice");
        }
      }
    }
    return new Arguments(positional, named);
  }

  private Value compared(Expression.Compared compared, Scope scope) {
    Value left = value(compared.first(), scope);
    for (int i = 0; i < compared.operators().size(); i++) {
      Value right = value(compared.others().get(i), scope);
      if (!Compare.holds(compared.operators().get(i), left, right, budget)) {
        return Value.Truth.FALSE;
      }
      left = right;
    }
    return Value.Truth.TRUE;
  }

  private Value signed(Expression.Signed signed, Scope scope) {
    Value of = value(signed.of(), scope);
    if (of instanceof Value.Missing missing) {
      throw Fault.of(missing.why());
    }
    Value negative = Numbers.negative(of);
    return signed.negative() ? negative : Numbers.negative(negative);
  }

  private Value joined(Expression.Joined joined, Scope scope) {
    var out = new StringBuilder();
    for (Expression part : joined.parts()) {
      String text = Printed.str(value(part, scope), budget);
      budget.spend(text.length());
      out.append(text);
    }
    return Value.text(out.toString());
  }

  private Value choice(Expression.Choice choice, Scope scope) {
    if (truth(choice.condition(), scope)) {
      return value(choice.yes(), scope);
    }
    return choice.no() == null
        ? new Value.Missing("the inline if-expression was false and has no else")
        : value(choice.no(), scope);
  }
}
