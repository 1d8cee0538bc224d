package dev.banyan.model.generate;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** Which tokens a sequence has had, for the penalties. */
public final class History {
  private final Set<Integer> seen = new HashSet<>();
  private final Map<Integer, Integer> answered = new HashMap<>();

  public History(int[] prompt) {
    for (int id : prompt) {
      seen.add(id);
    }
  }

  /** A token of the answer. */
  public void add(int id) {
    seen.add(id);
    answered.merge(id, 1, Integer::sum);
  }

  /** Tokens of prompt and answer. */
  Set<Integer> seen() {
    return seen;
  }

  /** How often each token was in the answer. */
  Map<Integer, Integer> answered() {
    return answered;
  }
}
