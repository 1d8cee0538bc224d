package dev.banyan.serve.engine;

import dev.banyan.core.Json;
import dev.banyan.core.UserInputException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A JSON schema as a grammar of characters: type, properties in their order with required, items
 * with minItems and maxItems, minLength and maxLength, enum, const, anyOf, oneOf, local {@code
 * $ref}. Objects with properties have no others, as in OpenAI's strict mode. What it does not know
 * and would have to enforce ({@code pattern}, {@code allOf}, {@code not}, bounds of numbers …) is
 * refused by name.
 */
public final class JsonSchema {
  private static final int MOST_CHARACTERS = 64 * 1024;
  private static final int DEEPEST = 24;
  private static final int DEEPEST_ANY = 6;
  private static final int MOST_REPEATS = 4096;
  private static final Set<String> IGNORED =
      Set.of(
          "title",
          "description",
          "$schema",
          "$id",
          "$comment",
          "$defs",
          "definitions",
          "default",
          "examples",
          "additionalProperties",
          "strict");
  private static final Map<String, Set<String>> KNOWN =
      Map.of(
          "object", Set.of("type", "properties", "required"),
          "array", Set.of("type", "items", "minItems", "maxItems"),
          "string", Set.of("type", "minLength", "maxLength"),
          "other", Set.of("type"));

  private final JsonNode root;
  private final Map<String, Rule> references = new HashMap<>();

  private JsonSchema(JsonNode root) {
    this.root = root;
  }

  /** A part of the grammar; equal only to itself. */
  sealed interface Rule {
    /** One character. */
    @FunctionalInterface
    interface Test {
      boolean holds(char c);
    }

    final class One implements Rule {
      final Test test;

      One(Test test) {
        this.test = test;
      }
    }

    final class Row implements Rule {
      final List<Rule> parts;

      Row(List<Rule> parts) {
        this.parts = parts;
      }
    }

    final class Either implements Rule {
      final List<Rule> of;

      Either(List<Rule> of) {
        this.of = of;
      }
    }

    /** Any number of times; {@code part} matches at least one character. */
    final class Star implements Rule {
      final Rule part;

      Star(Rule part) {
        this.part = part;
      }
    }

    /** Known only later, so that rules may contain themselves. */
    final class Later implements Rule {
      Rule rule = NOTHING;
    }
  }

  private static final Rule NOTHING = new Rule.Row(List.of());
  private static final Rule STRING_CHARACTER =
      either(
          new Rule.One(c -> c >= ' ' && c != '"' && c != '\\'),
          row(
              literal("\\"),
              either(
                  new Rule.One(c -> "\"\\/bfnrt".indexOf(c) >= 0),
                  row(literal("u"), hex(), hex(), hex(), hex()))));
  private static final Rule STRING = row(literal("\""), star(STRING_CHARACTER), literal("\""));
  private static final Rule DIGIT = new Rule.One(c -> c >= '0' && c <= '9');
  private static final Rule INTEGER =
      row(
          maybe(literal("-")),
          either(literal("0"), row(new Rule.One(c -> c >= '1' && c <= '9'), times(DIGIT, 0, 17))));
  private static final Rule NUMBER =
      row(
          INTEGER,
          maybe(row(literal("."), DIGIT, times(DIGIT, 0, 16))),
          maybe(
              row(
                  new Rule.One(c -> c == 'e' || c == 'E'),
                  maybe(new Rule.One(c -> c == '+' || c == '-')),
                  DIGIT,
                  maybe(DIGIT))));
  private static final Rule BOOLEAN = either(literal("true"), literal("false"));
  private static final Rule NULL = literal("null");
  private static final Rule COMMA = row(literal(","), maybe(literal(" ")));
  private static final Rule COLON = row(literal(":"), maybe(literal(" ")));
  private static final Rule ANY_OBJECT = anyObject(DEEPEST_ANY);
  private static final Rule ANY = any(DEEPEST_ANY);

  /**
   * The grammar of a schema; {@code {}} for any object.
   *
   * @throws UserInputException when it is no schema, too large, or asks for what is not known
   */
  static Rule rule(String schema) {
    if (schema.length() > MOST_CHARACTERS) {
      throw new UserInputException(
          "the schema has %,d characters, at most %,d are taken"
              .formatted(schema.length(), MOST_CHARACTERS));
    }
    JsonNode node;
    try {
      node = Json.mapper().readTree(schema);
    } catch (JacksonException e) {
      throw new UserInputException("the schema is no JSON", e);
    }
    if (!node.isObject()) {
      throw new UserInputException("the schema is no JSON object");
    }
    if (node.isEmpty()) {
      return ANY_OBJECT;
    }
    var compiled = new JsonSchema(node);
    Rule rule = compiled.of(node, 0);
    compiled.requireProgress();
    return rule;
  }

