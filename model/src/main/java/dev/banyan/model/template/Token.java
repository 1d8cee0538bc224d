package dev.banyan.model.template;

/**
 * A piece of a template's source.
 *
 * @param text what it says: of a string its value, of anything else its spelling
 * @param at its first character in the source
 */
record Token(Kind kind, String text, int at) {
  /** What a token is. */
  enum Kind {
    DATA,
    BLOCK_BEGIN,
    BLOCK_END,
    VARIABLE_BEGIN,
    VARIABLE_END,
    NAME,
    STRING,
    INTEGER,
    FLOAT,
    OPERATOR,
    END
  }

  boolean isOperator(String operator) {
    return kind == Kind.OPERATOR && text.equals(operator);
  }

  boolean isName(String name) {
    return kind == Kind.NAME && text.equals(name);
  }

  /** For messages. */
  String described() {
    return switch (kind) {
      case END -> "the end of the template";
      case BLOCK_END -> "'%}'";
      case VARIABLE_END -> "'}}'";
      case STRING -> "a string";
      default -> "'" + text + "'";
    };
  }
}
