package dev.banyan.model.template;

import org.jspecify.annotations.Nullable;

/** What can be called: a function of the environment, a method of a value, a macro, a loop. */
non-sealed interface Callable extends Value {
  Value call(Arguments arguments);

  /** What {@code callable.name} gives; null when it has no such attribute. */
  default @Nullable Value attribute(String name) {
    return null;
  }
}
