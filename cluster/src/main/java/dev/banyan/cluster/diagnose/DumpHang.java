package dev.banyan.cluster.diagnose;

import dev.banyan.cluster.Action;
import dev.banyan.cluster.CollectiveOp;
import dev.banyan.cluster.Syndrome;
import dev.banyan.cluster.Verdict;
import dev.banyan.cluster.diagnose.GroupLog.MemberLog;
import dev.banyan.cluster.read.OpRecord;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Who holds up a job that stands still, from what each rank recorded before it stopped: the members
 * that never entered an operation in which their peers wait (C4, §3.1, non-communication hang). A
 * member that is itself kept waiting by somebody absent elsewhere is masked, not blamed; the chain
 * is followed upstream to who waits for nobody. Linear in records.
 */
final class DumpHang {
  private static final int MOST_SENTENCES = 6;

  private final List<GroupLog> groups;
  private final Set<Integer> seen;

  /** rank → ranks that are absent where it waits. */
  private final Map<Integer, Set<Integer>> waitsFor = new TreeMap<>();

  /** absent rank → why. */
  private final Map<Integer, List<String>> absences = new TreeMap<>();

  /** rank without any dump → how many groups wait with everybody else present. */
  private final Map<Integer, Integer> unseen = new TreeMap<>();

  private final Map<Integer, List<String>> unseenWhy = new TreeMap<>();

  private DumpHang(List<GroupLog> groups, Set<Integer> seen) {
    this.groups = groups;
    this.seen = seen;
  }

  /**
   * @param verdicts hangs
   * @param masked ranks that wait behind a culprit
   * @param stopped whether anything waits
   */
  record Hang(List<Verdict> verdicts, Set<Integer> masked, boolean stopped) {}

  /**
   * @param seen ranks with a readable dump
   */
  static Hang of(List<GroupLog> groups, Set<Integer> seen) {
    return new DumpHang(groups, seen).judge();
  }

  private Hang judge() {
    groups.forEach(this::collectAbsences);
    Set<Integer> culprits = new TreeSet<>(absences.keySet());
    // Who is kept waiting by another absentee is masked; who waits only for itself is not.
    culprits.removeIf(rank -> waitsForOther(rank));
    List<Verdict> verdicts = new ArrayList<>();
    if (culprits.isEmpty() && !absences.isEmpty()) {
      verdicts.add(deadlock());
      culprits.addAll(absences.keySet());
    } else {
      culprits.forEach(rank -> verdicts.add(absent(rank)));
    }
    if (culprits.isEmpty()) {
      verdicts.addAll(pairHang());
      verdicts.forEach(verdict -> culprits.addAll(verdict.ranks()));
    }
    if (culprits.isEmpty() && !unseen.isEmpty()) {
      Verdict verdict = unseenCulprit();
      verdicts.add(verdict);
      culprits.addAll(verdict.ranks());
    }
    Set<Integer> stuck = waiting();
    if (verdicts.isEmpty() && !stuck.isEmpty()) {
      allEntered().forEach(verdicts::add);
      verdicts.forEach(verdict -> culprits.addAll(verdict.ranks()));
    }
    Set<Integer> masked = behind(culprits);
    addStale(verdicts, masked);
    return new Hang(verdicts, masked, !verdicts.isEmpty());
  }

  private boolean waitsForOther(int rank) {
    Set<Integer> others = waitsFor.getOrDefault(rank, Set.of());
    return others.stream().anyMatch(other -> other != rank);
  }

  private void collectAbsences(GroupLog group) {
    long last = group.lastOpen();
    if (last < 0) {
      last = lastOfSilent(group);
    }
    if (last < 0) {
      return;
    }
    Set<Integer> absent = new TreeSet<>();
    List<Integer> missing = new ArrayList<>();
    for (int member : group.members()) {
      MemberLog log = group.logs().get(member);
      if (log == null && !seen.contains(member)) {
        missing.add(member);
      } else if (log == null || log.entered() < last) {
        absent.add(member);
      }
    }
    List<Integer> waiting = new ArrayList<>();
    for (Map.Entry<Integer, MemberLog> each : group.logs().entrySet()) {
      MemberLog log = each.getValue();
      long open = lastOpen(log, last);
      if (open < 0) {
        continue;
      }
      if (log.entered() >= last) {
        waiting.add(each.getKey());
      }
      Set<Integer> keep = waitsFor.computeIfAbsent(each.getKey(), r -> new TreeSet<>());
      for (int other : absent) {
        MemberLog theirs = group.logs().get(other);
        if (other != each.getKey() && (theirs == null || theirs.entered() < open)) {
          keep.add(other);
        }
      }
    }
    for (int rank : absent) {
      absences
          .computeIfAbsent(rank, r -> new ArrayList<>())
          .add(absence(group, rank, last, waiting));
    }
    if (absent.isEmpty() && !waiting.isEmpty()) {
      for (int rank : missing) {
        unseen.merge(rank, 1, Integer::sum);
        unseenWhy
            .computeIfAbsent(rank, r -> new ArrayList<>())
            .add(
                "group "
                    + group.name()
                    + ": "
                    + Words.ranks(waiting)
                    + " wait in collective "
                    + last
                    + "; every other member that left a dump entered it");
      }
    }
  }

