package dev.banyan.cluster.diagnose;

import dev.banyan.cluster.Action;
import dev.banyan.cluster.Syndrome;
import dev.banyan.cluster.Verdict;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/**
 * The wait chain (C4, §3): where transfers are receiver-driven a late rank makes its neighbours
 * wait and itself waits for nobody, so the straggler has the longest time between operations and
 * the least inside them, window after window.
 */
final class WaitChain {
  private WaitChain() {}

  /** The stragglers of one window, each named once. */
  static List<Verdict> stragglers(List<Pace> paces) {
    TreeMap<Integer, Pace> worst = new TreeMap<>();
    for (Pace pace : paces) {
      if (pace.slow()) {
        worst.merge(pace.rank(), pace, (a, b) -> a.gapSeconds() >= b.gapSeconds() ? a : b);
      }
    }
    List<Verdict> verdicts = new ArrayList<>();
    for (Pace pace : worst.values()) {
      String rank = "rank " + pace.rank();
      verdicts.add(
          new Verdict(
              Syndrome.NON_COMMUNICATION_SLOW,
              List.of(pace.rank()),
              List.of(),
              List.of(),
              List.of(),
              pace.own() ? 0.8 : 0.95,
              List.of(
                  rank
                      + " spends "
                      + Words.time(pace.gapSeconds())
                      + " between operations of group "
                      + pace.group()
                      + (pace.own() ? ", in its own healthy windows " : ", the median rank ")
                      + Words.time(pace.typicalGap())
                      + ", in three of the last five windows",
                  rank
                      + " spends "
                      + Words.time(pace.insideSeconds())
                      + " inside an operation, the median rank "
                      + Words.time(pace.typicalInside())
                      + ": it waits least, the others wait for it"),
              Action.ISOLATE));
    }
    return verdicts;
  }
}
