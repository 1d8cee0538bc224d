package dev.banyan.model.template;

import dev.banyan.model.template.Token.Kind;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Template source to tokens, with transformers' settings: {@code trim_blocks} (the line end behind
 * a block or comment goes), {@code lstrip_blocks} (blanks before one go when nothing else is on the
 * line) and the marks {@code -} and {@code +} that strip more or nothing (Jinja 3.1, "Whitespace
 * Control"). One line end at the very end of the source goes too.
 */
final class Lexer {
  private static final String S = "[" + PyText.WHITESPACE_CLASS + "]";
  private static final Pattern RAW_BEGIN =
      Pattern.compile("\\{%[-+]?" + S + "*raw" + S + "*(?:-%\\}" + S + "*|%\\})");
  private static final Pattern RAW_END =
      Pattern.compile("\\{%([-+]?)" + S + "*endraw" + S + "*(?:\\+%\\}|-%\\}" + S + "*|%\\}\\n?)");
  private static final Pattern FLOAT =
      Pattern.compile(
          "(?<!\\.)(?:\\d+_)*\\d+(?:(?:\\.(?:\\d+_)*\\d+)?[eE][+-]?(?:\\d+_)*\\d+|\\.(?:\\d+_)*\\d+)");
  private static final Pattern INTEGER =
      Pattern.compile(
          "0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0[xX](?:_?[0-9a-fA-F])+|[1-9](?:_?\\d)*|0(?:_?0)*");
  private static final List<String> LONG_OPERATORS = List.of("//", "**", "==", "!=", ">=", "<=");
  private static final String SHORT_OPERATORS = "+-/*%~[](){}><=.:|,;";

  private final String source;
  private final List<Token> tokens = new ArrayList<>();
  private int at;

  private Lexer(String source) {
    this.source = source;
  }

  /** The source as the tokens' places count it: line ends are {@code \n}, the last one is gone. */
  static String normalized(String source) {
    String text = source.replace("\r\n", "\n").replace('\r', '\n');
    return text.endsWith("\n") ? text.substring(0, text.length() - 1) : text;
  }

  /**
   * The tokens of a {@linkplain #normalized normalized} source, the last one {@link Kind#END}.
   *
   * @throws Fault where something is left open or no token starts
   */
  static List<Token> tokens(String normalized) {
    var lexer = new Lexer(normalized);
    lexer.read();
    return lexer.tokens;
  }

  private void read() {
    while (at < source.length()) {
      int begin = nextBegin(at);
      if (begin < 0) {
        data(source.substring(at), at);
        at = source.length();
        break;
      }
      char kind = source.charAt(begin + 1);
      char sign = begin + 2 < source.length() ? source.charAt(begin + 2) : ' ';
      data(stripped(source.substring(at, begin), sign, kind != '{'), at);
      Matcher raw = RAW_BEGIN.matcher(source).region(begin, source.length());
      if (kind == '%' && raw.lookingAt()) {
        at = raw.end();
        raw(begin);
        continue;
      }
      at = begin + (sign == '-' || sign == '+' ? 3 : 2);
      switch (kind) {
        case '#' -> comment(begin);
        case '%' -> code(Kind.BLOCK_BEGIN, Kind.BLOCK_END, begin);
        default -> code(Kind.VARIABLE_BEGIN, Kind.VARIABLE_END, begin);
      }
    }
    tokens.add(new Token(Kind.END, "", source.length()));
  }

  private int nextBegin(int from) {
    for (int i = source.indexOf('{', from); i >= 0; i = source.indexOf('{', i + 1)) {
      if (i + 1 < source.length() && "%{#".indexOf(source.charAt(i + 1)) >= 0) {
        return i;
      }
    }
    return -1;
  }

  private void data(String text, int place) {
    if (!text.isEmpty()) {
      tokens.add(new Token(Kind.DATA, text, place));
    }
  }

  /** Text before a tag, without what the tag takes away; {@link #at} is where the text starts. */
  private String stripped(String text, char sign, boolean lineBlanksGo) {
    if (sign == '-') {
      return PyText.rstrip(text);
    }
    if (sign == '+' || !lineBlanksGo) {
      return text;
    }
    int lineStart = text.lastIndexOf('\n') + 1;
    boolean startsLine = at == 0 || source.charAt(at - 1) == '\n';
    boolean blank = PyText.rstrip(text.substring(lineStart)).isEmpty();
    return (lineStart > 0 || startsLine) && blank ? text.substring(0, lineStart) : text;
  }

  private void comment(int begin) {
    int end = source.indexOf("#}", at);
    if (end < 0) {
      throw Fault.at(begin, "the comment has no end '#}'");
    }
    char before = end > at ? source.charAt(end - 1) : ' ';
    at = end + 2;
    afterTag(before == '-', before != '+');
  }

  /** What goes behind an end mark: all whitespace, one line end, or nothing. */
  private void afterTag(boolean allBlanks, boolean lineEnd) {
    if (allBlanks) {
      while (at < source.length() && PyText.isSpace(source.charAt(at))) {
        at++;
      }
    } else if (lineEnd && at < source.length() && source.charAt(at) == '\n') {
      at++;
    }
  }

  private void raw(int begin) {
    Matcher end = RAW_END.matcher(source);
    if (!end.find(at)) {
      throw Fault.at(begin, "raw has no {% endraw %}");
    }
    String sign = end.group(1);
    String text = source.substring(at, end.start());
    data(stripped(text, sign.isEmpty() ? ' ' : sign.charAt(0), true), at);
    at = end.end();
  }

  private void code(Kind beginKind, Kind endKind, int begin) {
    tokens.add(new Token(beginKind, source.substring(begin, begin + 2), begin));
    boolean block = endKind == Kind.BLOCK_END;
    String mark = block ? "%}" : "}}";
    Deque<Character> open = new ArrayDeque<>();
    while (at < source.length()) {
      if (open.isEmpty()) {
        boolean signed =
            source.startsWith("-" + mark, at) || (block && source.startsWith("+" + mark, at));
        if (signed || source.startsWith(mark, at)) {
          tokens.add(new Token(endKind, mark, at));
          char sign = signed ? source.charAt(at) : ' ';
          at += mark.length() + (signed ? 1 : 0);
          afterTag(sign == '-', block && sign != '+');
          return;
        }
      }
      token(open);
    }
    throw Fault.at(begin, "'" + (block ? "{%" : "{{") + "' has no '" + mark + "'");
  }

  private void token(Deque<Character> open) {
    char c = source.charAt(at);
    if (PyText.isSpace(c)) {
      at++;
    } else if (c >= '0' && c <= '9') {
      number();
    } else if (c == '_' || Character.isUnicodeIdentifierStart(source.codePointAt(at))) {
      name();
    } else if (c == '\'' || c == '"') {
      string(c);
    } else {
      operator(open);
    }
  }

  private void number() {
    Matcher decimal = FLOAT.matcher(source).useTransparentBounds(true).region(at, source.length());
    Matcher whole = INTEGER.matcher(source).region(at, source.length());
    if (decimal.lookingAt()) {
      add(Kind.FLOAT, decimal.group().replace("_", ""), decimal.end());
    } else if (whole.lookingAt()) {
      add(Kind.INTEGER, whole.group().replace("_", ""), whole.end());
    } else {
      throw Fault.at(at, "not a number");
    }
  }

  private void name() {
    int end = at;
    while (end < source.length()
        && Character.isUnicodeIdentifierPart(source.codePointAt(end))
        && !Character.isIdentifierIgnorable(source.codePointAt(end))) {
      end += Character.charCount(source.codePointAt(end));
    }
    add(Kind.NAME, source.substring(at, end), end);
  }

  private void string(char quote) {
    int end = at + 1;
    while (end < source.length() && source.charAt(end) != quote) {
      end += source.charAt(end) == '\\' ? 2 : 1;
    }
    if (end >= source.length()) {
      throw Fault.at(at, "the string has no end " + quote);
    }
    add(Kind.STRING, Escapes.value(source.substring(at + 1, end), at), end + 1);
  }

  private void operator(Deque<Character> open) {
    for (String operator : LONG_OPERATORS) {
      if (source.startsWith(operator, at)) {
        add(Kind.OPERATOR, operator, at + 2);
        return;
      }
    }
    char c = source.charAt(at);
    if (SHORT_OPERATORS.indexOf(c) < 0) {
      throw Fault.at(at, "unexpected character '" + source.substring(at, at + 1) + "'");
    }
    switch (c) {
      case '(' -> open.push(')');
      case '[' -> open.push(']');
      case '{' -> open.push('}');
      case ')', ']', '}' -> {
        if (open.isEmpty() || open.pop() != c) {
          throw Fault.at(at, "unexpected '" + c + "'");
        }
      }
      default -> {}
    }
    add(Kind.OPERATOR, String.valueOf(c), at + 1);
  }

  private void add(Kind kind, String text, int end) {
    tokens.add(new Token(kind, text, at));
    at = end;
  }
}
