package dev.banyan.plan;

/** A way to choose offsets. All methods are pure: buffers and budget in, layout out. */
public interface LayoutMethod {
  /** Short and unique, as tables show it. */
  String name();

  /** The paper or program it is taken from. */
  String source();

  /**
   * Places the buffers.
   *
   * @param enoughBytes an arena of at most this many bytes is good enough and ends the search; 0
   *     asks for the smallest the budget allows
   * @param budget what may be tried; a method that always gives an answer gives it even when the
   *     budget is spent
   * @return a layout without a fault, whatever was enough
   */
  Layout lay(Buffers buffers, long enoughBytes, Budget budget);
}
