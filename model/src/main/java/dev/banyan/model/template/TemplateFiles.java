package dev.banyan.model.template;

import dev.banyan.core.Json;
import dev.banyan.core.UserInputException;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/**
 * The templates of a model folder and the special tokens they may name, found as transformers 5
 * finds them: {@code chat_template} of {@code tokenizer_config.json}, one or several with names;
 * {@code chat_template.jinja} and {@code additional_chat_templates/NAME.jinja} take its place.
 *
 * @param sources template by name; a single one is called default
 * @param places file, and the name in it where there are several, for messages
 * @param tokens special tokens by role, for example {@code bos_token}
 */
public record TemplateFiles(
    Map<String, String> sources, Map<String, String> places, Map<String, String> tokens) {
  /** What a template is called that has no other name. */
  public static final String DEFAULT = "default";

  private static final List<String> ROLES =
      List.of(
          "bos_token",
          "eos_token",
          "unk_token",
          "sep_token",
          "pad_token",
          "cls_token",
          "mask_token");

  public TemplateFiles {
    sources = Map.copyOf(sources);
    places = Map.copyOf(places);
    tokens = Map.copyOf(tokens);
  }

  /**
   * Reads a model folder; it may hold no template at all.
   *
   * @throws UserInputException when a file is not what it should be
   */
  public static TemplateFiles read(Path folder) {
    var sources = new LinkedHashMap<String, String>();
    var places = new LinkedHashMap<String, String>();
    var tokens = new LinkedHashMap<String, String>();
    Path map = folder.resolve("special_tokens_map.json");
    if (Files.exists(map)) {
      tokens(Json.read(map, JsonNode.class), tokens);
    }
    Path config = folder.resolve("tokenizer_config.json");
    if (Files.exists(config)) {
      JsonNode root = Json.read(config, JsonNode.class);
      tokens(root, tokens);
      configured(root.path("chat_template"), config, sources, places);
    }
    var files = new TreeMap<String, Path>();
    Path single = folder.resolve("chat_template.jinja");
    if (Files.exists(single)) {
      files.put(DEFAULT, single);
    }
    Path more = folder.resolve("additional_chat_templates");
    if (Files.isDirectory(more)) {
      additional(more, files);
    }
    if (!files.isEmpty()) {
      sources.clear();
      places.clear();
    }
    files.forEach(
        (name, file) -> {
          sources.put(name, text(file));
          places.put(name, file.toString());
        });
    return new TemplateFiles(sources, places, tokens);
  }

  private static void tokens(JsonNode root, Map<String, String> tokens) {
    for (String role : ROLES) {
      JsonNode named = root.path(role);
      // either the token itself or an AddedToken written out
      JsonNode content = named.isObject() ? named.path("content") : named;
      if (content.isString()) {
        tokens.put(role, content.stringValue());
      }
    }
  }

  private static void configured(
      JsonNode template, Path config, Map<String, String> sources, Map<String, String> places) {
    if (template.isString()) {
      sources.put(DEFAULT, template.stringValue());
      places.put(DEFAULT, config + ": chat_template");
      return;
    }
    if (!template.isArray() && !template.isMissingNode() && !template.isNull()) {
      throw new UserInputException(
          config + ": chat_template is neither a string nor a list of named templates");
    }
    for (JsonNode named : template) {
      JsonNode name = named.path("name");
      JsonNode source = named.path("template");
      if (!name.isString() || !source.isString()) {
        throw new UserInputException(
            config + ": each entry of the list chat_template needs a name and a template");
      }
      sources.put(name.stringValue(), source.stringValue());
      places.put(name.stringValue(), config + ": chat_template '" + name.stringValue() + "'");
    }
  }

  private static void additional(Path folder, Map<String, Path> files) {
    try (Stream<Path> all = Files.list(folder)) {
      all.filter(file -> file.getFileName().toString().endsWith(".jinja"))
          .forEach(
              file -> {
                String name = file.getFileName().toString();
                files.put(name.substring(0, name.length() - ".jinja".length()), file);
              });
    } catch (IOException e) {
      throw new UserInputException(folder + ": cannot be read: " + e.getMessage(), e);
    }
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (CharacterCodingException e) {
      throw new UserInputException(file + ": not UTF-8 text", e);
    } catch (IOException e) {
      throw new UserInputException(file + ": cannot be read: " + e.getMessage(), e);
    }
  }
}
