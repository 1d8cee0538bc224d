package dev.banyan.model.template;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The variable {@code loop} of one {@code for}. Looks ahead only as far as it is asked to, because
 * the loop's own condition may depend on what its body changes.
 */
final class Loop implements Callable {
  private final Iterator<Value> rest;
  private final Deque<Value> ahead = new ArrayDeque<>();
  private final int depth;
  private final @Nullable Function<Value, Value> again;
  private final Budget budget;
  private int index = -1;
  private @Nullable Value previous;
  private @Nullable Value current;
  private @Nullable List<Value> changed;

  /**
   * A loop that has not begun.
   *
   * @param depth how many recursive loops are around it
   * @param again runs the loop on other items and gives its text; null when it is not recursive
   */
  Loop(Iterator<Value> items, int depth, @Nullable Function<Value, Value> again, Budget budget) {
    this.rest = items;
    this.depth = depth;
    this.again = again;
    this.budget = budget;
  }

  /** Goes to the next item; null when there is none. */
  @Nullable Value next() {
    Value next = peek();
    if (next == null) {
      return null;
    }
    ahead.poll();
    previous = current;
    current = next;
    index++;
    return next;
  }

  private @Nullable Value peek() {
    if (ahead.isEmpty() && rest.hasNext()) {
      ahead.add(rest.next());
    }
    return ahead.peek();
  }

  private int length() {
    while (rest.hasNext()) {
      budget.spend(1);
      ahead.add(rest.next());
    }
    return index + 1 + ahead.size();
  }

  @Override
  public @Nullable Value attribute(String name) {
    return switch (name) {
      case "index" -> Value.whole(index + 1);
      case "index0" -> Value.whole(index);
      case "revindex" -> Value.whole(length() - index);
      case "revindex0" -> Value.whole(length() - index - 1);
      case "first" -> Value.truth(index == 0);
      case "last" -> Value.truth(peek() == null);
      case "length" -> Value.whole(length());
      case "depth" -> Value.whole(depth + 1);
      case "depth0" -> Value.whole(depth);
      case "previtem" -> previous == null ? new Missing("there is no previous item") : previous;
      case "nextitem" -> {
        Value next = peek();
        yield next == null ? new Missing("there is no next item") : next;
      }
      case "cycle" -> (Callable) this::cycle;
      case "changed" -> (Callable) this::changed;
      default -> null;
    };
  }

  private Value cycle(Arguments given) {
    if (given.positional().isEmpty()) {
      throw Fault.of("no items for cycling given");
    }
    return given.positional().get(index % given.positional().size());
  }

  private Value changed(Arguments given) {
    List<Value> last = changed;
    changed = given.positional();
    return Value.truth(
        last == null || !Compare.equal(Value.list(last), Value.list(changed), budget));
  }

  @Override
  public Value call(Arguments given) {
    if (again == null) {
      throw Fault.of("The loop must have the 'recursive' marker to be called recursively.");
    }
    return again.apply(given.bind("loop", "iterable").need("iterable"));
  }
}