  private static long lastOpen(MemberLog log, long otherwise) {
    long open = -1;
    for (OpRecord op : log.collectives()) {
      boolean last = op.state() == OpRecord.State.UNKNOWN && op.seq() == otherwise;
      if (op.open() || last) {
        open = Math.max(open, op.seq());
      }
    }
    return open;
  }

  /** Where no end is ever told, a group in which somebody is behind waits at its last number. */
  private long lastOfSilent(GroupLog group) {
    long last = -1;
    boolean behind = false;
    if (group.logs().values().stream().allMatch(log -> log.collectives().isEmpty())) {
      return -1;
    }
    for (MemberLog log : group.logs().values()) {
      if (log.collectives().stream().anyMatch(op -> op.state() != OpRecord.State.UNKNOWN)) {
        return -1;
      }
      behind |= last >= 0 && log.entered() != last;
      last = Math.max(last, log.entered());
    }
    boolean missing = group.members().stream().anyMatch(rank -> !group.logs().containsKey(rank));
    return behind || missing ? last : -1;
  }

  private static String absence(GroupLog group, int rank, long last, List<Integer> waiting) {
    MemberLog log = group.logs().get(rank);
    long entered = log == null ? -1 : log.entered();
    OpRecord theirs = sample(group, last);
    return "group "
        + group.name()
        + " ("
        + group.members().size()
        + " members): "
        + Words.ranks(waiting)
        + " entered collective "
        + last
        + (theirs == null ? "" : " (" + theirs.name() + ")")
        + (waiting.size() == 1 ? " and waits; rank " : " and wait; rank ")
        + rank
        + (entered < 0
            ? " has no record of it, nor of anything later"
            : " entered nothing after " + entered)
        + (theirs == null || theirs.where().isEmpty() ? "" : "; called at " + theirs.where());
  }

  private static @org.jspecify.annotations.Nullable OpRecord sample(GroupLog group, long seq) {
    for (MemberLog log : group.logs().values()) {
      for (OpRecord op : log.collectives()) {
        if (op.seq() == seq) {
          return op;
        }
      }
    }
    return null;
  }

  private Verdict absent(int rank) {
    List<String> why = absences.getOrDefault(rank, List.of());
    List<String> evidence = new ArrayList<>(Words.some(why, MOST_SENTENCES));
    evidence.add(
        "rank "
            + rank
            + " itself waits for nobody who is absent; whether its process is alive is not in"
            + " these files");
    return new Verdict(
        Syndrome.NON_COMMUNICATION_HANG,
        List.of(rank),
        List.of(),
        List.of(),
        List.of("rank:" + rank, "processLoss:" + rank),
        0.95,
        evidence,
        Action.ISOLATE);
  }

  private Verdict deadlock() {
    List<Integer> ranks = List.copyOf(absences.keySet());
    List<String> evidence = new ArrayList<>();
    absences.forEach((rank, why) -> evidence.add(why.getFirst()));
    evidence.add("each of them waits for another of them: they entered groups in different orders");
    return new Verdict(
        Syndrome.MISMATCH,
        ranks,
        List.of(),
        List.of(),
        List.of(),
        0.8,
        Words.some(evidence, MOST_SENTENCES + 1),
        Action.FIX_SOFTWARE);
  }

