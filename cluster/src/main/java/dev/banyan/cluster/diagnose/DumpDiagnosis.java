package dev.banyan.cluster.diagnose;

import dev.banyan.cluster.Verdict;
import dev.banyan.cluster.read.RankDump;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** The whole diagnosis over dumps: mismatch first, then who holds up the rest, then who is slow. */
public final class DumpDiagnosis {
  private DumpDiagnosis() {}

  /**
   * @param verdicts the faults
   * @param masked ranks that wait
   * @param seen ranks with a dump
   * @param expected ranks that the groups name
   * @param notes what the reader should know
   */
  public record Outcome(
      List<Verdict> verdicts,
      Set<Integer> masked,
      Set<Integer> seen,
      int expected,
      List<String> notes) {}

  /** Judges the dumps of one job. */
  public static Outcome judge(List<RankDump> dumps) {
    List<GroupLog> groups = Assembly.groups(dumps);
    Set<Integer> seen = new TreeSet<>();
    Set<Integer> named = new TreeSet<>();
    dumps.forEach(dump -> seen.add(dump.rank()));
    groups.forEach(group -> named.addAll(group.members()));
    named.addAll(seen);
    List<String> notes = new ArrayList<>();
    List<Verdict> verdicts = new ArrayList<>(DumpMismatch.find(groups));
    Set<Integer> masked = new TreeSet<>();
    DumpHang.Hang hang = DumpHang.of(groups, seen);
    if (verdicts.isEmpty()) {
      verdicts.addAll(hang.verdicts());
    }
    // Behind a mismatch the rest stands still because of it: it is masked, not blamed.
    if (!verdicts.isEmpty()) { // of who left no dump nothing can be said
      masked.addAll(named);
      masked.removeAll(seen);
    }
    masked.addAll(hang.masked());
    hang.verdicts().forEach(verdict -> masked.addAll(verdict.ranks()));
    verdicts.forEach(verdict -> masked.removeAll(verdict.ranks()));
    if (verdicts.isEmpty()) {
      verdicts.addAll(DumpPace.stragglers(groups, notes));
    }
    return new Outcome(verdicts, masked, seen, named.size(), notes);
  }
}
