package dev.banyan.model;

import java.util.List;

/**
 * An answer.
 *
 * @param ids its tokens, without the one that ended it
 * @param text its text up to the stop string, if one came; empty without a tokenizer
 */
public record Completion(List<Integer> ids, String text, Finish finish) {
  /** Why an answer ended. */
  public enum Finish {
    /** A token that ends answers came. */
    STOP_ID,
    /** A stop string came. */
    STOP_STRING,
    /** As many tokens as were asked for. */
    LENGTH,
    /** Whoever asked did not want more. */
    STOPPED
  }

  public Completion {
    ids = List.copyOf(ids);
  }
}
