package dev.banyan.cluster;

import dev.banyan.cluster.ClusterSnapshot.Delays;
import dev.banyan.cluster.ClusterSnapshot.Finding;
import dev.banyan.cluster.ClusterSnapshot.RankState;
import dev.banyan.cluster.ClusterSnapshot.Routes;
import dev.banyan.cluster.page.DelayBook;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Makes snapshots for the page out of event lines and what a diagnosis says: delays from the first
 * to the last byte of the newest transfers of every connection, and verdicts with the time they
 * came and whether they still stand. One thread at a time.
 */
public final class ClusterView {
  private static final int MOST_VERDICTS = 50;

  private final String title;
  private final @Nullable Routes routes;
  private final DelayBook delays = new DelayBook();
  private final Set<String> hosts = new HashSet<>();
  private final List<Past> past = new ArrayList<>();
  private int world;

  /** A verdict, when it came, and whether it still stands. */
  private record Past(Verdict verdict, long atMillis, boolean open) {}

  /**
   * @param routes load of the fabric's links, or null
   */
  public ClusterView(String title, @Nullable Routes routes) {
    this.title = title;
    this.routes = routes;
  }

  /** Takes a line, as the diagnosis does. */
  public void accept(EventLine line) {
    switch (line) {
      case EventLine.Hello hello -> {
        hosts.add(hello.host());
        world = Math.max(world, Math.max(hello.world(), hello.rank() + 1));
      }
      case EventLine.Group group ->
          group.ranks().forEach(rank -> world = Math.max(world, rank + 1));
      case EventLine.Event event -> {
        world = Math.max(world, event.rank() + 1);
        delays.accept(event);
      }
      case EventLine.Heartbeat beat -> world = Math.max(world, beat.rank() + 1);
      case EventLine.Gone gone -> world = Math.max(world, gone.rank() + 1);
      case EventLine.Stat stat -> world = Math.max(world, stat.rank() + 1);
    }
  }

  /**
   * The state now.
   *
   * @param nowMillis since 1970
   */
  public ClusterSnapshot snapshot(Findings findings, long nowMillis) {
    remember(findings, nowMillis);
    int ranks = Math.max(1, Math.max(world, findings.ranksExpected()));
    List<RankState> states = new ArrayList<>(Collections.nCopies(ranks, RankState.HEALTHY));
    if (!findings.innocent().isEmpty()) {
      // A rank that is neither innocent, masked nor blamed has left no record.
      Collections.fill(states, RankState.SILENT);
      findings.innocent().forEach(rank -> set(states, rank, RankState.HEALTHY));
    }
    findings.masked().forEach(rank -> set(states, rank, RankState.MASKED));
    for (Verdict verdict : findings.verdicts()) {
      boolean exact = verdict.ambiguity().isEmpty();
      for (int rank : verdict.ranks()) {
        set(states, rank, exact ? RankState.CULPRIT : RankState.SUSPECT);
      }
    }
    Delays measured = delays.isEmpty() ? null : delays.over(ranks);
    return new ClusterSnapshot(
        title,
        nowMillis,
        hosts.isEmpty() ? 1 : Math.max(1, ranks / hosts.size()),
        ClusterSnapshot.states(states),
        measured,
        past.stream().map(ClusterView::finding).toList(),
        routes);
  }

  private static void set(List<RankState> states, int rank, RankState state) {
    if (rank >= 0 && rank < states.size()) {
      states.set(rank, state);
    }
  }

  /** New verdicts go in front; those no longer said are over. */
  private void remember(Findings findings, long nowMillis) {
    List<Verdict> said = findings.verdicts();
    for (int i = 0; i < past.size(); i++) {
      Past each = past.get(i);
      Verdict still = said.stream().filter(v -> v.sameFault(each.verdict)).findFirst().orElse(null);
      past.set(i, new Past(still == null ? each.verdict : still, each.atMillis, still != null));
    }
    for (Verdict verdict : said) {
      if (past.stream().noneMatch(each -> each.open && each.verdict.sameFault(verdict))) {
        past.addFirst(new Past(verdict, nowMillis, true));
      }
    }
    while (past.size() > MOST_VERDICTS) {
      past.removeLast();
    }
  }

  private static Finding finding(Past past) {
    Verdict verdict = past.verdict;
    String who =
        verdict.links().isEmpty()
            ? (verdict.ranks().size() == 1 ? "rank " : "ranks ") + join(verdict.ranks())
            : String.join(", ", verdict.links());
    String evidence = verdict.evidence().isEmpty() ? "" : verdict.evidence().getFirst();
    if (!verdict.ambiguity().isEmpty()) {
      evidence += " Cannot be told apart: " + String.join(", ", verdict.ambiguity()) + ".";
    }
    return new Finding(
        past.atMillis,
        verdict.syndrome().word(),
        who,
        verdict.ranks(),
        verdict.action().word(),
        evidence.strip(),
        past.open);
  }

  private static String join(List<Integer> ranks) {
    int shown = Math.min(8, ranks.size());
    var text = new StringBuilder();
    for (int i = 0; i < shown; i++) {
      text.append(i == 0 ? "" : ", ").append(ranks.get(i));
    }
    return ranks.size() > shown ? text + " and " + (ranks.size() - shown) + " more" : "" + text;
  }
}
