package dev.banyan.model.template;

/**
 * What a template may still do. Every node visited costs one step and every character, item or
 * comparison inside a value another, paid before it is made, so that a hostile template ends soon
 * and holds little memory.
 */
final class Budget {
  /** A long conversation with tools takes well under a million. */
  private static final long STEPS = 50_000_000;

  /** Nested calls and values; Python's own limit is 1,000 frames. */
  private static final int DEPTH = 700;

  private long left = STEPS;
  private int depth;

  /** Pays for {@code steps}. */
  void spend(long steps) {
    if (steps < 0 || steps > left) {
      left = 0;
      throw Fault.of("the template does not end: more than " + STEPS + " steps");
    }
    left -= steps;
  }

  /** One level deeper; {@link #leave} must follow. */
  void enter() {
    spend(1);
    if (++depth > DEPTH) {
      depth = 0;
      throw Fault.of("calls or values are nested more than " + DEPTH + " deep");
    }
  }

  void leave() {
    depth--;
  }
}
