package dev.banyan.model.tokenize;

/**
 * Cuts UTF-8 text into pre-tokens exactly as the regular expression of GPT-2 does, without a
 * regular expression engine:
 *
 * <pre>{@code
 * 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
 * }</pre>
 *
 * Letters, numbers and white space are those of Unicode, as {@link Character#getType(int)} and the
 * property White_Space give them. The text must be well-formed UTF-8. Cost: one look at each byte.
 */
public final class Gpt2Splitter {
  private static final byte LETTER = 0;
  private static final byte NUMBER = 1;
  private static final byte OTHER = 2;
  private static final byte SPACE = 3;
  private static final byte[] ASCII = asciiKinds();

  private Gpt2Splitter() {}

  /**
   * The end (exclusive) of the pre-token that starts at {@code from}.
   *
   * @param text UTF-8; a character starts at {@code from}, and {@code from < end}
   * @param end where the text ends: what stands behind is not looked at
   */
  public static int next(byte[] text, int from, int end) {
    byte first = text[from];
    if (first == '\'') {
      int contraction = contraction(text, from, end);
      if (contraction > 0) {
        return from + contraction;
      }
    }
    if (first == ' ' && from + 1 < end) {
      byte kind = kind(text, from + 1);
      if (kind != SPACE) {
        return endOfRun(text, from + 1, end, kind);
      }
    }
    byte kind = kind(text, from);
    int runEnd = endOfRun(text, from, end, kind);
    if (kind != SPACE || runEnd == end) {
      return runEnd;
    }
    // \s+(?!\S): the last white space before something visible is left for what follows, if it is
    // not the only one.
    int last = runEnd - 1;
    while (isContinuation(text[last])) {
      last--;
    }
    return last > from ? last : runEnd;
  }

  /** The start of the first numeric character at or after {@code from}, or {@code end}. */
  public static int nextNumber(byte[] text, int from, int end) {
    int at = from;
    while (at < end && kind(text, at) != NUMBER) {
      at += length(text[at]);
    }
    return at;
  }

  /** The bytes of the character that starts with {@code lead}. */
  public static int length(byte lead) {
    if (lead >= 0) {
      return 1;
    }
    int value = lead & 0xff;
    return value < 0xe0 ? 2 : value < 0xf0 ? 3 : 4;
  }

  private static boolean isContinuation(byte value) {
    return (value & 0xc0) == 0x80;
  }

  /** The length of the English contraction at {@code from}, or 0. */
  private static int contraction(byte[] text, int from, int end) {
    if (from + 1 >= end) {
      return 0;
    }
    byte second = text[from + 1];
    if (second == 's' || second == 't' || second == 'm' || second == 'd') {
      return 2;
    }
    if (from + 2 >= end) {
      return 0;
    }
    byte third = text[from + 2];
    boolean three =
        ((second == 'r' || second == 'v') && third == 'e') || (second == 'l' && third == 'l');
    return three ? 3 : 0;
  }

  private static int endOfRun(byte[] text, int from, int end, byte kind) {
    int at = from;
    while (at < end) {
      byte value = text[at];
      if (value >= 0) {
        if (ASCII[value] != kind) {
          return at;
        }
        at++;
      } else {
        if (kind(text, at) != kind) {
          return at;
        }
        at += length(value);
      }
    }
    return at;
  }

  private static byte kind(byte[] text, int at) {
    byte lead = text[at];
    return lead >= 0 ? ASCII[lead] : kind(codePoint(text, at));
  }

  private static int codePoint(byte[] text, int at) {
    int lead = text[at] & 0xff;
    if (lead < 0xe0) {
      return (lead & 0x1f) << 6 | (text[at + 1] & 0x3f);
    }
    if (lead < 0xf0) {
      return (lead & 0x0f) << 12 | (text[at + 1] & 0x3f) << 6 | (text[at + 2] & 0x3f);
    }
    return (lead & 0x07) << 18
        | (text[at + 1] & 0x3f) << 12
        | (text[at + 2] & 0x3f) << 6
        | (text[at + 3] & 0x3f);
  }

  private static byte kind(int codePoint) {
    if (isWhiteSpace(codePoint)) {
      return SPACE;
    }
    return switch (Character.getType(codePoint)) {
      case Character.UPPERCASE_LETTER,
          Character.LOWERCASE_LETTER,
          Character.TITLECASE_LETTER,
          Character.MODIFIER_LETTER,
          Character.OTHER_LETTER ->
          LETTER;
      case Character.DECIMAL_DIGIT_NUMBER, Character.LETTER_NUMBER, Character.OTHER_NUMBER ->
          NUMBER;
      default -> OTHER;
    };
  }

  /** White_Space of the Unicode Character Database, PropList.txt; Java's own notion is narrower. */
  private static boolean isWhiteSpace(int codePoint) {
    return (codePoint >= 0x09 && codePoint <= 0x0d)
        || codePoint == 0x20
        || codePoint == 0x85
        || codePoint == 0xa0
        || codePoint == 0x1680
        || (codePoint >= 0x2000 && codePoint <= 0x200a)
        || codePoint == 0x2028
        || codePoint == 0x2029
        || codePoint == 0x202f
        || codePoint == 0x205f
        || codePoint == 0x3000;
  }

  private static byte[] asciiKinds() {
    var kinds = new byte[128];
    for (int codePoint = 0; codePoint < 128; codePoint++) {
      kinds[codePoint] = kind(codePoint);
    }
    return kinds;
  }
}
