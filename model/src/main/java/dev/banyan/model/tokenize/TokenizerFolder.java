package dev.banyan.model.tokenize;

import dev.banyan.core.UserInputException;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SequencedMap;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What the files of a tokenizer say, without doing what they say: the vocabulary, the special
 * tokens and their roles, the chat template. Files: {@code tokenizer.json}, {@code
 * tokenizer_config.json}, {@code special_tokens_map.json}, {@code chat_template.jinja}, as
 * transformers 4 and 5 write them.
 */
public final class TokenizerFolder {
  private static final JsonMapper JSON = new JsonMapper();
  private static final Pattern BYTE_TOKEN = Pattern.compile("<0x[0-9A-Fa-f]{2}>");

  private final Path file;
  private final String json;
  private final Map<String, Integer> idOfToken = new HashMap<>();
  private final Map<Integer, String> tokenOfId = new HashMap<>();
  private final Set<Integer> specialIds = new HashSet<>();
  private final Set<Integer> byteFallbackIds = new HashSet<>();
  private final Set<Integer> addedIds = new HashSet<>();
  private boolean byteLevel;
  private final Map<String, String> roles = new HashMap<>();
  private @Nullable String chatTemplate;
  private int vocabSize;

  private TokenizerFolder(Path file, String json) {
    this.file = file;
    this.json = json;
  }

  /** The files that {@link #read} reads, those that are there, by their standard names. */
  public static SequencedMap<String, Path> files(Path folderOrFile) {
    Path file =
        Files.isDirectory(folderOrFile) ? folderOrFile.resolve("tokenizer.json") : folderOrFile;
    var files = new LinkedHashMap<String, Path>();
    files.put("tokenizer.json", file);
    for (String name :
        List.of("special_tokens_map.json", "tokenizer_config.json", "chat_template.jinja")) {
      if (Files.exists(file.resolveSibling(name))) {
        files.put(name, file.resolveSibling(name));
      }
    }
    return files;
  }

  /** Reads a {@code tokenizer.json} or the folder that holds one. */
  public static TokenizerFolder read(Path folderOrFile) {
    Path file =
        Files.isDirectory(folderOrFile) ? folderOrFile.resolve("tokenizer.json") : folderOrFile;
    String json =
        text(file)
            .orElseThrow(
                () ->
                    new UserInputException(
                        "%s: no such file. A tokenizer is a tokenizer.json or a folder with one."
                            .formatted(file)));
    var folder = new TokenizerFolder(file, json);
    folder.readVocabulary(parse(file, json));
    folder.readRoles(file.resolveSibling("special_tokens_map.json"));
    folder.readRoles(file.resolveSibling("tokenizer_config.json"));
    text(file.resolveSibling("chat_template.jinja"))
        .ifPresent(template -> folder.chatTemplate = template);
    return folder;
  }

  /** The {@code tokenizer.json}. */
  public Path file() {
    return file;
  }

  /** The text of the {@code tokenizer.json}. */
  public String json() {
    return json;
  }

  /** The text of the {@code tokenizer.json} without special tokens, if it has any. */
  public Optional<String> withoutSpecialTokens() {
    if (specialIds.isEmpty() || !(parse(file, json) instanceof ObjectNode root)) {
      return Optional.empty();
    }
    ArrayNode plain = JSON.createArrayNode();
    for (JsonNode added : root.path("added_tokens")) {
      if (!added.path("special").asBoolean(false)) {
        plain.add(added);
      }
    }
    root.set("added_tokens", plain);
    return Optional.of(root.toString());
  }

  /** One more than the largest id. */
  public int vocabSize() {
    return vocabSize;
  }

  public Optional<String> token(int id) {
    return Optional.ofNullable(tokenOfId.get(id));
  }

  public OptionalInt id(String token) {
    Integer id = idOfToken.get(token);
    return id == null ? OptionalInt.empty() : OptionalInt.of(id);
  }

  /** The token that plays {@code role}, for example {@code eos_token}. */
  public Optional<String> role(String role) {
    return Optional.ofNullable(roles.get(role));
  }

  public Set<Integer> specialIds() {
    return Set.copyOf(specialIds);
  }

  public boolean isSpecial(int id) {
    return specialIds.contains(id);
  }

  /** Whether {@code id} stands for one byte that the decoder joins with its neighbours. */
  public boolean isByteFallback(int id) {
    return byteFallbackIds.contains(id);
  }

