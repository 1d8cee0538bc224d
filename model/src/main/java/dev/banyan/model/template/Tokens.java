package dev.banyan.model.template;

import dev.banyan.model.template.Token.Kind;
import java.util.List;

/** Tokens being read, one ahead. */
final class Tokens {
  /** As deep as expressions and blocks may stand in each other. */
  private static final int DEPTH = 150;

  private final List<Token> tokens;
  private int next;
  private int depth;

  Tokens(List<Token> tokens) {
    this.tokens = tokens;
  }

  Token peek() {
    return tokens.get(next);
  }

  Token peekSecond() {
    return tokens.get(Math.min(next + 1, tokens.size() - 1));
  }

  Token take() {
    Token token = tokens.get(next);
    if (token.kind() != Kind.END) {
      next++;
    }
    return token;
  }

  boolean is(Kind kind) {
    return peek().kind() == kind;
  }

  boolean isOperator(String operator) {
    return peek().isOperator(operator);
  }

  boolean isName(String name) {
    return peek().isName(name);
  }

  boolean takeOperator(String operator) {
    boolean is = isOperator(operator);
    if (is) {
      take();
    }
    return is;
  }

  boolean takeName(String name) {
    boolean is = isName(name);
    if (is) {
      take();
    }
    return is;
  }

  Token expect(Kind kind, String what) {
    if (!is(kind)) {
      throw unexpected(what);
    }
    return take();
  }

  void expectOperator(String operator) {
    if (!takeOperator(operator)) {
      throw unexpected("'" + operator + "'");
    }
  }

  Fault unexpected(String wanted) {
    Token found = peek();
    return Fault.at(found.at(), "%s instead of %s".formatted(found.described(), wanted));
  }

  void enter() {
    if (++depth > DEPTH) {
      throw Fault.at(peek().at(), "nested more than " + DEPTH + " deep");
    }
  }

  void leave() {
    depth--;
  }
}
