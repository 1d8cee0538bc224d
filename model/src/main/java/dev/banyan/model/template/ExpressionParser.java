package dev.banyan.model.template;

import dev.banyan.model.template.Expression.Given;
import dev.banyan.model.template.Token.Kind;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Expressions, by precedence from loose to tight: {@code if else}, {@code or}, {@code and}, {@code
 * not}, comparisons, {@code + -}, {@code ~}, {@code * / // %}, {@code **}, sign, then subscripts,
 * calls, filters and tests (Jinja 3.1, "Expressions").
 */
final class ExpressionParser {
  private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");
  private static final Set<String> SPECIAL = Set.of("varargs", "kwargs", "caller");
  private static final Set<Kind> STARTS_ARGUMENT =
      Set.of(Kind.NAME, Kind.STRING, Kind.INTEGER, Kind.FLOAT);

  private final Tokens tokens;

  /** Names of {@link #SPECIAL} seen since the macro around began. */
  private Set<String> mentioned = new HashSet<>();

  ExpressionParser(Tokens tokens) {
    this.tokens = tokens;
  }

  /** Starts a macro's body and gives what the one around has mentioned, for {@link #resume}. */
  Set<String> begin() {
    Set<String> outer = mentioned;
    mentioned = new HashSet<>();
    return outer;
  }

  /** Ends a macro's body and gives what it mentioned. */
  Set<String> resume(Set<String> outer) {
    Set<String> inner = mentioned;
    mentioned = outer;
    return inner;
  }

  /** One expression, or a tuple of several. */
  Expression tuple(boolean choices, String... endNames) {
    int at = tokens.peek().at();
    var items = new ArrayList<Expression>();
    boolean tuple = false;
    while (!endsTuple(endNames)) {
      items.add(choices ? expression() : either());
      if (!tokens.takeOperator(",")) {
        break;
      }
      tuple = true;
    }
    if (tuple) {
      return new Expression.Items(at, true, items);
    }
    if (items.isEmpty()) {
      throw tokens.unexpected("an expression");
    }
    return items.getFirst();
  }

  private boolean endsTuple(String... names) {
    for (String name : names) {
      if (tokens.isName(name)) {
        return true;
      }
    }
    return tokens.is(Kind.VARIABLE_END) || tokens.is(Kind.BLOCK_END) || tokens.isOperator(")");
  }

  /** One expression. */
  Expression expression() {
    tokens.enter();
    Expression value = either();
    while (tokens.isName("if")) {
      int at = tokens.take().at();
      Expression condition = either();
      Expression no = tokens.takeName("else") ? expression() : null;
      value = new Expression.Choice(at, condition, value, no);
    }
    tokens.leave();
    return value;
  }

  private Expression either() {
    Expression left = both();
    while (tokens.isName("or")) {
      left = new Expression.Either(tokens.take().at(), left, both());
    }
    return left;
  }

  private Expression both() {
    Expression left = not();
    while (tokens.isName("and")) {
      left = new Expression.Both(tokens.take().at(), left, not());
    }
    return left;
  }

  private Expression not() {
    if (!tokens.isName("not")) {
      return compared();
    }
    tokens.enter();
    var not = new Expression.Not(tokens.take().at(), not());
    tokens.leave();
    return not;
  }

  private Expression compared() {
    Expression first = sum();
    int at = tokens.peek().at();
    var operators = new ArrayList<String>();
    var others = new ArrayList<Expression>();
    while (true) {
      Token token = tokens.peek();
      if (token.kind() == Kind.OPERATOR && COMPARISONS.contains(token.text())) {
        operators.add(tokens.take().text());
      } else if (tokens.takeName("in")) {
        operators.add("in");
      } else if (token.isName("not") && tokens.peekSecond().isName("in")) {
        tokens.take();
        tokens.take();
        operators.add("not in");
      } else {
        break;
      }
      others.add(sum());
    }
    return operators.isEmpty() ? first : new Expression.Compared(at, first, operators, others);
  }

  private Expression sum() {
    Expression left = joined();
    while (tokens.isOperator("+") || tokens.isOperator("-")) {
      Token operator = tokens.take();
      left = new Expression.Binary(operator.at(), operator.text(), left, joined());
    }
    return left;
  }

  private Expression joined() {
    int at = tokens.peek().at();
    Expression first = product();
    if (!tokens.isOperator("~")) {
      return first;
    }
    var parts = new ArrayList<Expression>(List.of(first));
    while (tokens.takeOperator("~")) {
      parts.add(product());
    }
    return new Expression.Joined(at, parts);
  }

  private Expression product() {
    Expression left = power();
    while (tokens.isOperator("*")
        || tokens.isOperator("/")
        || tokens.isOperator("//")
        || tokens.isOperator("%")) {
      Token operator = tokens.take();
      left = new Expression.Binary(operator.at(), operator.text(), left, power());
    }
    return left;
  }

  private Expression power() {
    Expression left = signed(true);
    while (tokens.isOperator("**")) { // to the left, as Jinja has it
      Token operator = tokens.take();
      left = new Expression.Binary(operator.at(), "**", left, signed(true));
    }
    return left;
  }

  private Expression signed(boolean filters) {
    tokens.enter();
    Expression value;
    if (tokens.isOperator("-") || tokens.isOperator("+")) {
      Token sign = tokens.take();
      value = new Expression.Signed(sign.at(), sign.text().equals("-"), signed(false));
    } else {
      value = primary();
    }
    value = subscripted(value);
    if (filters) {
      value = filtered(value);
    }
    tokens.leave();
    return value;
  }

  private Expression primary() {
    Token token = tokens.peek();
    return switch (token.kind()) {
      case NAME -> name(tokens.take());
      case STRING -> {
        var text = new StringBuilder(tokens.take().text());
        while (tokens.is(Kind.STRING)) {
          text.append(tokens.take().text());
        }
        yield new Expression.Literal(token.at(), Value.text(text.toString()));
      }
      case INTEGER -> new Expression.Literal(token.at(), whole(tokens.take()));
      case FLOAT -> {
        double value = Double.parseDouble(tokens.take().text());
        yield new Expression.Literal(token.at(), new Value.Real(value));
      }
      default -> bracketed(token);
    };
  }

  private Expression name(Token token) {
    return switch (token.text()) {
      case "true", "True" -> new Expression.Literal(token.at(), Value.Truth.TRUE);
      case "false", "False" -> new Expression.Literal(token.at(), Value.Truth.FALSE);
      case "none", "None" -> new Expression.Literal(token.at(), Value.None.NONE);
      default -> {
        if (SPECIAL.contains(token.text())) {
          mentioned.add(token.text());
        }
        yield new Expression.Name(token.at(), token.text());
      }
    };
  }

  private static Value whole(Token token) {
    String text = token.text();
    if (text.length() > 300) {
      throw Fault.at(token.at(), "the number has more than 300 digits");
    }
    int radix =
        text.length() < 2
            ? 10
            : switch (text.charAt(1)) {
              case 'b', 'B' -> 2;
              case 'o', 'O' -> 8;
              case 'x', 'X' -> 16;
              default -> 10;
            };
    return new Value.Whole(new BigInteger(radix == 10 ? text : text.substring(2), radix));
  }

  private Expression bracketed(Token token) {
    if (tokens.takeOperator("(")) {
      if (tokens.takeOperator(")")) {
        return new Expression.Items(token.at(), true, List.of());
      }
      Expression inner = tuple(true);
      tokens.expectOperator(")");
      return inner;
    }
    if (tokens.takeOperator("[")) {
      var items = new ArrayList<Expression>();
      while (!tokens.takeOperator("]")) {
        items.add(expression());
        if (!tokens.isOperator("]")) {
          tokens.expectOperator(",");
        }
      }
      return new Expression.Items(token.at(), false, items);
    }
    if (tokens.takeOperator("{")) {
      var keys = new ArrayList<Expression>();
      var values = new ArrayList<Expression>();
      while (!tokens.takeOperator("}")) {
        keys.add(expression());
        tokens.expectOperator(":");
        values.add(expression());
        if (!tokens.isOperator("}")) {
          tokens.expectOperator(",");
        }
      }
      return new Expression.Pairs(token.at(), keys, values);
    }
    throw tokens.unexpected("an expression");
  }

  private Expression subscripted(Expression of) {
    Expression value = of;
    while (true) {
      if (tokens.isOperator(".")) {
        int at = tokens.take().at();
        Token name = tokens.take();
        value =
            switch (name.kind()) {
              case NAME -> new Expression.Attribute(at, value, name.text());
              case INTEGER ->
                  new Expression.Item(at, value, new Expression.Literal(name.at(), whole(name)));
              default -> throw Fault.at(name.at(), name.described() + " instead of a name");
            };
      } else if (tokens.isOperator("[")) {
        value = item(value);
      } else if (tokens.isOperator("(")) {
        value = new Expression.Call(tokens.peek().at(), value, given());
      } else {
        return value;
      }
    }
  }

  private Expression item(Expression of) {
    int at = tokens.take().at();
    Expression from = tokens.isOperator(":") ? null : expression();
    if (tokens.takeOperator(":")) {
      Expression to = bound();
      Expression step = tokens.takeOperator(":") ? bound() : null;
      tokens.expectOperator("]");
      return new Expression.Slice(at, of, from, to, step);
    }
    if (from == null) {
      throw tokens.unexpected("an index");
    }
    if (tokens.isOperator(",")) {
      var items = new ArrayList<Expression>(List.of(from));
      while (tokens.takeOperator(",")) {
        items.add(expression());
      }
      from = new Expression.Items(at, true, items);
    }
    tokens.expectOperator("]");
    return new Expression.Item(at, of, from);
  }

  private @Nullable Expression bound() {
    return tokens.isOperator(":") || tokens.isOperator("]") ? null : expression();
  }

  private Expression filtered(Expression of) {
    Expression value = of;
    while (true) {
      if (tokens.isOperator("|")) {
        value = filters(value);
      } else if (tokens.isName("is")) {
        value = tested(value);
      } else if (tokens.isOperator("(")) {
        value = new Expression.Call(tokens.peek().at(), value, given());
      } else {
        return value;
      }
    }
  }

  /** {@code | name(…) | name(…)}, behind a value or, where it is null, for a block's text. */
  Expression filters(@Nullable Expression of) {
    Expression value = of;
    do {
      tokens.expectOperator("|");
      value = filter(value);
    } while (tokens.isOperator("|"));
    return value;
  }

  /** {@code name(…) | name(…)}, as it follows the word filter. */
  Expression inlineFilters() {
    Expression value = filter(null);
    return tokens.isOperator("|") ? filters(value) : value;
  }

  private Expression filter(@Nullable Expression of) {
    Token name = tokens.expect(Kind.NAME, "the name of a filter");
    if (!Filters.has(name.text()) || tokens.isOperator(".")) {
      throw Fault.at(
          name.at(),
          "there is no filter '%s'%s".formatted(dotted(name), Filters.near(name.text())));
    }
    Given given = tokens.isOperator("(") ? given() : Given.NONE;
    return new Expression.Filtered(name.at(), of, name.text(), given);
  }

  /** Jinja takes a dot behind the name of a filter or test, and what follows it, as part of it. */
  private String dotted(Token name) {
    return tokens.isOperator(".") ? name.text() + "." + tokens.peekSecond().text() : name.text();
  }

  private Expression tested(Expression of) {
    tokens.take();
    boolean negated = tokens.takeName("not");
    Token name = tokens.expect(Kind.NAME, "the name of a test");
    if (!Tests.has(name.text()) || tokens.isOperator(".")) {
      throw Fault.at(
          name.at(), "there is no test '%s'%s".formatted(dotted(name), Tests.near(name.text())));
    }
    Given given = Given.NONE;
    if (tokens.isOperator("(")) {
      given = given();
    } else if (startsArgument()) {
      if (tokens.isName("is")) {
        throw tokens.unexpected("the end of a test");
      }
      given = new Given(List.of(subscripted(primary())), List.of(), List.of(), null, null);
    }
    Expression test = new Expression.Tested(name.at(), of, name.text(), given);
    return negated ? new Expression.Not(name.at(), test) : test;
  }

  private boolean startsArgument() {
    boolean word = tokens.isName("else") || tokens.isName("or") || tokens.isName("and");
    return !word
        && (STARTS_ARGUMENT.contains(tokens.peek().kind())
            || tokens.isOperator("[")
            || tokens.isOperator("{"));
  }

  private Given given() {
    int at = tokens.peek().at();
    tokens.expectOperator("(");
    var positional = new ArrayList<Expression>();
    var names = new ArrayList<String>();
    var named = new ArrayList<Expression>();
    Expression spread = null;
    Expression spreadNamed = null;
    while (!tokens.takeOperator(")")) {
      boolean sound;
      if (tokens.takeOperator("*")) {
        sound = spread == null && spreadNamed == null;
        spread = expression();
      } else if (tokens.takeOperator("**")) {
        sound = spreadNamed == null;
        spreadNamed = expression();
      } else if (tokens.is(Kind.NAME) && tokens.peekSecond().isOperator("=")) {
        sound = spreadNamed == null && !names.contains(tokens.peek().text());
        names.add(tokens.take().text());
        tokens.take();
        named.add(expression());
      } else {
        sound = spread == null && spreadNamed == null && names.isEmpty();
        positional.add(expression());
      }
      if (!sound) {
        throw Fault.at(at, "the arguments are in an order that cannot be");
      }
      if (!tokens.isOperator(")")) {
        tokens.expectOperator(",");
      }
    }
    return new Given(positional, names, named, spread, spreadNamed);
  }
}
