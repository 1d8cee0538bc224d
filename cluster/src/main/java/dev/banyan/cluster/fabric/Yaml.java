package dev.banyan.cluster.fabric;

import dev.banyan.core.Nearest;
import dev.banyan.core.UserInputException;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.snakeyaml.engine.v2.api.LoadSettings;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.yaml.YAMLFactory;
import tools.jackson.dataformat.yaml.YAMLMapper;
import tools.jackson.dataformat.yaml.YAMLParser;

/**
 * One mapping of a YAML file, and where it stands. Aliases are refused, so no file grows when read;
 * unknown keys are refused with the nearest known one.
 */
final class Yaml {
  private static final int MOST_BYTES = 64 << 20;
  private static final int MOST_TOKENS = 8_000_000;
  private static final Pattern PLACE = Pattern.compile("line (\\d{1,9}), column (\\d{1,9})");

  private final String where;
  private final JsonNode node;

  private Yaml(String where, JsonNode node) {
    this.where = where;
    this.node = node;
  }

  /**
   * @throws UserInputException when the file is missing, too large, no YAML or no mapping
   */
  static Yaml read(Path file) {
    try {
      if (Files.size(file) > MOST_BYTES) {
        throw new UserInputException(file + ": is larger than 64 MiB, too large for a description");
      }
      return parse(file.toString(), Files.readString(file));
    } catch (NoSuchFileException e) {
      throw new UserInputException(file + ": there is no such file", e);
    } catch (CharacterCodingException e) {
      throw new UserInputException(file + ": is not UTF-8 text", e);
    } catch (IOException e) {
      throw new UserInputException(file + ": cannot be read: " + e.getMessage(), e);
    }
  }

