package dev.banyan.train;

import dev.banyan.core.UserInputException;
import dev.banyan.model.Tokenizer;
import dev.banyan.train.Example.ChatExample;
import dev.banyan.train.Example.TextExample;
import dev.banyan.train.pack.Tokens;

/** Turns an example into tokens, each learned or not. */
@FunctionalInterface
public interface ExampleEncoder {
  Tokens encode(Example example);

  /**
   * Our own format where the tokenizer has its tokens; else plain texts between the tokenizer's own
   * begin and end tokens.
   */
  static ExampleEncoder of(Tokenizer tokenizer) {
    if (ChatFormat.SPECIAL_TOKENS.stream().allMatch(token -> tokenizer.id(token).isPresent())) {
      return new ChatFormat(tokenizer)::encode;
    }
    return example ->
        switch (example) {
          case TextExample text -> plain(tokenizer, text);
          case ChatExample chat ->
              throw new UserInputException(
                  "%s: this is a conversation, and the tokenizer has no tokens for turns (%s). Train a tokenizer with `banyan tokenizer train`, or give plain texts."
                      .formatted(chat.origin(), ChatFormat.SPECIAL_TOKENS));
        };
  }

  private static Tokens plain(Tokenizer tokenizer, TextExample text) {
    var tokens = new Tokens.Builder();
    tokenizer.bosId().ifPresent(id -> tokens.add(id, false));
    tokens.addAll(tokenizer.encodeText(text.text()), true);
    tokenizer.eosId().ifPresent(id -> tokens.add(id, true));
    return tokens.build();
  }
}
