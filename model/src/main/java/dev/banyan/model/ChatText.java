package dev.banyan.model;

import java.util.List;

/**
 * A conversation as a model reads it.
 *
 * @param text without further special tokens: a tokenizer encodes it as it stands
 * @param answers where the assistant speaks, if the template says so with {@code {% generation %}}
 */
public record ChatText(String text, List<Span> answers) {
  /** Characters {@code from} up to, not with, {@code to}. */
  public record Span(int from, int to) {}

  public ChatText {
    answers = List.copyOf(answers);
  }
}
