package dev.banyan.model.template;

import dev.banyan.core.Nearest;
import dev.banyan.model.template.Statement.Signature;
import dev.banyan.model.template.Statement.Target;
import dev.banyan.model.template.Token.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Text and tags to statements (Jinja 3.1, "List of Control Structures"). */
final class StatementParser {
  private static final List<String> TAGS =
      List.of(
          "for", "if", "set", "macro", "call", "filter", "with", "break", "continue", "generation");

  /** Jinja's own tags that no chat template can use: there is nothing to load. */
  private static final Set<String> OTHER_TAGS =
      Set.of("block", "extends", "include", "import", "from", "autoescape", "print", "do", "trans");

  private final Tokens tokens;
  private final ExpressionParser expressions;
  private int loops;

  private StatementParser(Tokens tokens) {
    this.tokens = tokens;
    this.expressions = new ExpressionParser(tokens);
  }

  /**
   * The statements of a whole template.
   *
   * @throws Fault where it is not one
   */
  static List<Statement> parse(List<Token> tokens) {
    var parser = new StatementParser(new Tokens(tokens));
    return parser.body();
  }

  /** Statements up to one of these tags, whose name is the next token, or to the end. */
  private List<Statement> body(String... ends) {
    var statements = new ArrayList<Statement>();
    int opened = tokens.peek().at();
    while (true) {
      Token token = tokens.take();
      switch (token.kind()) {
        case DATA -> statements.add(new Statement.Data(token.at(), token.text()));
        case VARIABLE_BEGIN -> {
          statements.add(new Statement.Output(token.at(), expressions.tuple(true)));
          tokens.expect(Kind.VARIABLE_END, "'}}'");
        }
        case BLOCK_BEGIN -> {
          for (String end : ends) {
            if (tokens.isName(end)) {
              return statements;
            }
          }
          tokens.enter();
          statements.add(statement(ends));
          tokens.leave();
          tokens.expect(Kind.BLOCK_END, "'%}'");
        }
        default -> {
          if (ends.length > 0) {
            throw Fault.at(
                opened, "there is no {%% %s %%} for what starts here".formatted(ends[0]));
          }
          return statements;
        }
      }
    }
  }

  /** The body of a tag: what stands behind its end mark. */
  private List<Statement> inner(String... ends) {
    tokens.takeOperator(":");
    tokens.expect(Kind.BLOCK_END, "'%}'");
    return body(ends);
  }

  /** {@link #inner} and the name of the one tag that ends it. */
  private List<Statement> whole(String end) {
    List<Statement> body = inner(end);
    tokens.take();
    return body;
  }

  private Statement statement(String... ends) {
    Token tag = tokens.expect(Kind.NAME, "the name of a tag");
    int at = tag.at();
    return switch (tag.text()) {
      case "for" -> loop(at);
      case "if" -> condition(at);
      case "set" -> set(at);
      case "macro" -> macro(at);
      case "call" -> call(at);
      case "filter" ->
          new Statement.FilterBlock(at, expressions.inlineFilters(), whole("endfilter"));
      case "with" -> with(at);
      case "generation" -> new Statement.Generation(at, apart("endgeneration"));
      case "break" -> new Statement.Break(inLoop(at, "break"));
      case "continue" -> new Statement.Continue(inLoop(at, "continue"));
      default -> throw unknown(tag, ends);
    };
  }

  /** A body that runs as a macro of its own, so a loop around it cannot be left from inside. */
  private List<Statement> apart(String end) {
    int around = loops;
    loops = 0;
    List<Statement> body = whole(end);
    loops = around;
    return body;
  }

  private int inLoop(int at, String tag) {
    if (loops == 0) {
      throw Fault.at(at, tag + " outside of a loop");
    }
    return at;
  }

  private static Fault unknown(Token tag, String... ends) {
    String name = tag.text();
    if (OTHER_TAGS.contains(name)) {
      return Fault.at(tag.at(), "the tag '%s' is not supported in chat templates".formatted(name));
    }
    if (name.startsWith("end") || name.equals("else") || name.equals("elif")) {
      String hint = ends.length == 0 ? "nothing is open here" : "expected is " + ends[0];
      return Fault.at(tag.at(), "'%s' ends nothing; %s".formatted(name, hint));
    }
    String near = Nearest.of(name, TAGS).map(n -> "; did you mean '" + n + "'?").orElse("");
    return Fault.at(tag.at(), "there is no tag '%s'%s".formatted(name, near));
  }

  private Statement loop(int at) {
    Target target = target(false, "in");
    if (!tokens.takeName("in")) {
      throw tokens.unexpected("'in'");
    }
    Expression items = expressions.tuple(false, "recursive");
    Expression condition = tokens.takeName("if") ? expressions.expression() : null;
    boolean recursive = tokens.takeName("recursive");
    loops++;
    List<Statement> body = inner("endfor", "else");
    loops--;
    List<Statement> otherwise = List.of();
    if (tokens.take().text().equals("else")) {
      otherwise = whole("endfor");
    }
    return new Statement.For(at, target, items, condition, recursive, body, otherwise);
  }

