package dev.banyan.plan.read;

import dev.banyan.core.UserInputException;
import java.io.InputStream;
import java.util.function.Consumer;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;

/**
 * Walks through JSON token by token, so that a large file needs no tree in memory. Whatever does
 * not fit is refused with the byte it stands at.
 */
final class JsonWalk {
  private static final StreamReadConstraints LIMITS =
      StreamReadConstraints.builder().maxNestingDepth(64).maxNumberLength(64).build();

  private final String source;
  private final long itemLimit;
  private final JsonParser parser;
  private long items;

  JsonWalk(String source, InputStream in, long itemLimit) {
    this.source = source;
    this.itemLimit = itemLimit;
    this.parser =
        JsonFactory.builder()
            .streamReadConstraints(LIMITS)
            .build()
            .createParser(ObjectReadContext.empty(), in);
  }

  /** Runs {@code walk}, turning what the parser throws into one line. */
  void run(Runnable walk) {
    try {
      next();
      walk.run();
      JsonToken after = parser.nextToken();
      if (after != null) {
        throw bad("the file goes on after its object");
      }
    } catch (JacksonException e) {
      // The stream below refuses in its own words; Jackson wraps them.
      for (Throwable cause = e.getCause(); cause != null; cause = cause.getCause()) {
        if (cause instanceof UserInputException refused) {
          throw refused;
        }
      }
      String what = String.valueOf(e.getOriginalMessage()).lines().findFirst().orElse("no JSON");
      throw new UserInputException(source + ": byte " + at() + ": " + what, e);
    }
  }

  private long at() {
    return Math.max(0, parser.currentLocation().getByteOffset());
  }

  UserInputException bad(String what) {
    return new UserInputException(source + ": byte " + at() + ": " + what);
  }

  private JsonToken next() {
    if (++items > itemLimit) {
      throw bad("more than " + itemLimit + " values, no step dump is that large");
    }
    JsonToken token = parser.nextToken();
    if (token == null) {
      throw bad("the file ends too early");
    }
    return token;
  }

  private JsonToken token() {
    JsonToken token = parser.currentToken();
    if (token == null) {
      throw bad("the file ends too early");
    }
    return token;
  }

  /** Visits the fields of the object that begins here; the visitor takes each value whole. */
  void object(String what, Consumer<String> field) {
    if (token() != JsonToken.START_OBJECT) {
      throw bad("expected " + what + " as an object, found " + found());
    }
    while (next() != JsonToken.END_OBJECT) {
      String name = parser.currentName();
      next();
      field.accept(name);
    }
  }

  /** Visits the items of the list that begins here. */
  void list(String what, Runnable item) {
    if (token() != JsonToken.START_ARRAY) {
      throw bad("expected " + what + " as a list, found " + found());
    }
    while (next() != JsonToken.END_ARRAY) {
      item.run();
    }
  }

  boolean isNull() {
    return token() == JsonToken.VALUE_NULL;
  }

  boolean isText() {
    return token() == JsonToken.VALUE_STRING;
  }

  String text(String what) {
    if (token() != JsonToken.VALUE_STRING) {
      throw bad("expected " + what + " as a string, found " + found());
    }
    return parser.getString();
  }

  boolean flag(String what) {
    JsonToken token = token();
    if (token != JsonToken.VALUE_TRUE && token != JsonToken.VALUE_FALSE) {
      throw bad("expected " + what + " as true or false, found " + found());
    }
    return token == JsonToken.VALUE_TRUE;
  }

  long whole(String what) {
    if (token() == JsonToken.VALUE_STRING || token() == JsonToken.START_OBJECT) {
      throw bad(
          what
              + " is "
              + found()
              + ", not a number; symbolic sizes have no plan: use fixed shapes");
    }
    if (token() != JsonToken.VALUE_NUMBER_INT) {
      throw bad("expected " + what + " as a whole number, found " + found());
    }
    if (parser.getNumberType() == JsonParser.NumberType.BIG_INTEGER) {
      throw bad(what + " is " + parser.getString() + ", which overflows 64 bits");
    }
    return parser.getLongValue();
  }

  int index(String what) {
    long value = whole(what);
    if (value < 0 || value > Integer.MAX_VALUE) {
      throw bad(what + " is " + value + ", expected a position from 0 on");
    }
    return (int) value;
  }

  double real(String what) {
    if (token() == JsonToken.VALUE_STRING) {
      return switch (parser.getString()) {
        case "inf" -> Double.POSITIVE_INFINITY;
        case "-inf" -> Double.NEGATIVE_INFINITY;
        case "nan" -> Double.NaN;
        default -> throw bad("expected " + what + " as a number or inf, found " + found());
      };
    }
    if (!token().isNumeric()) {
      throw bad("expected " + what + " as a number, found " + found());
    }
    return parser.getDoubleValue();
  }

  /** Passes over the value that begins here. */
  void skip() {
    int depth = 0;
    do {
      JsonToken token = depth == 0 ? token() : next();
      depth += token.isStructStart() ? 1 : token.isStructEnd() ? -1 : 0;
    } while (depth > 0);
  }

  private String found() {
    String text = parser.getString();
    String shown = text == null ? "nothing" : text;
    return "'" + (shown.length() > 40 ? shown.substring(0, 40) + "…" : shown) + "'";
  }
}
