package dev.banyan.model;

/**
 * How a model computes where no gradient is recorded. With gradients it is always libtorch that
 * computes.
 */
public enum Mode {
  /**
   * Whatever is quickest: libtorch for many tokens at once, vector kernels for few. A token's bits
   * depend on which of the two computed it and, in libtorch, on its company.
   */
  FAST,
  /**
   * One fixed order of every sum. Keys, values and scores of a position depend on the tokens up to
   * it and on nothing else, bit for bit: not on batch, chunks, reuse of a common beginning, where
   * keys are kept, or threads. Needs {@code --add-modules jdk.incubator.vector}; on processors with
   * another vector width the bits are others.
   */
  EXACT
}