  private Statement condition(int at) {
    var conditions = new ArrayList<Expression>();
    var bodies = new ArrayList<List<Statement>>();
    List<Statement> otherwise = List.of();
    while (true) {
      conditions.add(expressions.tuple(false));
      bodies.add(inner("endif", "elif", "else"));
      String next = tokens.take().text();
      if (next.equals("else")) {
        otherwise = whole("endif");
      }
      if (!next.equals("elif")) {
        return new Statement.If(at, conditions, bodies, otherwise);
      }
    }
  }

  private Statement set(int at) {
    Target target = target(true);
    if (tokens.takeOperator("=")) {
      return new Statement.Assign(at, target, expressions.tuple(true));
    }
    Expression filters = tokens.isOperator("|") ? expressions.filters(null) : null;
    return new Statement.SetBlock(at, target, filters, whole("endset"));
  }

  private Statement macro(int at) {
    String name = tokens.expect(Kind.NAME, "the name of the macro").text();
    Set<String> outer = expressions.begin();
    if (!tokens.isOperator("(")) {
      throw tokens.unexpected("'('");
    }
    Signature signature = signature();
    List<Statement> body = apart("endmacro");
    return new Statement.Macro(at, name, mentioning(signature, expressions.resume(outer)), body);
  }

  private Statement call(int at) {
    Signature signature =
        tokens.isOperator("(") ? signature() : new Signature(List.of(), List.of(), Set.of());
    Expression callee = expressions.expression();
    if (!(callee instanceof Expression.Call call)) {
      throw Fault.at(callee.at(), "a call of a macro is expected");
    }
    Set<String> outer = expressions.begin();
    List<Statement> body = apart("endcall");
    Set<String> mentioned = expressions.resume(outer);
    outer.addAll(mentioned); // caller() in the body is the caller of the macro around it
    return new Statement.CallBlock(at, mentioning(signature, mentioned), call, body);
  }

  private static Signature mentioning(Signature signature, Set<String> mentioned) {
    return new Signature(signature.parameters(), signature.defaults(), mentioned);
  }

  private Signature signature() {
    tokens.expectOperator("(");
    var parameters = new ArrayList<String>();
    var defaults = new ArrayList<Expression>();
    while (!tokens.takeOperator(")")) {
      Token name = tokens.expect(Kind.NAME, "the name of a parameter");
      if (parameters.contains(name.text())) {
        throw Fault.at(name.at(), "parameter '" + name.text() + "' is there twice");
      }
      parameters.add(name.text());
      if (tokens.takeOperator("=")) {
        defaults.add(expressions.expression());
      } else if (!defaults.isEmpty()) {
        throw Fault.at(name.at(), "a parameter without a default stands behind one with");
      }
      if (!tokens.isOperator(")")) {
        tokens.expectOperator(",");
      }
    }
    return new Signature(parameters, defaults, Set.of());
  }

  private Statement with(int at) {
    var targets = new ArrayList<Target>();
    var values = new ArrayList<Expression>();
    while (!tokens.is(Kind.BLOCK_END)) {
      if (!targets.isEmpty()) {
        tokens.expectOperator(",");
      }
      targets.add(target(false));
      tokens.expectOperator("=");
      values.add(expressions.expression());
    }
    return new Statement.With(at, targets, values, whole("endwith"));
  }

  /** A name, an attribute of a namespace, or several of them. */
  private Target target(boolean fields, String... endNames) {
    int at = tokens.peek().at();
    var targets = new ArrayList<Target>();
    boolean several = false;
    do {
      boolean end = tokens.isOperator("=") || tokens.isOperator(")");
      for (String name : endNames) {
        end |= tokens.isName(name);
      }
      if (end && several) {
        break;
      }
      targets.add(single(fields));
      several |= tokens.isOperator(",");
    } while (tokens.takeOperator(","));
    return several ? new Target.Several(at, targets) : targets.getFirst();
  }

  private Target single(boolean fields) {
    if (tokens.takeOperator("(")) {
      tokens.enter();
      Target inner = target(fields);
      tokens.leave();
      tokens.expectOperator(")");
      return inner;
    }
    Token name = tokens.expect(Kind.NAME, "a name to assign to");
    if (Set.of("true", "false", "none", "True", "False", "None").contains(name.text())) {
      throw Fault.at(name.at(), "cannot assign to '" + name.text() + "'");
    }
    if (fields && tokens.takeOperator(".")) {
      String field = tokens.expect(Kind.NAME, "the name of an attribute").text();
      return new Target.Field(name.at(), name.text(), field);
    }
    return new Target.Variable(name.text());
  }
}
