package dev.banyan.model.tokenize;

import java.util.List;

/**
 * A learned byte-level vocabulary.
 *
 * @param tokens the token of each id: special tokens as they are, the others written in the {@link
 *     ByteAlphabet}
 * @param merges what is merged into what, the most important first
 */
public record BpeVocabulary(List<String> tokens, List<Merge> merges) {
  /** Two token ids that become one token when they stand side by side. */
  public record Merge(int first, int second) {}

  public BpeVocabulary {
    tokens = List.copyOf(tokens);
    merges = List.copyOf(merges);
  }
}
