package dev.banyan.cluster.steer;

import dev.banyan.cluster.Action;
import dev.banyan.cluster.Findings;
import dev.banyan.cluster.Placement;
import dev.banyan.cluster.SteeringDecision;
import dev.banyan.cluster.SteeringDecision.Kind;
import dev.banyan.cluster.SteeringLimits;
import dev.banyan.cluster.SteeringState;
import dev.banyan.cluster.Verdict;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Decides about a diagnosis (C4 §3.3: isolate, take a spare, restart from the checkpoint), with two
 * limits of our own: an ambiguous verdict only counts a strike, and no more than a share of the
 * hosts is ever taken out. A pure function of state and findings.
 */
public final class Steering {
  private static final Pattern NUMBER = Pattern.compile("\\d+");

  private static final Pattern CONNECTION = Pattern.compile("\\d+->\\d+");

  private Steering() {}

  /** What to do now. */
  public static SteeringDecision decide(
      SteeringState state, Findings findings, SteeringLimits limits) {
    List<Verdict> verdicts = findings.verdicts();
    List<Verdict> acted =
        verdicts.stream()
            .filter(
                verdict -> verdict.action() == Action.ISOLATE || verdict.action() == Action.RESTART)
            .toList();
    boolean software = verdicts.stream().anyMatch(each -> each.action() == Action.FIX_SOFTWARE);
    if (software) {
      return stop(state, "the program is wrong, no machine is: " + headlines(verdicts), verdicts);
    }
    if (acted.isEmpty()) {
      return new SteeringDecision(Kind.GO_ON, List.of(), "nothing to act on", verdicts, state);
    }
    if (state.generation() >= limits.restarts()) {
      return stop(state, "restarted %d times already".formatted(state.generation()), acted);
    }
    Map<String, Integer> strikes = new HashMap<>(state.strikes());
    Set<String> isolate = new TreeSet<>();
    for (Verdict verdict : acted) {
      Set<String> hosts = hostsOf(verdict, state.placement());
      boolean sure = verdict.action() == Action.ISOLATE;
      for (String host : hosts) {
        int count = strikes.merge(host, 1, Integer::sum);
        if (sure || count >= limits.strikes()) {
          isolate.add(host);
        }
      }
    }
    return restart(state, limits, acted, strikes, isolate);
  }

  private static SteeringDecision restart(
      SteeringState state,
      SteeringLimits limits,
      List<Verdict> acted,
      Map<String, Integer> strikes,
      Set<String> isolate) {
    Set<String> isolated = new TreeSet<>(state.isolated());
    isolated.addAll(isolate);
    int most = Math.max(1, (int) Math.floor(limits.blastRadius() * state.hosts()));
    if (isolated.size() > most) {
      return stop(
          state,
          "%d of %d hosts would be isolated, at most %d may be: %s"
              .formatted(isolated.size(), state.hosts(), most, String.join(", ", isolated)),
          acted);
    }
    Placement before = state.placement();
    List<Integer> lost = before.ranksOn(isolate);
    List<String> spares =
        new ArrayList<>(before.spares().stream().filter(host -> !isolated.contains(host)).toList());
    if (spares.size() < lost.size()) {
      return stop(
          state,
          "%s cannot be replaced: %d of %d spares are left"
              .formatted(String.join(", ", isolate), spares.size(), lost.size()),
          acted);
    }
    List<String> slots = new ArrayList<>(before.slots());
    for (int rank : lost) {
      slots.set(rank, spares.removeFirst());
    }
    strikes.keySet().removeAll(isolated);
    var next =
        new SteeringState(
            new Placement(slots, spares), strikes, isolated, state.hosts(), state.generation() + 1);
    String reason =
        isolate.isEmpty()
            ? "restart on the same hosts: " + headlines(acted)
            : "isolate %s: %s".formatted(String.join(", ", isolate), headlines(acted));
    return new SteeringDecision(Kind.RESTART, List.copyOf(isolate), reason, acted, next);
  }

  /**
   * The host labels a verdict speaks of. Of a connection the sender's host, of a set all hosts in
   * it.
   */
  static Set<String> hostsOf(Verdict verdict, Placement placement) {
    Set<String> hosts = new TreeSet<>();
    boolean connection =
        verdict.links().size() == 1 && CONNECTION.matcher(verdict.links().getFirst()).matches();
    List<Integer> ranks =
        new ArrayList<>(connection ? List.of(sender(verdict.links().getFirst())) : verdict.ranks());
    for (String term : verdict.ambiguity()) {
      Matcher number = NUMBER.matcher(term.startsWith("group:") ? "" : term);
      while (number.find()) {
        ranks.add(Integer.parseInt(number.group()));
      }
    }
    for (int rank : ranks) {
      if (rank < placement.slots().size()) {
        hosts.add(placement.slots().get(rank));
      }
    }
    return hosts;
  }

  private static int sender(String link) {
    return Integer.parseInt(link.substring(0, link.indexOf('-')));
  }

  private static String headlines(List<Verdict> verdicts) {
    return String.join("; ", verdicts.stream().map(Verdict::headline).toList());
  }

  private static SteeringDecision stop(SteeringState state, String reason, List<Verdict> because) {
    return new SteeringDecision(Kind.STOP, List.of(), reason, because, state);
  }
}
