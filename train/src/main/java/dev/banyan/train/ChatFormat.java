package dev.banyan.train;

import dev.banyan.core.UserInputException;
import dev.banyan.model.Tokenizer;
import dev.banyan.model.TrainedBpe;
import dev.banyan.train.Example.ChatExample;
import dev.banyan.train.Example.Role;
import dev.banyan.train.Example.TextExample;
import dev.banyan.train.Example.Turn;
import dev.banyan.train.pack.Tokens;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * How our own models see text and conversations; the only place that knows.
 *
 * <pre>{@code
 * <|begin|>a plain text<|end|>
 * <|begin|><|system|>be brief<|end|><|user|>what is 2+2?<|end|><|assistant|>4<|end|>
 * }</pre>
 *
 * {@code <|end|>} ends a text as well as a turn, so a model that stops there stops in both. Learned
 * are all tokens of a text, and of a conversation what stands behind {@code <|assistant|>} up to
 * and with its {@code <|end|>}. {@link #TEMPLATE} makes transformers write the same. A marker that
 * stands in a text is plain text: nobody's words can end a turn.
 */
public final class ChatFormat {
  public static final String BEGIN = "<|begin|>";
  public static final String END = "<|end|>";
  public static final String PAD = "<|pad|>";

  /** The special tokens of our tokenizers, in the order of their ids from 0. */
  public static final List<String> SPECIAL_TOKENS =
      List.of(PAD, BEGIN, END, marker(Role.SYSTEM), marker(Role.USER), marker(Role.ASSISTANT));

  /** The same as a Jinja template, for {@code tokenizer_config.json}. */
  public static final String TEMPLATE =
      "{{ '<|begin|>' }}{% for message in messages %}"
          + "{{ '<|' + message['role'] + '|>' + message['content'] + '<|end|>' }}{% endfor %}"
          + "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}";

  /** Which special token plays which part. */
  public static final TrainedBpe.Roles ROLES =
      new TrainedBpe.Roles(
          Optional.of(BEGIN), Optional.of(END), Optional.of(PAD), Optional.of(TEMPLATE));

  private final Tokenizer tokenizer;
  private final int begin;
  private final int end;
  private final int pad;

  /**
   * The format in the ids of {@code tokenizer}.
   *
   * @throws UserInputException if the tokenizer lacks one of the special tokens
   */
  public ChatFormat(Tokenizer tokenizer) {
    this.tokenizer = tokenizer;
    SPECIAL_TOKENS.forEach(this::id);
    this.begin = id(BEGIN);
    this.end = id(END);
    this.pad = id(PAD);
  }

  /** The id of {@code <|end|>}: where generation stops. */
  public int endId() {
    return end;
  }

  /** The id that fills rows. */
  public int padId() {
    return pad;
  }

  /** The tokens of an example and which of them are learned. */
  public Tokens encode(Example example) {
    return switch (example) {
      case TextExample text -> encode(text.text());
      case ChatExample chat -> encode(chat.turns());
    };
  }

  /** The ids of an example. */
  public int[] ids(Example example) {
    return encode(example).ids();
  }

  /** The tokens of a plain text; all but the first are learned. */
  public Tokens encode(String text) {
    return new Tokens.Builder()
        .add(begin, false)
        .addAll(tokenizer.encodeText(text), true)
        .add(end, true)
        .build();
  }

  /** The tokens of a conversation; what the assistant says is learned. */
  public Tokens encode(List<Turn> turns) {
    var tokens = new Tokens.Builder().add(begin, false);
    for (Turn turn : turns) {
      boolean learned = turn.role() == Role.ASSISTANT;
      tokens
          .add(id(marker(turn.role())), false)
          .addAll(tokenizer.encodeText(turn.text()), learned)
          .add(end, learned);
    }
    return tokens.build();
  }

  /** The ids to go on from when the assistant is to answer. */
  public int[] prompt(List<Turn> turns) {
    return new Tokens.Builder()
        .addAll(encode(turns))
        .add(id(marker(Role.ASSISTANT)), false)
        .build()
        .ids();
  }

  /** The text of a conversation, as {@link #TEMPLATE} writes it. */
  public static String text(List<Turn> turns, boolean addGenerationPrompt) {
    var text = new StringBuilder(BEGIN);
    for (Turn turn : turns) {
      text.append(marker(turn.role())).append(turn.text()).append(END);
    }
    return text.append(addGenerationPrompt ? marker(Role.ASSISTANT) : "").toString();
  }

  private static String marker(Role role) {
    return "<|" + role.name().toLowerCase(Locale.ROOT) + "|>";
  }

  private int id(String token) {
    return tokenizer
        .id(token)
        .orElseThrow(
            () ->
                new UserInputException(
                    "the tokenizer has no token %s; conversations need %s. Train one with `banyan tokenizer train`."
                        .formatted(token, SPECIAL_TOKENS)));
  }
}
