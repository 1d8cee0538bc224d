package dev.banyan.model.template;

import java.util.List;

/**
 * What a template wrote.
 *
 * @param generations where text stands that the template marks as the assistant's
 */
public record Rendered(String text, List<Span> generations) {
  /** Characters {@code from} up to, not with, {@code to} of the text. */
  public record Span(int from, int to) {}

  public Rendered {
    generations = List.copyOf(generations);
  }
}