  /** Throws what {@link #rule} throws. */
  public static void check(String schema) {
    Rule unused = rule(schema);
  }

  /** A reference that leads to itself without a character in between has no end. */
  private void requireProgress() {
    for (Rule each : references.values()) {
      if (reaches(each, each, new HashSet<>())) {
        throw new UserInputException("the schema has a $ref that leads to itself");
      }
    }
  }

  private static boolean reaches(Rule from, Rule target, Set<Rule> seen) {
    if (!seen.add(from)) {
      return false;
    }
    List<Rule> first =
        switch (from) {
          case Rule.Later later -> List.of(later.rule);
          case Rule.Either either -> either.of;
          case Rule.Row row -> row.parts.isEmpty() ? List.of() : List.of(row.parts.getFirst());
          case Rule.Star star -> List.of(star.part);
          case Rule.One one -> List.of();
        };
    return first.stream().anyMatch(each -> each == target || reaches(each, target, seen));
  }

  private Rule of(JsonNode node, int depth) {
    if (depth > DEEPEST) {
      throw new UserInputException("the schema is nested more than " + DEEPEST + " deep");
    }
    if (node.isBoolean() && node.booleanValue()) {
      return ANY;
    }
    if (!(node instanceof ObjectNode schema)) {
      throw new UserInputException("a schema must be an object, not " + shown(node));
    }
    if (schema.has("$ref")) {
      return reference(schema.path("$ref").asString(""), depth);
    }
    if (schema.has("const")) {
      return literal(Json.mapper().writeValueAsString(schema.get("const")));
    }
    if (schema.has("enum")) {
      List<Rule> values = new ArrayList<>();
      schema.get("enum").forEach(v -> values.add(literal(Json.mapper().writeValueAsString(v))));
      if (values.isEmpty()) {
        throw new UserInputException("an enum of the schema is empty");
      }
      return new Rule.Either(List.copyOf(values));
    }
    for (String choice : List.of("anyOf", "oneOf")) {
      if (schema.has(choice)) {
        List<Rule> rules = new ArrayList<>();
        schema.get(choice).forEach(each -> rules.add(of(each, depth + 1)));
        if (rules.isEmpty()) {
          throw new UserInputException("an " + choice + " of the schema is empty");
        }
        return new Rule.Either(List.copyOf(rules));
      }
    }
    JsonNode type = schema.path("type");
    if (type.isArray()) {
      List<Rule> rules = new ArrayList<>();
      type.forEach(each -> rules.add(typed(each.asString(""), schema, depth)));
      return new Rule.Either(List.copyOf(rules));
    }
    String name = type.asString(schema.has("properties") ? "object" : "");
    return typed(name, schema, depth);
  }

  private Rule typed(String type, ObjectNode schema, int depth) {
    Set<String> known = KNOWN.getOrDefault(type, KNOWN.get("other"));
    for (String key : schema.propertyNames()) {
      boolean fine = IGNORED.contains(key) || (known != null && known.contains(key));
      if (!fine && !schema.path("type").isArray()) {
        throw new UserInputException(
            "the schema's '%s' is not supported for type '%s'".formatted(key, type));
      }
    }
    return switch (type) {
      case "object" -> object(schema, depth);
      case "array" -> array(schema, depth);
      case "string" -> string(schema);
      case "integer" -> INTEGER;
      case "number" -> NUMBER;
      case "boolean" -> BOOLEAN;
      case "null" -> NULL;
      case "" -> ANY;
      default -> throw new UserInputException("the schema has a type '" + type + "'");
    };
  }

  private Rule string(ObjectNode schema) {
    if (!schema.has("minLength") && !schema.has("maxLength")) {
      return STRING;
    }
    int least = count(schema, "minLength", 0);
    int most = count(schema, "maxLength", MOST_REPEATS);
    return row(literal("\""), times(STRING_CHARACTER, least, most), literal("\""));
  }

