package dev.banyan.world.phrase;

import java.util.random.RandomGenerator;

/**
 * A text being written from templates. A template is plain English with choices {@code [went|ran]}
 * (they may nest, an empty choice is allowed) and slots {@code {name}} filled from {@link #set}.
 * {@code {a name}} puts "a" or "an" before the value; {@code {^name}} starts it with a capital.
 * Templates are scanned as they are said: no parse trees, one pass, no copies.
 */
public final class Draft {
  private static final int MOST_SLOTS = 48;

  private final RandomGenerator random;
  private final StringBuilder text = new StringBuilder(1024);
  private final String[] names = new String[MOST_SLOTS];
  private final String[] values = new String[MOST_SLOTS];
  private int slots;

  public Draft(RandomGenerator random) {
    this.random = random;
  }

  public RandomGenerator random() {
    return random;
  }

  /** A uniform integer in [low, high]. */
  public int between(int low, int high) {
    return low + random.nextInt(high - low + 1);
  }

  /** One of the given, uniformly. */
  @SafeVarargs
  @SuppressWarnings("varargs") // the array is only read
  public final <T> T pick(T... options) {
    return options[random.nextInt(options.length)];
  }

  /** Fills a slot from now on, replacing an earlier value. */
  public Draft set(String name, Object value) {
    for (int i = 0; i < slots; i++) {
      if (names[i].equals(name)) {
        values[i] = value.toString();
        return this;
      }
    }
    names[slots] = name;
    values[slots++] = value.toString();
    return this;
  }

  /** Appends one sentence (picked from the templates), capitalised, after a space if needed. */
  public Draft say(String... templates) {
    if (!text.isEmpty() && text.charAt(text.length() - 1) != '\n') {
      text.append(' ');
    }
    int start = text.length();
    expand(pick(templates));
    capitalise(start);
    return this;
  }

  /** Appends one template as it stands, with no space and no capital. */
  public Draft raw(String... templates) {
    expand(pick(templates));
    return this;
  }

  /** Appends text that is no template. */
  public Draft literal(String piece) {
    text.append(piece);
    return this;
  }

  /** Ends the line. */
  public Draft line() {
    text.append('\n');
    return this;
  }

  /** What was written, without trailing white space. */
  public String text() {
    int end = text.length();
    while (end > 0 && Character.isWhitespace(text.charAt(end - 1))) {
      end--;
    }
    return text.substring(0, end);
  }

  /** A phrase on its own, from one of the templates and this draft's slots. */
  public String phrase(String... templates) {
    int start = text.length();
    expand(pick(templates));
    String phrase = text.substring(start);
    text.setLength(start);
    return phrase;
  }

  private void capitalise(int at) {
    int first = at;
    if (first < text.length() && text.charAt(first) == '"') {
      first++;
    }
    if (first < text.length()) {
      text.setCharAt(first, Character.toUpperCase(text.charAt(first)));
    }
  }

  private void expand(String template) {
    expand(template, 0, template.length());
  }

  private void expand(String template, int from, int to) {
    int i = from;
    while (i < to) {
      char c = template.charAt(i);
      if (c == '[') {
        int close = closing(template, i, to);
        choose(template, i + 1, close);
        i = close + 1;
      } else if (c == '{') {
        int close = template.indexOf('}', i);
        fill(template, i + 1, close);
        i = close + 1;
      } else {
        text.append(c);
        i++;
      }
    }
  }

  private void choose(String template, int from, int close) {
    int options = 1;
    int depth = 0;
    for (int i = from; i < close; i++) {
      char c = template.charAt(i);
      depth += c == '[' ? 1 : c == ']' ? -1 : 0;
      options += c == '|' && depth == 0 ? 1 : 0;
    }
    int chosen = random.nextInt(options);
    int start = from;
    for (int i = from; i <= close; i++) {
      char c = template.charAt(i);
      if (i == close || (c == '|' && depth == 0)) {
        if (chosen-- == 0) {
          expand(template, start, i);
          return;
        }
        start = i + 1;
      }
      depth += c == '[' ? 1 : c == ']' ? -1 : 0;
    }
  }

  private void fill(String template, int from, int close) {
    boolean article = template.charAt(from) == 'a' && template.charAt(from + 1) == ' ';
    boolean capital = template.charAt(from) == '^';
    int nameFrom = article ? from + 2 : capital ? from + 1 : from;
    String value = value(template, nameFrom, close);
    if (article) {
      text.append(English.article(value)).append(' ');
    }
    int start = text.length();
    text.append(value);
    if (capital) {
      capitalise(start);
    }
  }

  private String value(String template, int from, int close) {
    int length = close - from;
    for (int i = 0; i < slots; i++) {
      if (names[i].length() == length && template.startsWith(names[i], from)) {
        return values[i];
      }
    }
    throw new IllegalArgumentException(
        "the template '"
            + template
            + "' has a slot that is not set: "
            + template.substring(from, close));
  }

  private static int closing(String template, int open, int to) {
    int depth = 0;
    for (int i = open; i < to; i++) {
      char c = template.charAt(i);
      depth += c == '[' ? 1 : c == ']' ? -1 : 0;
      if (depth == 0) {
        return i;
      }
    }
    throw new IllegalArgumentException("the template '" + template + "' has an open [");
  }
}
