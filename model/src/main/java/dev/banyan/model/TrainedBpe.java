package dev.banyan.model;

import dev.banyan.core.AtomicFile;
import dev.banyan.core.UserInputException;
import dev.banyan.model.tokenize.BpeVocabulary;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * A trained byte-level tokenizer that has not been written yet.
 *
 * @param vocabulary tokens and merges
 * @param specialTokens the tokens that are never split
 * @param individualDigits whether every digit stands alone
 */
public record TrainedBpe(
    BpeVocabulary vocabulary, List<String> specialTokens, boolean individualDigits) {
  private static final JsonMapper JSON = new JsonMapper();

  /**
   * Which special token plays which part; each must be one of the trained special tokens.
   *
   * @param chatTemplate the Jinja template that turns messages into text, if there is one
   */
  public record Roles(
      Optional<String> bos,
      Optional<String> eos,
      Optional<String> pad,
      Optional<String> chatTemplate) {
    /** No parts given. */
    public static Roles none() {
      return new Roles(Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());
    }
  }

  public TrainedBpe {
    specialTokens = List.copyOf(specialTokens);
  }

  /** How many tokens were learned, special ones among them. */
  public int tokenCount() {
    return vocabulary.tokens().size();
  }

  /** How many merges were learned. */
  public int mergeCount() {
    return vocabulary.merges().size();
  }

  /**
   * Writes {@code tokenizer.json}, {@code tokenizer_config.json} and {@code
   * special_tokens_map.json} into {@code folder}, which is made if it is not there.
   *
   * @throws UserInputException if a role names a token that is not a special token
   */
  public void write(Path folder, Roles roles) {
    ObjectNode config = config(roles);
    ObjectNode map = specialTokensMap(roles);
    try {
      Files.createDirectories(folder);
      AtomicFile.writeString(folder.resolve("tokenizer.json"), toJson(roles.bos()) + "\n");
      AtomicFile.writeString(folder.resolve("tokenizer_config.json"), text(config) + "\n");
      AtomicFile.writeString(folder.resolve("special_tokens_map.json"), text(map) + "\n");
    } catch (IOException failed) {
      throw new UncheckedIOException("cannot write the tokenizer into " + folder, failed);
    }
  }

  /** The text of {@code tokenizer.json}, version 1.0 of the Hugging Face format. */
  public String toJson() {
    return toJson(Optional.empty());
  }

  /** The same; {@code bos} is the special token put before every text that is encoded whole. */
  private String toJson(Optional<String> bos) {
    ObjectNode root = node();
    root.put("version", "1.0");
    root.putNull("truncation");
    root.putNull("padding");
    ArrayNode added = root.putArray("added_tokens");
    for (int id = 0; id < vocabulary.tokens().size() && id < specialTokens.size(); id++) {
      addedToken(added.addObject(), id, vocabulary.tokens().get(id));
    }
    root.putNull("normalizer");
    preTokenizer(root.putObject("pre_tokenizer"));
    bos.ifPresentOrElse(
        token -> beginning(root.putObject("post_processor"), token),
        () -> root.putNull("post_processor"));
    byteLevel(root.putObject("decoder"), true);
    model(root.putObject("model"));
    return text(root);
  }

  /** A template that puts the token before a text, and before the first of a pair. */
  private void beginning(ObjectNode node, String token) {
    node.put("type", "TemplateProcessing");
    for (String template : List.of("single", "pair")) {
      ArrayNode parts = node.putArray(template);
      parts.addObject().putObject("SpecialToken").put("id", token).put("type_id", 0);
      parts.addObject().putObject("Sequence").put("id", "A").put("type_id", 0);
      if (template.equals("pair")) {
        parts.addObject().putObject("Sequence").put("id", "B").put("type_id", 1);
      }
    }
    ObjectNode special = node.putObject("special_tokens").putObject(token);
    special.put("id", token);
    special.putArray("ids").add(vocabulary.tokens().indexOf(token));
    special.putArray("tokens").add(token);
  }

  private void preTokenizer(ObjectNode node) {
    if (!individualDigits) {
      byteLevel(node, false);
      return;
    }
    node.put("type", "Sequence");
    ArrayNode steps = node.putArray("pretokenizers");
    steps.addObject().put("type", "Digits").put("individual_digits", true);
    byteLevel(steps.addObject(), false);
  }

  private static void byteLevel(ObjectNode node, boolean addPrefixSpace) {
    node.put("type", "ByteLevel");
    node.put("add_prefix_space", addPrefixSpace);
    node.put("trim_offsets", true);
    node.put("use_regex", true);
  }

  private static void addedToken(ObjectNode node, int id, String content) {
    node.put("id", id);
    node.put("content", content);
    node.put("single_word", false);
    node.put("lstrip", false);
    node.put("rstrip", false);
    node.put("normalized", false);
    node.put("special", true);
  }

  private void model(ObjectNode model) {
    model.put("type", "BPE");
    model.putNull("dropout");
    model.putNull("unk_token");
    model.putNull("continuing_subword_prefix");
    model.putNull("end_of_word_suffix");
    model.put("fuse_unk", false);
    model.put("byte_fallback", false);
    model.put("ignore_merges", false);
    ObjectNode vocab = model.putObject("vocab");
    List<String> tokens = vocabulary.tokens();
    for (int id = 0; id < tokens.size(); id++) {
      vocab.put(tokens.get(id), id);
    }
    ArrayNode merges = model.putArray("merges");
    for (BpeVocabulary.Merge merge : vocabulary.merges()) {
      merges.addArray().add(tokens.get(merge.first())).add(tokens.get(merge.second()));
    }
  }

  private ObjectNode config(Roles roles) {
    ObjectNode config = node();
    config.put("tokenizer_class", "PreTrainedTokenizerFast");
    config.setAll(specialTokensMap(roles));
    config.put("clean_up_tokenization_spaces", false);
    config.put("add_bos_token", roles.bos().isPresent());
    config.put("add_eos_token", false);
    ObjectNode decoder = config.putObject("added_tokens_decoder");
    for (int id = 0; id < specialTokens.size(); id++) {
      ObjectNode token = decoder.putObject(Integer.toString(id));
      addedToken(token, id, vocabulary.tokens().get(id));
      token.remove("id");
    }
    roles.chatTemplate().ifPresent(template -> config.put("chat_template", template));
    return config;
  }

  private ObjectNode specialTokensMap(Roles roles) {
    ObjectNode map = node();
    putRole(map, "bos_token", roles.bos());
    putRole(map, "eos_token", roles.eos());
    putRole(map, "pad_token", roles.pad());
    return map;
  }

  private void putRole(ObjectNode map, String role, Optional<String> token) {
    if (token.isEmpty()) {
      return;
    }
    if (!specialTokens.contains(token.get())) {
      throw new UserInputException(
          "%s is to be '%s', but the special tokens are %s; add it to them"
              .formatted(role, token.get(), specialTokens));
    }
    map.put(role, token.get());
  }

  private static ObjectNode node() {
    return JsonNodeFactory.instance.objectNode();
  }

  private static String text(ObjectNode node) {
    return JSON.writerWithDefaultPrettyPrinter().writeValueAsString(node);
  }
}