  static Yaml parse(String where, String text) {
    var factory =
        YAMLFactory.builder()
            .loadSettings(LoadSettings.builder().setCodePointLimit(MOST_BYTES).build())
            .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(20).build())
            .build();
    var mapper = new YAMLMapper(factory);
    try {
      refuseBombs(where, mapper, text);
      JsonNode root =
          mapper.reader().with(StreamReadFeature.STRICT_DUPLICATE_DETECTION).readTree(text);
      if (root == null || !root.isObject()) {
        throw new UserInputException(where + ": expected lines of `key: value`");
      }
      return new Yaml(where, root);
    } catch (JacksonException | org.snakeyaml.engine.v2.exceptions.YamlEngineException e) {
      throw noYaml(where, e);
    }
  }

  private static void refuseBombs(String where, YAMLMapper mapper, String text) {
    try (JsonParser parser = mapper.createParser(text)) {
      int tokens = 0;
      for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
        if (parser instanceof YAMLParser yaml && yaml.isCurrentAlias()) {
          throw new UserInputException(
              "%s:%d: *%s is an alias; write the value out"
                  .formatted(where, parser.currentTokenLocation().getLineNr(), parser.getString()));
        }
        if (++tokens > MOST_TOKENS) {
          throw new UserInputException(where + ": has more than 8 million values");
        }
      }
    }
  }

  private static UserInputException noYaml(String where, Exception e) {
    String message = String.valueOf(e.getMessage());
    Matcher place = PLACE.matcher(message);
    String at = place.find() ? ":" + place.group(1) + ":" + place.group(2) : "";
    String what = message.lines().findFirst().orElse("cannot be read");
    return new UserInputException(where + at + ": is no YAML: " + what, e);
  }

  String where() {
    return where;
  }

  /** Refuses keys that are not known. */
  Yaml only(String... keys) {
    for (Map.Entry<String, JsonNode> entry : node.properties()) {
      if (!Set.of(keys).contains(entry.getKey())) {
        throw new UserInputException(
            where
                + ": there is no key '"
                + entry.getKey()
                + "'; "
                + Nearest.of(entry.getKey(), Set.of(keys))
                    .map(near -> "did you mean " + near + "?")
                    .orElse("there are " + String.join(", ", keys)));
      }
    }
    return this;
  }

  boolean has(String key) {
    JsonNode value = node.get(key);
    return value != null && !value.isNull();
  }

  private JsonNode get(String key) {
    JsonNode value = node.get(key);
    if (value == null || value.isNull()) {
      throw new UserInputException(where + ": '" + key + "' is missing");
    }
    return value;
  }

  private UserInputException wrong(String key, String expected) {
    String said = get(key).toString();
    String shown = said.length() > 60 ? said.substring(0, 57) + "..." : said;
    return new UserInputException(
        "%s: '%s' is %s, expected %s".formatted(where, key, shown, expected));
  }

  long whole(String key, long least, long most) {
    JsonNode value = get(key);
    if (!value.isIntegralNumber() || !value.canConvertToLong()) {
      throw wrong(key, "a whole number");
    }
    if (value.longValue() < least || value.longValue() > most) {
      throw wrong(key, String.format(Locale.ROOT, "%,d to %,d", least, most));
    }
    return value.longValue();
  }

  int whole(String key, int least, int most, int otherwise) {
    return has(key) ? (int) whole(key, least, most) : otherwise;
  }

  /** A number above 0. */
  double positive(String key) {
    JsonNode value = get(key);
    if (!value.isNumber() || !(value.doubleValue() > 0) || Double.isInfinite(value.doubleValue())) {
      throw wrong(key, "a number above 0");
    }
    return value.doubleValue();
  }

  double positive(String key, double otherwise) {
    return has(key) ? positive(key) : otherwise;
  }

  String text(String key) {
    JsonNode value = get(key);
    if (!value.isString() || value.stringValue().isBlank()) {
      throw wrong(key, "a text");
    }
    return value.stringValue();
  }

  String text(String key, String otherwise) {
    return has(key) ? text(key) : otherwise;
  }

  boolean flag(String key, boolean otherwise) {
    if (has(key) && !get(key).isBoolean()) {
      throw wrong(key, "true or false");
    }
    return has(key) ? get(key).booleanValue() : otherwise;
  }

  Yaml mapping(String key) {
    if (!get(key).isObject()) {
      throw wrong(key, "keys and values");
    }
    return new Yaml(where + ": " + key, get(key));
  }

  List<Yaml> mappings(String key) {
    if (!get(key).isArray()) {
      throw wrong(key, "a list");
    }
    List<Yaml> list = new ArrayList<>();
    for (JsonNode each : get(key)) {
      String at = where + ": " + key + "[" + list.size() + "]";
      if (!each.isObject()) {
        throw new UserInputException(at + ": expected keys and values");
      }
      list.add(new Yaml(at, each));
    }
    return list;
  }

  List<String> texts(String key) {
    List<String> list = new ArrayList<>();
    if (has(key)) {
      if (!get(key).isArray()) {
        throw wrong(key, "a list");
      }
      for (JsonNode each : get(key)) {
        if (!each.isString()) {
          throw wrong(key, "a list of texts");
        }
        list.add(each.stringValue());
      }
    }
    return list;
  }

  /** Whole numbers, written as a list of numbers and of ranges such as {@code "0-7"}. */
  List<Integer> numbers(String key) {
    List<Integer> list = new ArrayList<>();
    JsonNode value = get(key);
    for (JsonNode each : value.isArray() ? value : List.of(value)) {
      if (each.isIntegralNumber() && each.canConvertToInt() && each.intValue() >= 0) {
        list.add(each.intValue());
        continue;
      }
      Matcher range =
          Pattern.compile("(\\d{1,7})-(\\d{1,7})")
              .matcher(each.isString() ? each.stringValue().strip() : "");
      if (!range.matches()) {
        throw wrong(key, "node numbers and ranges such as \"0-7\"");
      }
      int last = Integer.parseInt(range.group(2));
      for (int i = Integer.parseInt(range.group(1)); i <= last && list.size() <= 4_000_000; i++) {
        list.add(i);
      }
    }
    return list;
  }
}
