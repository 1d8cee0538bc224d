package dev.banyan.model.template;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Python's generator, as {@code map} and {@code select} give: nothing is done before its items are
 * asked for, and they can be taken once.
 */
final class Once implements Value {
  private final Supplier<Iterator<Value>> start;
  private @Nullable Iterator<Value> rest;

  Once(Supplier<Iterator<Value>> start) {
    this.start = start;
  }

  /** All items that are left. */
  List<Value> take() {
    var taken = new ArrayList<Value>();
    rest().forEachRemaining(taken::add);
    return taken;
  }

  /** The next item, if there is one. */
  List<Value> takeFirst() {
    return rest().hasNext() ? List.of(rest().next()) : List.of();
  }

  private Iterator<Value> rest() {
    if (rest == null) {
      rest = start.get();
    }
    return rest;
  }
}
