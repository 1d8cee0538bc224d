package dev.banyan.cluster;

import java.util.List;

/**
 * One fault, and how anybody can check that it is one.
 *
 * @param syndrome what is wrong
 * @param ranks the culprits; for a connection both its ends, for a port its rank
 * @param hosts labels of the culprits' hosts where known
 * @param links connections: {@code 1->2}; {@code 1->*} is what rank 1 sends (Tx), {@code *->2} what
 *     rank 2 receives (Rx), {@code 3<->*} rank 3's port both ways
 * @param ambiguity what the records cannot separate, at most three: {@code tx:1}, {@code rx:2},
 *     {@code link:1->2}, {@code rank:3}, {@code processLoss:3}, {@code group:world}; empty when the
 *     culprit is exact
 * @param confidence from 0 to 1
 * @param evidence sentences a person can check against the records
 * @param action what to do
 */
public record Verdict(
    Syndrome syndrome,
    List<Integer> ranks,
    List<String> hosts,
    List<String> links,
    List<String> ambiguity,
    double confidence,
    List<String> evidence,
    Action action) {
  public Verdict {
    ranks = List.copyOf(ranks);
    hosts = List.copyOf(hosts);
    links = List.copyOf(links);
    ambiguity = List.copyOf(ambiguity);
    evidence = List.copyOf(evidence);
    if (!(confidence >= 0 && confidence <= 1)) {
      throw new IllegalArgumentException("confidence " + confidence + " is not within 0 and 1");
    }
  }

  /** Whether two verdicts speak of the same fault, whatever their evidence. */
  public boolean sameFault(Verdict other) {
    return syndrome == other.syndrome && ranks.equals(other.ranks) && links.equals(other.links);
  }

  /** One line: syndrome, culprit, action. */
  public String headline() {
    String who = links.isEmpty() ? "" : " on " + String.join(", ", links);
    String rank = ranks.isEmpty() ? "" : (ranks.size() == 1 ? " rank " : " ranks ") + listed(ranks);
    return syndrome.word() + who + (links.isEmpty() ? rank : "") + ": " + action.word();
  }

  private static String listed(List<Integer> ranks) {
    int shown = Math.min(ranks.size(), 8);
    var text = new StringBuilder();
    for (int i = 0; i < shown; i++) {
      text.append(i == 0 ? "" : ", ").append(ranks.get(i));
    }
    return ranks.size() > shown ? text + " and " + (ranks.size() - shown) + " more" : "" + text;
  }
}
