package dev.banyan.cluster.diagnose;

import dev.banyan.cluster.Action;
import dev.banyan.cluster.Syndrome;
import dev.banyan.cluster.Verdict;
import dev.banyan.cluster.read.Ras;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * NCCL RAS: members considered dead, members that do not answer, and operation counts that are
 * behind and, between snapshots, do not move. One snapshot is not taken at one moment, so a
 * difference of one means nothing in it.
 */
public final class RasRules {
  private RasRules() {}

  /**
   * @param verdicts faults
   * @param seen ranks that answered
   * @param expected ranks there should be
   * @param masked ranks that wait
   * @param notes remarks
   */
  public record Outcome(
      List<Verdict> verdicts,
      Set<Integer> seen,
      int expected,
      Set<Integer> masked,
      List<String> notes) {}

  /** Judges the snapshots of one job, in the order they were taken. */
  public static Outcome judge(List<Ras.Snapshot> snapshots) {
    Map<String, Ras.Communicator> first = new HashMap<>();
    List<Verdict> verdicts = new ArrayList<>();
    List<String> notes = new ArrayList<>();
    Set<Integer> seen = new TreeSet<>();
    Set<Integer> masked = new TreeSet<>();
    int expected = 0;
    Ras.Snapshot last = snapshots.getLast();
    for (Ras.Snapshot snapshot : snapshots) {
      snapshot.communicators().forEach(each -> first.putIfAbsent(each.hash(), each));
    }
    for (Ras.Communicator now : last.communicators()) {
      expected = Math.max(expected, now.size());
    }
    for (Ras.Communicator now : last.communicators()) {
      boolean whole = now.size() == expected;
      if (whole) {
        seen.addAll(now.members().keySet());
      }
      // Ranks are those of the communicator; only of the largest are they the job's.
      String group = "communicator " + now.hash() + " (" + now.size() + " ranks)";
      missing(now, group, verdicts);
      Ras.Communicator before = snapshots.size() > 1 ? first.get(now.hash()) : null;
      if (verdicts.isEmpty()) {
        behind(now, before, group, verdicts, masked, notes);
      }
      now.members()
          .forEach(
              (rank, member) -> {
                if (!member.error().isEmpty()) {
                  notes.add(group + ": rank " + rank + " reports error " + member.error());
                }
              });
    }
    verdicts.forEach(verdict -> masked.removeAll(verdict.ranks()));
    return new Outcome(verdicts, seen, expected, masked, notes);
  }

  private static void missing(Ras.Communicator now, String group, List<Verdict> verdicts) {
    now.missing()
        .forEach(
            (rank, missing) -> {
              boolean known = verdicts.stream().anyMatch(v -> v.ranks().equals(List.of(rank)));
              if (known) {
                return;
              }
              verdicts.add(
                  new Verdict(
                      missing.dead() ? Syndrome.PROCESS_LOSS : Syndrome.NON_COMMUNICATION_HANG,
                      List.of(rank),
                      missing.host().isEmpty() ? List.of() : List.of(missing.host()),
                      List.of(),
                      missing.dead() ? List.of() : List.of("rank:" + rank, "processLoss:" + rank),
                      missing.dead() ? 0.85 : 0.7,
                      List.of(
                          group
                              + ": rank "
                              + rank
                              + (missing.pid() >= 0 ? " (pid " + missing.pid() + ")" : "")
                              + (missing.dead()
                                  ? " is considered dead by its peers: their connections to it"
                                      + " broke"
                                  : " does not answer its peers")),
                      Action.ISOLATE));
            });
  }

  private static void behind(
      Ras.Communicator now,
      Ras.@org.jspecify.annotations.Nullable Communicator before,
      String group,
      List<Verdict> verdicts,
      Set<Integer> masked,
      List<String> notes) {
    if (now.members().size() < 2) {
      return;
    }
    long most = now.members().values().stream().mapToLong(Ras.Member::operations).max().orElse(0);
    Set<Integer> late = new TreeSet<>();
    long least = most;
    for (Ras.Member member : now.members().values()) {
      least = Math.min(least, member.operations());
    }
    boolean moved = before == null;
    for (Map.Entry<Integer, Ras.Member> each : now.members().entrySet()) {
      if (each.getValue().operations() < most) {
        late.add(each.getKey());
      }
      Ras.Member then = before == null ? null : before.members().get(each.getKey());
      moved |= then != null && then.operations() != each.getValue().operations();
    }
    boolean still = before != null && !moved;
    if (late.isEmpty()) {
      if (still) {
        notes.add(
            group
                + ": all ranks stand at "
                + most
                + " operations and none moved between snapshots: idle, or all inside the last one");
      }
      return;
    }
    if (!still && (before != null || most - least < 2)) {
      return;
    }
    Set<Integer> others = new TreeSet<>(now.members().keySet());
    others.removeAll(late);
    masked.addAll(others);
    boolean few = late.size() <= 3;
    for (int rank : late) {
      if (!few) {
        break;
      }
      Ras.Member member = now.members().get(rank);
      verdicts.add(
          new Verdict(
              Syndrome.NON_COMMUNICATION_HANG,
              List.of(rank),
              member == null || member.host().isEmpty() ? List.of() : List.of(member.host()),
              List.of(),
              List.of(),
              still ? 0.9 : 0.6,
              List.of(
                  group
                      + ": rank "
                      + rank
                      + " began "
                      + (member == null ? 0 : member.operations())
                      + " operations, "
                      + Words.ranks(others)
                      + " began "
                      + most,
                  still
                      ? "no count moved between the first and the last snapshot"
                      : "there is one snapshot; another five seconds later would tell whether the"
                          + " counts stand still"),
              still ? Action.ISOLATE : Action.PROBE));
    }
    if (!few) {
      notes.add(
          group + ": " + Words.ranks(late) + " are behind, too many to be the cause of one hang");
    }
  }
}
