package dev.banyan.core;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/**
 * What a long job was told: a YAML file of flat keys, overlaid by flags of the same names. Unknown
 * keys are refused with the nearest known one; a value that cannot be is refused with its place.
 * Immutable.
 */
public final class Settings {
  private static final Pattern PLACE = Pattern.compile("line (\\d{1,9}), column (\\d{1,9})");

  private final Map<String, Setting> known;
  private final Map<String, Said> values;
  private final String source;

  /** A value and the file that says it; empty where a flag does. */
  private record Said(List<String> values, String file) {
    String name(String setting) {
      return file.isEmpty() ? "--" + setting : file + ": " + setting;
    }
  }

  private Settings(Map<String, Setting> known, Map<String, Said> values, String source) {
    this.known = known;
    this.values = values;
    this.source = source;
  }

  /** Nothing said: every setting has its default. */
  public static Settings of(List<Setting> known) {
    var byName = new LinkedHashMap<String, Setting>();
    known.forEach(setting -> byName.put(setting.name(), setting));
    return new Settings(byName, Map.of(), "flags");
  }

  /**
   * Reads a YAML file.
   *
   * @throws UserInputException when it is missing, no YAML, or has a key that is not known
   */
  public static Settings read(Path yaml, List<Setting> known) {
    @Nullable Object tree;
    try {
      JsonNode root =
          YAMLMapper.shared()
              .reader()
              .with(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
              .readTree(Files.readString(yaml));
      tree = root.isMissingNode() ? null : YAMLMapper.shared().treeToValue(root, Object.class);
    } catch (JacksonException e) {
      throw noYaml(yaml, e);
    } catch (CharacterCodingException e) {
      throw new UserInputException(yaml + ": is not UTF-8 text, so no YAML of settings", e);
    } catch (IOException e) {
      throw new UserInputException(yaml + ": cannot be read; is the path right?", e);
    }
    return of(known).with(tree, yaml.toString());
  }

  /**
   * These settings overlaid by a tree of YAML: a mapping of names to scalars or lists of scalars.
   *
   * @param where names the tree in messages
   */
  public Settings with(@Nullable Object tree, String where) {
    Settings settings = new Settings(known, values, where);
    if (tree == null) {
      return settings;
    }
    if (!(tree instanceof Map<?, ?> map)) {
      throw new UserInputException(where + ": expected lines of `key: value`");
    }
    for (var entry : map.entrySet()) {
      String name = String.valueOf(entry.getKey());
      Object value = entry.getValue();
      if (value instanceof Map<?, ?>) {
        throw new UserInputException(where + ": " + name + " takes a value, not a mapping");
      }
      List<?> list =
          value instanceof List<?> many ? many : value == null ? List.of() : List.of(value);
      settings = settings.with(name, list.stream().map(String::valueOf).toList(), where);
    }
    return settings;
  }

  /** These settings with one said anew by a flag; an empty list takes it back to its default. */
  public Settings with(String name, List<String> said) {
    return with(name, said, "");
  }

  private Settings with(String name, List<String> said, String file) {
    if (!known.containsKey(name)) {
      throw new UserInputException(
          String.format(
              Locale.ROOT,
              "%s: there is no setting %s; %s",
              file.isEmpty() ? "flags" : file,
              name,
              Nearest.of(name, known.keySet())
                  .map(near -> "did you mean " + near + "?")
                  .orElse("there are " + String.join(", ", known.keySet()))));
    }
    var all = new LinkedHashMap<>(values);
    if (said.isEmpty()) {
      all.remove(name);
    } else {
      all.put(name, new Said(List.copyOf(said), file));
    }
    return new Settings(known, all, source);
  }

  public Settings with(String name, String said) {
    return with(name, List.of(said));
  }

  /** Whether it was said, by file or flag. */
  public boolean says(String name) {
    return values.containsKey(name);
  }

  public Optional<String> text(String name) {
    Said said = values.get(name);
    if (said != null && said.values.size() > 1) {
      throw new UserInputException(
          String.format(
              Locale.ROOT, "%s takes one value, not %d", said.name(name), said.values.size()));
    }
    return said != null
        ? Optional.of(said.values.getFirst())
        : Optional.ofNullable(setting(name).fallback());
  }

  /**
   * @throws UserInputException when it was not said and has no default
   */
  public String required(String name) {
    return text(name)
        .orElseThrow(
            () ->
                new UserInputException(
                    String.format(
                        Locale.ROOT, "%s: %s is missing: %s", source, name, setting(name).help())));
  }

  public Optional<Path> path(String name) {
    return text(name).map(value -> path(name, value));
  }

  public List<Path> paths(String name) {
    Said said = values.get(name);
    String fallback = setting(name).fallback();
    return (said != null ? said.values : fallback == null ? List.<String>of() : List.of(fallback))
        .stream().map(value -> path(name, value)).toList();
  }

  private Path path(String name, String value) {
    try {
      return Path.of(value);
    } catch (InvalidPathException e) {
      throw bad(name, value, "a path");
    }
  }

  public boolean flag(String name) {
    String value = required(name);
    return switch (value) {
      case "true" -> true;
      case "false" -> false;
      default -> throw bad(name, value, "true or false");
    };
  }

  public long whole(String name, long least, long most) {
    String value = required(name);
    try {
      long number = Long.parseLong(value.replace("_", ""));
      if (number >= least && number <= most) {
        return number;
      }
    } catch (NumberFormatException e) {
      // said below
    }
    throw bad(
        name,
        value,
        "a whole number from " + least + (most == Long.MAX_VALUE ? "" : " to " + most));
  }

  public int count(String name, int least) {
    return (int) whole(name, least, Integer.MAX_VALUE);
  }

  public double number(String name, double least, double most) {
    String value = required(name);
    try {
      double number = Double.parseDouble(value);
      if (number >= least && number <= most) {
        return number;
      }
    } catch (NumberFormatException e) {
      // said below
    }
    throw bad(name, value, "a number from " + Format.number(least) + " to " + Format.number(most));
  }

  /** A constant of an enum, written in lower case. */
  public <E extends Enum<E>> E choice(String name, Class<E> type) {
    String value = required(name);
    for (E constant : type.getEnumConstants()) {
      if (constant.name().toLowerCase(java.util.Locale.ROOT).replace('_', '-').equals(value)) {
        return constant;
      }
    }
    throw bad(
        name,
        value,
        String.join(
            ", ",
            java.util.Arrays.stream(type.getEnumConstants())
                .map(c -> c.name().toLowerCase(java.util.Locale.ROOT).replace('_', '-'))
                .toList()));
  }

  /** What was said, for writing a file that says it again; lists stay lists, numbers numbers. */
  public Map<String, Object> said() {
    var tree = new LinkedHashMap<String, Object>();
    for (Setting setting : known.values()) {
      Said said = values.get(setting.name());
      if (said != null) {
        Object value =
            setting.kind() == Setting.Kind.PATHS && said.values.size() > 1
                ? said.values
                : plain(setting.kind(), said.values.getFirst());
        tree.put(setting.name(), value);
      }
    }
    return tree;
  }

  private static Object plain(Setting.Kind kind, String value) {
    return switch (kind) {
      case INTEGER -> value.matches("-?[0-9]+") ? (Object) Long.parseLong(value) : value;
      case FLAG -> Boolean.parseBoolean(value);
      case NUMBER, TEXT, PATHS -> value;
    };
  }

  private UserInputException bad(String name, String value, String expected) {
    Said said = values.get(name);
    return new UserInputException(
        String.format(
            Locale.ROOT,
            "%s is %s, expected %s",
            said == null ? name : said.name(name),
            value,
            expected));
  }

  private Setting setting(String name) {
    Setting setting = known.get(name);
    if (setting == null) {
      throw new IllegalArgumentException("no setting is called " + name);
    }
    return setting;
  }

  /** The parser says what it was reading, with its place, and then what is wrong, with its own. */
  private static UserInputException noYaml(Path yaml, JacksonException e) {
    String message = String.valueOf(e.getOriginalMessage());
    long line = e.getLocation().getLineNr();
    long column = e.getLocation().getColumnNr();
    for (Matcher at = PLACE.matcher(message); at.find(); ) {
      line = Long.parseLong(at.group(1));
      column = Long.parseLong(at.group(2));
    }
    String what =
        message
            .lines()
            .filter(said -> !said.isBlank() && !Character.isWhitespace(said.charAt(0)))
            .reduce("", (before, last) -> last);
    return new UserInputException(
        String.format(Locale.ROOT, "%s:%d:%d: this is no YAML: %s", yaml, line, column, what), e);
  }
}