  private Rule array(ObjectNode schema, int depth) {
    Rule item = schema.has("items") ? of(schema.get("items"), depth + 1) : ANY;
    int least = count(schema, "minItems", 0);
    Rule more = row(COMMA, item);
    Rule filled;
    if (schema.has("maxItems")) {
      int most = count(schema, "maxItems", 0);
      if (most == 0) {
        return literal("[]");
      }
      filled = row(item, times(more, Math.max(0, least - 1), most - 1));
    } else {
      filled = row(item, times(more, Math.max(0, least - 1), Math.max(0, least - 1)), star(more));
    }
    return row(literal("["), least == 0 ? maybe(filled) : filled, literal("]"));
  }

  private static int count(ObjectNode schema, String key, int otherwise) {
    int value = schema.path(key).asInt(otherwise);
    if (value < 0 || value > MOST_REPEATS) {
      throw new UserInputException(
          "the schema's %s is %d, must be between 0 and %d".formatted(key, value, MOST_REPEATS));
    }
    return value;
  }

  private Rule object(ObjectNode schema, int depth) {
    JsonNode properties = schema.path("properties");
    if (properties.isEmpty()) {
      return ANY_OBJECT;
    }
    Set<String> required = new HashSet<>();
    schema.path("required").forEach(each -> required.add(each.asString("")));
    List<Rule> members = new ArrayList<>();
    List<Boolean> needed = new ArrayList<>();
    for (Map.Entry<String, JsonNode> each : properties.properties()) {
      String name = Json.mapper().writeValueAsString(each.getKey());
      members.add(row(literal(name), COLON, of(each.getValue(), depth + 1)));
      needed.add(required.contains(each.getKey()));
    }
    // from the last property back: what may follow when something, or nothing, came before
    Rule afterSome = literal("}");
    Rule afterNone = literal("}");
    for (int i = members.size() - 1; i >= 0; i--) {
      Rule some = row(COMMA, members.get(i), afterSome);
      Rule none = row(members.get(i), afterSome);
      boolean must = needed.get(i);
      afterNone = must ? none : either(none, afterNone);
      afterSome = must ? some : either(some, afterSome);
    }
    return row(literal("{"), afterNone);
  }

  private Rule reference(String to, int depth) {
    Rule known = references.get(to);
    if (known != null) {
      return known;
    }
    JsonNode target = to.equals("#") ? root : to.startsWith("#/") ? root.at(to.substring(1)) : null;
    if (target == null || target.isMissingNode()) {
      throw new UserInputException("the schema's $ref '" + to + "' leads nowhere");
    }
    var later = new Rule.Later();
    references.put(to, later);
    later.rule = of(target, depth + 1);
    return later;
  }

  private static String shown(JsonNode node) {
    String text = node.toString();
    return text.length() > 40 ? text.substring(0, 40) + "…" : text;
  }

  // ---- the parts rules are made of

  private static Rule literal(String text) {
    List<Rule> parts = new ArrayList<>();
    for (int i = 0; i < text.length(); i++) {
      char expected = text.charAt(i);
      parts.add(new Rule.One(c -> c == expected));
    }
    return new Rule.Row(parts);
  }

  private static Rule hex() {
    return new Rule.One(c -> Character.digit(c, 16) >= 0 && c < 128);
  }

  private static Rule row(Rule... parts) {
    return new Rule.Row(List.of(parts));
  }

  private static Rule either(Rule... of) {
    return new Rule.Either(List.of(of));
  }

  private static Rule star(Rule part) {
    return new Rule.Star(part);
  }

  private static Rule maybe(Rule part) {
    return either(part, NOTHING);
  }

  /** {@code least} to {@code most} times, as a chain, so that each place is one rule. */
  private static Rule times(Rule part, int least, int most) {
    if (least > most) {
      throw new UserInputException(
          "the schema asks for at least %d and at most %d".formatted(least, most));
    }
    Rule rest = NOTHING;
    for (int i = most; i > 0; i--) {
      Rule one = row(part, rest);
      rest = i > least ? maybe(one) : one;
    }
    return rest;
  }

  private static Rule any(int depth) {
    return depth == 0
        ? either(STRING, NUMBER, BOOLEAN, NULL)
        : either(STRING, NUMBER, BOOLEAN, NULL, anyObject(depth), anyArray(depth));
  }

  private static Rule anyObject(int depth) {
    Rule member = row(STRING, COLON, any(depth - 1));
    return row(literal("{"), maybe(row(member, star(row(COMMA, member)))), literal("}"));
  }

  private static Rule anyArray(int depth) {
    Rule item = any(depth - 1);
    return row(literal("["), maybe(row(item, star(row(COMMA, item)))), literal("]"));
  }
}