  /** Receives without a send, sends without a receive: followed to a rank that waits for nobody. */
  private List<Verdict> pairHang() {
    Map<List<Integer>, int[]> pairs = new LinkedHashMap<>();
    Set<Integer> open = new TreeSet<>();
    for (GroupLog group : groups) {
      group
          .logs()
          .forEach(
              (rank, log) -> {
                for (OpRecord op : log.pairs()) {
                  if (op.open() && op.peer() >= 0) {
                    boolean send = op.op() == CollectiveOp.SEND;
                    List<Integer> pair = send ? List.of(rank, op.peer()) : List.of(op.peer(), rank);
                    pairs.computeIfAbsent(pair, p -> new int[2])[send ? 0 : 1]++;
                    open.add(rank);
                  }
                }
              });
    }
    Map<Integer, List<String>> blamed = new TreeMap<>();
    pairs.forEach(
        (pair, counts) -> {
          int from = pair.get(0);
          int to = pair.get(1);
          if (counts[0] == 0 && counts[1] > 0 && seen.contains(from) && !open.contains(from)) {
            blamed
                .computeIfAbsent(from, r -> new ArrayList<>())
                .add("rank " + to + " waits for data of rank " + from + ", which sends nothing");
          }
          if (counts[1] == 0 && counts[0] > 0 && seen.contains(to) && !open.contains(to)) {
            blamed
                .computeIfAbsent(to, r -> new ArrayList<>())
                .add("rank " + from + " sends to rank " + to + ", which receives nothing");
          }
        });
    List<Verdict> verdicts = new ArrayList<>();
    Set<Integer> waiting = waiting();
    blamed.forEach(
        (rank, why) -> {
          if (!waiting.contains(rank)) {
            verdicts.add(
                new Verdict(
                    Syndrome.NON_COMMUNICATION_HANG,
                    List.of(rank),
                    List.of(),
                    List.of(),
                    List.of("rank:" + rank, "processLoss:" + rank),
                    0.8,
                    Words.some(why, MOST_SENTENCES),
                    Action.ISOLATE));
          }
        });
    return verdicts;
  }

  /** Nobody present is absent, but dumps are missing: the guilty often leave none. */
  private Verdict unseenCulprit() {
    int most = unseen.values().stream().mapToInt(Integer::intValue).max().orElse(0);
    List<Integer> ranks = new ArrayList<>();
    unseen.forEach(
        (rank, count) -> {
          if (count == most) {
            ranks.add(rank);
          }
        });
    List<String> evidence = new ArrayList<>();
    for (int rank : ranks) {
      evidence.addAll(Words.some(unseenWhy.getOrDefault(rank, List.of()), 2));
    }
    boolean few = ranks.size() <= 3;
    evidence.add(Words.ranks(ranks) + " left no readable dump; all others are accounted for");
    List<String> ambiguity = new ArrayList<>();
    if (few) {
      ranks.forEach(rank -> ambiguity.add("rank:" + rank));
      if (ranks.size() == 1) {
        ambiguity.add("processLoss:" + ranks.getFirst());
      }
    }
    return new Verdict(
        Syndrome.NON_COMMUNICATION_HANG,
        ranks,
        List.of(),
        List.of(),
        ambiguity,
        ranks.size() == 1 ? 0.8 : few ? 0.5 : 0.2,
        Words.some(evidence, MOST_SENTENCES + 1),
        ranks.size() == 1 ? Action.ISOLATE : Action.PROBE);
  }

  /** All members entered and some never leave: the group whose operation is oldest. */
  private List<Verdict> allEntered() {
    GroupLog oldest = null;
    OpRecord op = null;
    for (GroupLog group : groups) {
      for (MemberLog log : group.logs().values()) {
        for (OpRecord each : log.collectives()) {
          if (each.open() && (op == null || each.createdNanos() < op.createdNanos())) {
            oldest = group;
            op = each;
          }
        }
      }
    }
    if (oldest == null || op == null) {
      return List.of();
    }
    List<Integer> notStarted = new ArrayList<>();
    List<Integer> started = new ArrayList<>();
    List<Integer> inside = new ArrayList<>();
    for (Map.Entry<Integer, MemberLog> each : oldest.logs().entrySet()) {
      for (OpRecord theirs : each.getValue().collectives()) {
        if (theirs.seq() == op.seq() && theirs.open()) {
          inside.add(each.getKey());
          (theirs.state() == OpRecord.State.STARTED ? started : notStarted).add(each.getKey());
        }
      }
    }
    String all = "group " + oldest.name() + ", collective " + op.seq() + " (" + op.name() + "): ";
    if (!started.isEmpty() && !notStarted.isEmpty() && 2 * notStarted.size() <= inside.size()) {
      return List.of(
          new Verdict(
              Syndrome.NON_COMMUNICATION_HANG,
              notStarted,
              List.of(),
              List.of(),
              List.of(),
              0.7,
              List.of(
                  all
                      + Words.ranks(started)
                      + " started it on the device, "
                      + Words.ranks(notStarted)
                      + " only enqueued it: the device is busy with something before it"),
              Action.ISOLATE));
    }
    boolean few = inside.size() <= 3;
    List<String> ambiguity = new ArrayList<>();
    if (few) {
      inside.forEach(rank -> ambiguity.add("rank:" + rank));
    } else {
      ambiguity.add("group:" + oldest.name());
    }
    return List.of(
        new Verdict(
            Syndrome.COMMUNICATION_HANG,
            few ? inside : List.of(),
            List.of(),
            List.of(),
            ambiguity,
            0.4,
            List.of(
                all
                    + Words.ranks(inside)
                    + " entered it and none of them left it: if the job stood still when this was"
                    + " written, a connection between them is stuck",
                "probe: send between each two of them, one pair at a time; the pair that fails is"
                    + " the link"),
            Action.PROBE));
  }

