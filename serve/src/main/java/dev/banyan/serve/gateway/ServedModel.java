package dev.banyan.serve.gateway;

import dev.banyan.model.ChatTemplate;
import dev.banyan.model.Sampling;
import dev.banyan.model.Tokenizer;
import dev.banyan.serve.wire.Say;
import java.util.Optional;
import java.util.Set;
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

  /** What clients may ask for: the model, and each of its adapters as {@code model:adapter}. */
  Stream<String> names() {
    return Stream.concat(
        Stream.of(name), engine.adapters().stream().map(adapter -> name + ":" + adapter));
  }
}
