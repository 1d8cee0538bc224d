package dev.banyan.model.template;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A parsed template. Immutable: it renders any number of times, from any thread. */
public final class Template {
  private final String source;
  private final List<Statement> statements;

  private Template(String source, List<Statement> statements) {
    this.source = source;
    this.statements = List.copyOf(statements);
  }

  /**
   * Parses a template.
   *
   * @throws Fault where it is not one, or uses what chat templates cannot; its place counts in
   *     {@link #place}'s source
   */
  public static Template parse(String source) {
    String normalized = Lexer.normalized(source);
    return new Template(normalized, StatementParser.parse(Lexer.tokens(normalized)));
  }

  /** Line and column from 1, as {@code 3:17}, of a place in a template's source. */
  public static String place(String source, int at) {
    String normalized = Lexer.normalized(source);
    String before = normalized.substring(0, Math.clamp(at, 0, normalized.length()));
    int line = 1 + (int) before.chars().filter(c -> c == '\n').count();
    String inLine = before.substring(before.lastIndexOf('\n') + 1);
    return line + ":" + (1 + PyText.length(inLine));
  }

  /**
   * Renders.
   *
   * @param variables strings, whole numbers, floats, booleans, null, lists and maps of these
   * @param now what the function strftime_now takes for the time
   * @throws Fault with what is wrong, and where when that is known
   */
  public Rendered render(Map<String, ?> variables, Supplier<LocalDateTime> now) {
    var budget = new Budget();
    try {
      var scope = new Scope(null);
      variables.forEach((name, value) -> scope.set(name, value(value, budget)));
      var evaluator = new Evaluator(budget, Globals.of(now, budget));
      return new Interpreter(budget, evaluator).render(statements, scope);
    } catch (StackOverflowError tooDeep) {
      throw Fault.of("calls or values are nested too deeply");
    }
  }

  /** The source with line ends as the template sees them. */
  public String source() {
    return source;
  }

  private static Value value(@Nullable Object given, Budget budget) {
    budget.enter();
    Value value =
        switch (given) {
          case null -> Value.None.NONE;
          case Boolean truth -> Value.truth(truth);
          case CharSequence text -> Value.text(text.toString());
          case BigInteger whole -> new Value.Whole(whole);
          case Long whole -> Value.whole(whole);
          case Integer whole -> Value.whole(whole);
          case Short whole -> Value.whole(whole);
          case BigDecimal real -> new Value.Real(real.doubleValue());
          case Double real -> new Value.Real(real);
          case Float real -> new Value.Real(real);
          case Map<?, ?> map -> dict(map, budget);
          case Iterable<?> items -> list(items, budget);
          default ->
              throw new IllegalArgumentException(
                  "a template takes no " + given.getClass().getName());
        };
    budget.leave();
    return value;
  }

  private static Value dict(Map<?, ?> map, Budget budget) {
    var dict = new Dict();
    map.forEach((key, item) -> dict.put(value(key, budget), value(item, budget)));
    return dict;
  }

  private static Value list(Iterable<?> items, Budget budget) {
    var values = new ArrayList<Value>();
    items.forEach(item -> values.add(value(item, budget)));
    return Value.list(values);
  }
}