  /** Ranks with an operation that has not ended. */
  private Set<Integer> waiting() {
    Set<Integer> waiting = new TreeSet<>();
    for (GroupLog group : groups) {
      group
          .logs()
          .forEach(
              (rank, log) -> {
                if (log.collectives().stream().anyMatch(OpRecord::open)
                    || log.pairs().stream().anyMatch(OpRecord::open)) {
                  waiting.add(rank);
                }
              });
    }
    waiting.addAll(waitsFor.keySet());
    return waiting;
  }

  /** Ranks that wait in a group, or for a peer, in which a culprit or a masked rank stands. */
  private Set<Integer> behind(Set<Integer> culprits) {
    Map<Integer, Set<Integer>> beside = new HashMap<>();
    for (GroupLog group : groups) {
      group
          .logs()
          .forEach(
              (rank, log) -> {
                boolean open =
                    log.collectives().stream().anyMatch(OpRecord::open)
                        || (waitsFor.containsKey(rank) && !log.collectives().isEmpty());
                Set<Integer> with = beside.computeIfAbsent(rank, r -> new TreeSet<>());
                if (open) {
                  with.addAll(group.members());
                }
                for (OpRecord op : log.pairs()) {
                  if (op.open() && op.peer() >= 0) {
                    with.add(op.peer());
                  }
                }
              });
    }
    Set<Integer> masked = new TreeSet<>();
    boolean more = !culprits.isEmpty();
    while (more) {
      more = false;
      for (Map.Entry<Integer, Set<Integer>> each : beside.entrySet()) {
        int rank = each.getKey();
        if (!culprits.contains(rank) && !masked.contains(rank)) {
          boolean behind =
              each.getValue().stream()
                  .anyMatch(other -> culprits.contains(other) || masked.contains(other));
          if (behind) {
            masked.add(rank);
            more = true;
          }
        }
      }
    }
    return masked;
  }

  /** A masked rank that holds open what its peers have completed is the one to look at next. */
  private void addStale(List<Verdict> verdicts, Set<Integer> masked) {
    if (verdicts.isEmpty()) {
      return;
    }
    List<String> stale = new ArrayList<>();
    for (int rank : masked) {
      groups.stream()
          .map(group -> staleIn(group, rank))
          .filter(sentence -> !sentence.isEmpty())
          .max(Comparator.comparingInt(String::length))
          .ifPresent(stale::add);
    }
    if (!stale.isEmpty()) {
      Verdict first = verdicts.getFirst();
      List<String> evidence = new ArrayList<>(first.evidence());
      evidence.addAll(Words.some(stale, 3));
      verdicts.set(
          0,
          new Verdict(
              first.syndrome(),
              first.ranks(),
              first.hosts(),
              first.links(),
              first.ambiguity(),
              first.confidence(),
              evidence,
              first.action()));
    }
  }

  private static String staleIn(GroupLog group, int rank) {
    MemberLog log = group.logs().get(rank);
    if (log == null) {
      return "";
    }
    long first =
        log.collectives().stream().filter(OpRecord::open).mapToLong(OpRecord::seq).min().orElse(-1);
    if (first < 0) {
      return "";
    }
    long others = Long.MAX_VALUE;
    for (Map.Entry<Integer, MemberLog> each : group.logs().entrySet()) {
      if (each.getKey() != rank) {
        long open =
            each.getValue().collectives().stream()
                .filter(OpRecord::open)
                .mapToLong(OpRecord::seq)
                .min()
                .orElse(-1);
        if (open < 0) {
          return "";
        }
        others = Math.min(others, open);
      }
    }
    return others == Long.MAX_VALUE || others <= first + 2
        ? ""
        : "rank "
            + rank
            + " is masked, and should be looked at next: in group "
            + group.name()
            + " it holds collectives from "
            + first
            + " open, while its peers completed all before "
            + others;
  }
}
