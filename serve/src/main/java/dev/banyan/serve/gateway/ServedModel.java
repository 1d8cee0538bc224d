package dev.banyan.serve.gateway;

import dev.banyan.core.UserInputException;
import dev.banyan.model.ChatTemplate;
import dev.banyan.model.Sampling;
import dev.banyan.model.Tokenizer;
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
 * @param usual how it samples where a request does not say
 * @param stopIds tokens that end an answer
 * @param engine what an instance says of itself
 */
record ServedModel(
    String name,
    Tokenizer tokenizer,
    Optional<ChatTemplate> template,
    Sampling usual,
    Set<Integer> stopIds,
    Say.Ready engine) {
  private static final int LONG_CHARACTERS = 1 << 16;

  /** A tokenizer is native code, which a virtual thread would keep a processor for. */
  private static final ExecutorService LONG_TEXTS =
      Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().name("long texts").factory());

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
