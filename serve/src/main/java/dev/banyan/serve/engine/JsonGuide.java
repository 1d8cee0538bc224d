package dev.banyan.serve.engine;

import dev.banyan.serve.engine.JsonSchema.Rule;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Keeps an answer within a JSON schema: all ways to go on are kept as stacks of rules, and a token
 * may come when its text leaves at least one. What may come in a state is remembered, so most steps
 * cost O(vocabulary) comparisons and nothing more.
 */
final class JsonGuide implements Guide {
  /** Ways to go on that are kept, and rules that are opened for one character. */
  private static final int MOST = 20_000;

  private static final int REMEMBERED = 64;

  private final Vocabulary vocabulary;
  private final Map<Set<Stack>, BitSet> masks;
  private Set<Stack> states;

  /** Rules still to be matched, the next on top. */
  private record Stack(Rule top, @Nullable Stack rest, int hash) {
    static Stack of(Rule top, @Nullable Stack rest) {
      return new Stack(
          top, rest, System.identityHashCode(top) * 31 + (rest == null ? 7 : rest.hash));
    }

    @Override
    public int hashCode() {
      return hash;
    }

    @Override
    public boolean equals(@Nullable Object other) {
      Stack a = this;
      @Nullable Stack b = other instanceof Stack stack ? stack : null;
      while (a != b) {
        if (b == null || a.top != b.top || a.hash != b.hash || a.rest == null) {
          return false;
        }
        a = a.rest;
        b = b.rest;
      }
      return true;
    }
  }

  /** The empty stack: everything was matched; the only one without a rest. */
  private static final Stack END = Stack.of(new Rule.Later(), null);

  private JsonGuide(Rule rule, Vocabulary vocabulary) {
    this.vocabulary = vocabulary;
    this.masks =
        new LinkedHashMap<>(16, 0.75f, true) {
          @Override
          protected boolean removeEldestEntry(Map.Entry<Set<Stack>, BitSet> eldest) {
            return size() > REMEMBERED;
          }
        };
    this.states = Set.of(Stack.of(rule, END));
  }

  /**
   * A guide at the beginning of an answer.
   *
   * @throws dev.banyan.core.UserInputException when the schema cannot be followed
   */
  static JsonGuide of(String schema, Vocabulary vocabulary) {
    return new JsonGuide(JsonSchema.rule(schema), vocabulary);
  }

  @Override
  public void mask(float[] scores, List<Integer> stopIds) {
    BitSet allowed = masks.computeIfAbsent(states, this::allowed);
    boolean mayEnd = mayEnd(states);
    for (int id = 0; id < scores.length; id++) {
      if (!allowed.get(id) && !(mayEnd && stopIds.contains(id))) {
        scores[id] = Float.NEGATIVE_INFINITY;
      }
    }
  }

  private BitSet allowed(Set<Stack> from) {
    var allowed = new BitSet(vocabulary.size());
    mark(vocabulary.root(), from, allowed);
    return allowed;
  }

  private void mark(Vocabulary.Node node, Set<Stack> from, BitSet allowed) {
    node.ids.forEach(allowed::set);
    node.next.forEach(
        (c, next) -> {
          Set<Stack> after = step(from, c);
          if (!after.isEmpty()) {
            mark(next, after, allowed);
          }
        });
  }

  @Override
  public void accept(int id) {
    for (char c : vocabulary.text(id).toCharArray()) {
      states = step(states, c);
    }
  }

  @Override
  public boolean isOver() {
    return states.stream().allMatch(state -> state.rest == null);
  }

  private static boolean mayEnd(Set<Stack> states) {
    var budget = new int[] {MOST};
    return states.stream().anyMatch(state -> mayEnd(state, budget));
  }

  private static boolean mayEnd(Stack state, int[] budget) {
    if (state.rest == null) {
      return true;
    }
    if (budget[0]-- <= 0) {
      return false;
    }
    Stack rest = state.rest;
    return switch (state.top) {
      case Rule.One one -> false;
      case Rule.Row row -> mayEnd(push(row, rest), budget);
      case Rule.Star star -> mayEnd(rest, budget);
      case Rule.Later later -> mayEnd(Stack.of(later.rule, rest), budget);
      case Rule.Either either ->
          either.of.stream().anyMatch(each -> mayEnd(Stack.of(each, rest), budget));
    };
  }

  private static Set<Stack> step(Set<Stack> from, char c) {
    Set<Stack> out = new LinkedHashSet<>();
    var budget = new int[] {MOST};
    for (Stack state : from) {
      step(state, c, out, budget);
    }
    return out;
  }

  private static void step(Stack state, char c, Set<Stack> out, int[] budget) {
    if (state.rest == null || budget[0]-- <= 0) {
      return;
    }
    Stack rest = state.rest;
    switch (state.top) {
      case Rule.One one -> {
        if (one.test.holds(c)) {
          out.add(rest);
        }
      }
      case Rule.Row row -> step(push(row, rest), c, out, budget);
      case Rule.Later later -> step(Stack.of(later.rule, rest), c, out, budget);
      case Rule.Either either -> {
        for (Rule each : either.of) {
          step(Stack.of(each, rest), c, out, budget);
        }
      }
      case Rule.Star star -> {
        step(Stack.of(star.part, state), c, out, budget);
        step(rest, c, out, budget);
      }
    }
  }

  private static Stack push(Rule.Row row, Stack rest) {
    Stack on = rest;
    for (int i = row.parts.size() - 1; i >= 0; i--) {
      on = Stack.of(row.parts.get(i), on);
    }
    return on;
  }
}
