package dev.banyan.serve.gateway;

import dev.banyan.core.UserInputException;
import dev.banyan.model.ChatTemplate;
import dev.banyan.model.Sampling;
import dev.banyan.model.Tokenizer;
import dev.banyan.serve.http.BadRequestException;
import dev.banyan.serve.wire.Say;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;

/**
 * The model that all instances serve.
 *
 * @param name what clients call it
 * @param longestToken characters of the longest token
 * @param usual how it samples where a request does not say
 * @param stopIds tokens that end an answer
 * @param engine what an instance says of itself
 */
record ServedModel(
    String name,
    Tokenizer tokenizer,
    int longestToken,
    Optional<ChatTemplate> template,
    Sampling usual,
    Set<Integer> stopIds,
    Say.Ready engine) {
  private static final int LONG_CHARACTERS = 1 << 16;

  /** For tokenizers that drop or join characters before they look for tokens. */
  private static final long SLACK = 4;

  /** A tokenizer is native code, which a virtual thread would keep a processor for. */
  private static final ExecutorService LONG_TEXTS =
      Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().name("long texts").factory());

  /** Characters of the longest token of a vocabulary as it spells it. */
  static int longestToken(Tokenizer tokenizer) {
    int longest = 1;
    for (int id = 0; id < tokenizer.vocabSize(); id++) {
      longest = Math.max(longest, tokenizer.token(id).map(String::length).orElse(0));
    }
    return longest;
  }

  /**
   * Tokens of a prompt. One that could not fit however well it is tokenized is not tokenized.
   *
   * @throws BadRequestException with 400 when it is far longer than the model's context
   */
  int[] prompt(String text, boolean special) throws BadRequestException {
    long most = SLACK * longestToken * engine.mostTokens();
    if (text.length() > most) {
      throw new BadRequestException(
          400,
          "a prompt of %d characters has more tokens than there is room for, which is %d"
              .formatted(text.length(), engine.mostTokens()),
          "context_length_exceeded");
    }
    return encode(text, special);
  }

  /** Tokens of a text; long texts one after the other, so that others find a processor free. */
  int[] encode(String text, boolean special) {
    if (text.length() < LONG_CHARACTERS) {
      return tokenizer.encode(text, special);
    }
    Future<int[]> tokens = LONG_TEXTS.submit(() -> tokenizer.encode(text, special));
    try {
      return tokens.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof UserInputException refused
          ? refused
          : new IllegalStateException(e.getCause());
    }
  }

  /** What clients may ask for: the model, and each of its adapters as {@code model:adapter}. */
  Stream<String> names() {
    return Stream.concat(
        Stream.of(name), engine.adapters().stream().map(adapter -> name + ":" + adapter));
  }
}
