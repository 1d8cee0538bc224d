package dev.banyan.model;

import dev.banyan.core.UserInputException;
import dev.banyan.model.tokenize.NativeTokenizer;
import dev.banyan.model.tokenize.TokenizerFolder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SequencedMap;
import java.util.Set;

/**
 * Text to token ids and back, as a {@code tokenizer.json} says, computed by the Hugging Face {@code
 * tokenizers} library itself. Truncation and padding named in the file are not applied. Immutable
 * and safe for several threads; native memory goes with the object.
 */
public final class Tokenizer {
  private final TokenizerFolder folder;
  private final NativeTokenizer library;

  /** The same without its special tokens. */
  private final NativeTokenizer plain;

  private Tokenizer(TokenizerFolder folder, NativeTokenizer library, NativeTokenizer plain) {
    this.folder = folder;
    this.library = library;
    this.plain = plain;
  }

  /**
   * Opens a tokenizer.
   *
   * @param folderOrFile a {@code tokenizer.json}, or a model folder that holds one; beside it
   *     {@code tokenizer_config.json}, {@code special_tokens_map.json} and {@code
   *     chat_template.jinja} are read where they are
   * @throws UserInputException if there is no such file, or one of them is not what it should be
   * @throws dev.banyan.core.MissingThingException if the native library does not run on this
   *     machine
   */
  public static Tokenizer open(Path folderOrFile) {
    TokenizerFolder folder = TokenizerFolder.read(folderOrFile);
    try {
      NativeTokenizer library = NativeTokenizer.of(folder.json());
      Optional<String> plain = folder.withoutSpecialTokens();
      return new Tokenizer(folder, library, plain.map(NativeTokenizer::of).orElse(library));
    } catch (IllegalArgumentException refused) {
      throw new UserInputException(
          "%s: the tokenizers library refuses it: %s"
              .formatted(folder.file(), String.valueOf(refused.getMessage()).strip()),
          refused);
    }
  }

  /** The files that {@link #open} reads, those that are there, by their standard names. */
  public static SequencedMap<String, Path> files(Path folderOrFile) {
    return TokenizerFolder.files(folderOrFile);
  }

  /**
   * The ids of {@code text}; special tokens spelled in it become their ids. Lone surrogates, which
   * no encoding can write, count as U+FFFD.
   *
   * @param addSpecial whether the file's post-processor adds its tokens, for example {@code <s>}
   */
  public int[] encode(String text, boolean addSpecial) {
    return library.encode(wellFormed(text), addSpecial);
  }

  /**
   * The ids of what somebody else wrote: a special token spelled in it stays plain text, so that no
   * document and no user's message can end a turn or begin another's. Nothing is added.
   */
  public int[] encodeText(String text) {
    return plain.encode(wellFormed(text), false);
  }

  /** The ids of each text, in order; uses all cores. */
  public List<int[]> encodeAll(List<String> texts, boolean addSpecial) {
    var checked = new ArrayList<String>(texts.size());
    for (String text : texts) {
      checked.add(wellFormed(text));
    }
    return library.encodeAll(checked, addSpecial);
  }

  /**
   * The text of {@code ids}. Bytes that are not UTF-8 become U+FFFD; an id without a token, as in
   * models whose vocabulary is padded, gives nothing.
   *
   * @throws IllegalArgumentException if an id is negative
   */
  public String decode(int[] ids, boolean skipSpecial) {
    for (int id : ids) {
      if (id < 0) {
        throw new IllegalArgumentException("token id %d is negative".formatted(id));
      }
    }
    return library.decode(ids, skipSpecial);
  }

  /**
   * The bytes that a token stands for within a text. Those of all its tokens joined are the text's
   * UTF-8 also where a token alone is no whole character. Nothing for an id without a token.
   */
  public byte[] bytes(int id) {
    return folder.bytes(id).orElseGet(() -> behindAnother(id).getBytes(StandardCharsets.UTF_8));
  }

  /** At the beginning of a text a decoder may drop a space. */
  private String behindAnother(int id) {
    int[] other = plain.encode("a", false);
    String before = decode(other, false);
    int[] both = Arrays.copyOf(other, other.length + 1);
    both[other.length] = id;
    String text = decode(both, false);
    return text.startsWith(before) ? text.substring(before.length()) : "";
  }

  /** A decoder that takes ids one by one and gives text as soon as it is certain. */
  public StreamingDecoder stream(boolean skipSpecial) {
    return new StreamingDecoder(
        ids -> decode(ids, skipSpecial), id -> leavesARunOpen(id, skipSpecial));
  }

  /** One more than the largest id, added tokens included. */
  public int vocabSize() {
    return folder.vocabSize();
  }

  /** The token of {@code id} as the vocabulary spells it (not decoded), if it has one. */
  public Optional<String> token(int id) {
    return folder.token(id);
  }

  /** The id of a token spelled as the vocabulary does. */
  public OptionalInt id(String token) {
    return folder.id(token);
  }

  /** The token that begins a text, as {@code tokenizer_config.json} names it. */
  public OptionalInt bosId() {
    return role("bos_token");
  }

  /** The token that ends a text. */
  public OptionalInt eosId() {
    return role("eos_token");
  }

  /** The token that fills a row. */
  public OptionalInt padId() {
    return role("pad_token");
  }

  /** The ids that {@code skipSpecial} leaves out. */
  public Set<Integer> specialIds() {
    return folder.specialIds();
  }

  /** The Jinja chat template, if the folder has one. */
  public Optional<String> chatTemplate() {
    return folder.chatTemplate();
  }

  /**
   * Checks that a model can take every id this tokenizer gives.
   *
   * @param modelVocabSize rows of the model's embedding
   * @param model what the message calls the model
   * @throws UserInputException if the tokenizer has ids beyond the model's vocabulary
   */
  public void requireFits(int modelVocabSize, String model) {
    if (vocabSize() > modelVocabSize) {
      throw new UserInputException(
          "%s: the tokenizer has ids up to %d, %s has vocab_size %d. They are from different models."
              .formatted(folder.file(), vocabSize() - 1, model, modelVocabSize));
    }
  }

  /** Whether a run of byte tokens goes on after this id: a byte itself, or nothing at all. */
  private boolean leavesARunOpen(int id, boolean skipSpecial) {
    return folder.isByteFallback(id)
        || (skipSpecial && folder.isSpecial(id))
        || folder.token(id).isEmpty();
  }

  private OptionalInt role(String name) {
    return folder.role(name).map(folder::id).orElse(OptionalInt.empty());
  }

  private static String wellFormed(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (Character.isSurrogate(text.charAt(i))) {
        if (!isPair(text, i)) {
          return replaceLoneSurrogates(text);
        }
        i++;
      }
    }
    return text;
  }

  private static boolean isPair(String text, int at) {
    return Character.isHighSurrogate(text.charAt(at))
        && at + 1 < text.length()
        && Character.isLowSurrogate(text.charAt(at + 1));
  }

  private static String replaceLoneSurrogates(String text) {
    var out = new StringBuilder(text.length());
    text.codePoints()
        .map(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE ? 0xfffd : c)
        .forEach(out::appendCodePoint);
    return out.toString();
  }
}
