package dev.banyan.cluster.diagnose;

import dev.banyan.cluster.Action;
import dev.banyan.cluster.CollectiveOp;
import dev.banyan.cluster.Syndrome;
import dev.banyan.cluster.Verdict;
import dev.banyan.cluster.diagnose.GroupLog.MemberLog;
import dev.banyan.cluster.read.OpRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Members that did different things at the same number of the same group: another operation, other
 * shapes or types where all must agree. One verdict for each group, however many places differ.
 * Linear in records.
 */
final class DumpMismatch {
  private DumpMismatch() {}

  /** One verdict for every group whose members disagree. */
  static List<Verdict> find(List<GroupLog> groups) {
    List<Verdict> verdicts = new ArrayList<>();
    for (GroupLog group : groups) {
      Verdict verdict = of(group);
      if (verdict != null) {
        verdicts.add(verdict);
      }
    }
    return verdicts;
  }

  private static @org.jspecify.annotations.Nullable Verdict of(GroupLog group) {
    Map<Long, Map<String, Set<Integer>>> places = new TreeMap<>();
    group
        .logs()
        .forEach(
            (rank, log) -> {
              for (OpRecord op : log.collectives()) {
                places
                    .computeIfAbsent(op.seq(), s -> new TreeMap<>())
                    .computeIfAbsent(signature(op), s -> new TreeSet<>())
                    .add(rank);
              }
            });
    places.values().removeIf(did -> did.size() < 2);
    if (places.isEmpty()) {
      return null;
    }
    Map.Entry<Long, Map<String, Set<Integer>>> first = places.entrySet().iterator().next();
    Map<String, Set<Integer>> did = first.getValue();
    int most = did.values().stream().mapToInt(Set::size).max().orElse(0);
    boolean clear = did.values().stream().filter(ranks -> ranks.size() == most).count() == 1;
    Set<Integer> odd = new TreeSet<>();
    List<String> evidence = new ArrayList<>();
    did.forEach(
        (what, ranks) -> {
          if (!clear || ranks.size() < most) {
            odd.addAll(ranks);
          }
          evidence.add(
              "group "
                  + group.name()
                  + ", collective "
                  + first.getKey()
                  + ": "
                  + Words.ranks(ranks)
                  + " called "
                  + what
                  + where(group, ranks.iterator().next(), first.getKey()));
        });
    List<String> told = new ArrayList<>(Words.some(evidence, 4));
    if (places.size() > 1) {
      told.add((places.size() - 1) + " later collectives of this group differ as well");
    }
    told.add("the program differs between ranks; no machine is at fault");
    return new Verdict(
        Syndrome.MISMATCH,
        List.copyOf(odd),
        List.of(),
        List.of(),
        clear ? List.of() : odd.stream().limit(3).map(rank -> "rank:" + rank).toList(),
        clear ? 0.95 : 0.7,
        told,
        Action.FIX_SOFTWARE);
  }

  private static String where(GroupLog group, int rank, long seq) {
    MemberLog log = group.logs().get(rank);
    if (log == null) {
      return "";
    }
    for (OpRecord op : log.collectives()) {
      if (op.seq() == seq && !op.where().isEmpty()) {
        return " at " + op.where();
      }
    }
    return "";
  }

  /** What must be alike: of all-to-all, gather and scatter shapes may differ between ranks. */
  private static String signature(OpRecord op) {
    boolean alike =
        switch (op.op()) {
          case ALL_REDUCE, BROADCAST, REDUCE_SCATTER, ALL_GATHER -> true;
          default -> false;
        };
    if (op.op() == CollectiveOp.ALL_GATHER || op.op() == CollectiveOp.REDUCE_SCATTER) {
      alike = op.name().contains("_base");
    }
    String name = op.op() == CollectiveOp.OTHER ? op.name() : op.op().word();
    return alike ? name + " of " + op.sizes() : name;
  }
}
