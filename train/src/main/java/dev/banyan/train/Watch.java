package dev.banyan.train;

import dev.banyan.model.LanguageModel;

/** Sees a model between the steps of its training. */
@FunctionalInterface
public interface Watch {
  /** Looks at nothing. */
  Watch NOTHING = (step, model) -> {};

  /**
   * Called before the first step of a sitting and after every step, by the thread that trains.
   *
   * @param step optimizer steps done
   * @param model to be read only
   */
  void seen(long step, LanguageModel model);
}
