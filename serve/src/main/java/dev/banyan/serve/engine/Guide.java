package dev.banyan.serve.engine;

import java.util.List;

/** Keeps an answer within a grammar. */
public interface Guide {
  /**
   * Sets the scores of tokens that may not come next to negative infinity.
   *
   * @param stopIds tokens that may come where the grammar may end
   */
  void mask(float[] scores, List<Integer> stopIds);

  /** A token came. */
  void accept(int id);

  /** Whether nothing may follow any more but the end. */
  boolean isOver();
}
