package dev.banyan.model.template;

import dev.banyan.model.template.Statement.Target;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Statements to text. One interpreter renders once. */
final class Interpreter {
  private final Budget budget;
  private final Evaluator evaluator;
  private final StringBuilder whole = new StringBuilder();
  private final List<Rendered.Span> generations = new ArrayList<>();

  /** Where text goes: the whole, or what a macro or block is catching. */
  private StringBuilder out = whole;

  private enum Flow {
    NEXT,
    BREAK,
    CONTINUE
  }

  Interpreter(Budget budget, Evaluator evaluator) {
    this.budget = budget;
    this.evaluator = evaluator;
  }

  /** The text of a whole template. */
  Rendered render(List<Statement> statements, Scope scope) {
    run(statements, scope);
    return new Rendered(whole.toString(), generations);
  }

  Value value(Expression expression, Scope scope) {
    return evaluator.value(expression, scope);
  }

  /** What the statements write. */
  String text(List<Statement> body, Scope scope) {
    StringBuilder around = out;
    var caught = new StringBuilder();
    out = caught;
    run(body, scope);
    out = around;
    return caught.toString();
  }

  private Flow run(List<Statement> statements, Scope scope) {
    for (Statement statement : statements) {
      budget.enter();
      Flow flow;
      try {
        flow = run(statement, scope);
      } catch (Fault fault) {
        throw fault.placed(statement.at());
      }
      budget.leave();
      if (flow != Flow.NEXT) {
        return flow;
      }
    }
    return Flow.NEXT;
  }

  private Flow run(Statement statement, Scope scope) {
    switch (statement) {
      case Statement.Data data -> write(data.text());
      case Statement.Output output -> write(Printed.str(value(output.value(), scope), budget));
      case Statement.If choice -> {
        return choose(choice, scope);
      }
      case Statement.For loop -> loop(loop, value(loop.items(), scope), scope, 0);
      case Statement.Break end -> {
        return Flow.BREAK;
      }
      case Statement.Continue next -> {
        return Flow.CONTINUE;
      }
      case Statement.Assign assign -> assign(assign.target(), value(assign.value(), scope), scope);
      case Statement.SetBlock set ->
          assign(set.target(), filtered(set.filters(), set.body(), scope), scope);
      case Statement.Macro macro ->
          scope.set(
              macro.name(), new Macro(macro.name(), macro.signature(), macro.body(), scope, this));
      case Statement.CallBlock block -> {
        var caller = new Macro("caller", block.signature(), block.body(), scope, this);
        write(Printed.str(evaluator.call(block.call(), scope, caller), budget));
      }
      case Statement.FilterBlock block ->
          write(Printed.str(filtered(block.filters(), block.body(), scope), budget));
      case Statement.With with -> with(with, scope);
      case Statement.Generation generation -> generation(generation, scope);
    }
    return Flow.NEXT;
  }

  private void write(String text) {
    budget.spend(text.length());
    out.append(text);
  }

  private Flow choose(Statement.If choice, Scope scope) {
    for (int i = 0; i < choice.conditions().size(); i++) {
      if (evaluator.truth(choice.conditions().get(i), scope)) {
        return run(choice.bodies().get(i), scope);
      }
    }
    return run(choice.otherwise(), scope);
  }

  private Value filtered(@Nullable Expression filters, List<Statement> body, Scope scope) {
    Value.Text text = Value.text(text(body, new Scope(scope)));
    return filters == null ? text : evaluator.filtered(filters, scope, text);
  }

  private void with(Statement.With with, Scope scope) {
    var inner = new Scope(scope);
    for (int i = 0; i < with.targets().size(); i++) {
      assign(with.targets().get(i), value(with.values().get(i), scope), inner);
    }
    run(with.body(), inner);
  }

  /** Only what is written straight to the whole counts as having a place, as in transformers. */
  private void generation(Statement.Generation generation, Scope scope) {
    String text = text(generation.body(), new Scope(scope));
    generations.add(new Rendered.Span(whole.length(), whole.length() + text.length()));
    write(text);
  }

  private void loop(Statement.For loop, Value items, Scope scope, int depth) {
    List<Value> values = Access.iterate(items);
    budget.spend(items instanceof Value.Text ? values.size() : 0);
    Iterator<Value> chosen =
        loop.condition() == null
            ? values.iterator()
            : new Chosen(values.iterator(), loop.target(), loop.condition(), scope);
    var state =
        new Loop(chosen, depth, loop.recursive() ? again(loop, scope, depth) : null, budget);
    boolean any = false;
    for (Value item = state.next(); item != null; item = state.next()) {
      any = true;
      budget.spend(8); // a round makes a scope, however little it does
      var inner = new Scope(scope);
      inner.set("loop", state);
      assign(loop.target(), item, inner);
      if (run(loop.body(), inner) == Flow.BREAK) {
        break;
      }
    }
    if (!any) {
      run(loop.otherwise(), new Scope(scope));
    }
  }

  private Function<Value, Value> again(Statement.For loop, Scope scope, int depth) {
    return items -> {
      StringBuilder around = out;
      var caught = new StringBuilder();
      out = caught;
      loop(loop, items, scope, depth + 1);
      out = around;
      return Value.text(caught.toString());
    };
  }

  private void assign(Target target, Value value, Scope scope) {
    switch (target) {
      case Target.Variable variable -> scope.set(variable.name(), value);
      case Target.Field field -> {
        if (!(scope.get(field.namespace()) instanceof Namespace namespace)) {
          throw Fault.at(field.at(), "cannot assign attribute on non-namespace object");
        }
        namespace.set(field.name(), value);
      }
      case Target.Several several -> {
        List<Value> values = Access.iterate(value);
        if (values.size() != several.targets().size()) {
          throw Fault.at(
              several.at(),
              "%d values cannot be divided among %d names"
                  .formatted(values.size(), several.targets().size()));
        }
        for (int i = 0; i < values.size(); i++) {
          assign(several.targets().get(i), values.get(i), scope);
        }
      }
    }
  }

  /** The items for which a loop's condition holds, each asked when it is its turn. */
  private final class Chosen implements Iterator<Value> {
    private final Iterator<Value> items;
    private final Target target;
    private final Expression condition;
    private final Scope scope;
    private @Nullable Value next;

    Chosen(Iterator<Value> items, Target target, Expression condition, Scope scope) {
      this.items = items;
      this.target = target;
      this.condition = condition;
      this.scope = scope;
    }

    @Override
    public boolean hasNext() {
      while (next == null && items.hasNext()) {
        Value item = items.next();
        var inner = new Scope(scope);
        assign(target, item, inner);
        if (evaluator.truth(condition, inner)) {
          next = item;
        }
      }
      return next != null;
    }

    @Override
    public Value next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      Value item = Objects.requireNonNull(next);
      next = null;
      return item;
    }
  }
}