  /**
   * The bytes of a token whose spelling says them: one of the byte alphabet, one byte alone, or an
   * added one. Empty where they depend on the decoder.
   */
  public Optional<byte[]> bytes(int id) {
    String token = tokenOfId.get(id);
    if (token == null) {
      return Optional.of(new byte[0]);
    }
    if (addedIds.contains(id)) {
      return Optional.of(token.getBytes(StandardCharsets.UTF_8));
    }
    if (isByteFallback(id)) {
      return Optional.of(new byte[] {(byte) Integer.parseInt(token, 3, 5, 16)});
    }
    if (!byteLevel || token.chars().anyMatch(each -> ByteAlphabet.value((char) each) < 0)) {
      return Optional.empty();
    }
    byte[] bytes = new byte[token.length()];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) ByteAlphabet.value(token.charAt(i));
    }
    return Optional.of(bytes);
  }

  public Optional<String> chatTemplate() {
    return Optional.ofNullable(chatTemplate);
  }

  private void readVocabulary(JsonNode root) {
    JsonNode model = root.path("model");
    JsonNode vocab = model.path("vocab");
    if (vocab.isObject()) {
      vocab.properties().forEach(entry -> put(entry.getKey(), entry.getValue()));
    } else if (vocab.isArray()) {
      // Unigram: [[token, score], ...], the id is the place in the list
      int id = 0;
      for (JsonNode entry : vocab) {
        put(entry.path(0).asString(""), id++);
      }
    } else {
      throw new UserInputException(
          "%s: there is no model.vocab; this is not a tokenizer.json of the Hugging Face tokenizers library"
              .formatted(file));
    }
    for (JsonNode added : root.path("added_tokens")) {
      put(added.path("content").asString(""), added.path("id"));
      addedIds.add(added.path("id").asInt());
      if (added.path("special").asBoolean(false)) {
        specialIds.add(added.path("id").asInt());
      }
    }
    byteLevel = hasStep(root.path("decoder"), "ByteLevel");
    if (hasStep(root.path("decoder"), "ByteFallback")) {
      idOfToken.forEach(
          (token, id) -> {
            if (BYTE_TOKEN.matcher(token).matches()) {
              byteFallbackIds.add(id);
            }
          });
    }
  }

  private void put(String token, JsonNode id) {
    if (!id.isInt() || id.intValue() < 0) {
      throw new UserInputException(
          "%s: token '%s' has the id %s, a whole number from 0 to 2147483646 is expected"
              .formatted(file, token, id));
    }
    put(token, id.intValue());
  }

  private void put(String token, int id) {
    if (id == Integer.MAX_VALUE) {
      throw new UserInputException("%s: token '%s' has the id %d".formatted(file, token, id));
    }
    idOfToken.put(token, id);
    tokenOfId.put(id, token);
    vocabSize = Math.max(vocabSize, id + 1);
  }

  private static boolean hasStep(JsonNode decoder, String type) {
    if (decoder.path("type").asString("").equals(type)) {
      return true;
    }
    for (JsonNode step : decoder.path("decoders")) {
      if (hasStep(step, type)) {
        return true;
      }
    }
    return false;
  }

  private void readRoles(Path config) {
    Optional<String> text = text(config);
    if (text.isEmpty()) {
      return;
    }
    JsonNode root = parse(config, text.get());
    for (String role : new String[] {"bos_token", "eos_token", "pad_token", "unk_token"}) {
      // either the token itself or an AddedToken written out
      JsonNode named = root.path(role);
      JsonNode content = named.isObject() ? named.path("content") : named;
      if (content.isString()) {
        roles.put(role, content.stringValue());
      }
    }
    JsonNode template = root.path("chat_template");
    if (template.isString()) {
      chatTemplate = template.stringValue();
    }
    for (JsonNode named : template.isArray() ? template : JSON.createArrayNode()) {
      if (named.path("name").asString("").equals("default")) {
        chatTemplate = named.path("template").asString("");
      }
    }
  }

  private static JsonNode parse(Path file, String text) {
    try {
      JsonNode root = JSON.readTree(text);
      if (!root.isObject()) {
        throw new UserInputException("%s: a JSON object is expected".formatted(file));
      }
      return root;
    } catch (JacksonException bad) {
      var at = bad.getLocation();
      throw new UserInputException(
          "%s:%d:%d: not JSON: %s"
              .formatted(
                  file,
                  at == null ? 0 : at.getLineNr(),
                  at == null ? 0 : at.getColumnNr(),
                  bad.getOriginalMessage()),
          bad);
    }
  }

  private static Optional<String> text(Path file) {
    try {
      return Optional.of(Files.readString(file));
    } catch (NoSuchFileException absent) {
      return Optional.empty();
    } catch (CharacterCodingException bad) {
      throw new UserInputException("%s: not UTF-8 text".formatted(file), bad);
    } catch (IOException unreadable) {
      throw new UserInputException(
          "%s: cannot be read: %s".formatted(file, unreadable.getMessage()), unreadable);
    }
  }
}
