package dev.banyan.cluster.diagnose;

import dev.banyan.cluster.Verdict;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * The whole diagnosis over event tables: mismatch, loss and hang where something stands still;
 * otherwise stragglers, and the delay matrix of what is left. A straggler's own connections are
 * slow with it (a throttled processor also sends and receives slowly), and only compute makes the
 * time between operations longer, so what a straggler touches is taken out of the matrix, and the
 * rank at the other end of a slow one is masked: it may be at fault too. So is, beside a verdict,
 * what this window would blame and the windows before do not yet.
 */
public final class EventDiagnosis {
  private final Job job;
  private final List<EventTables> tables;
  private final SlowWindows windows;
  private List<Verdict> slow = List.of();
  private Set<Integer> unjudged = Set.of();

  /**
   * @param tables one per reading thread
   * @param windowSeconds length of a window
   */
  public EventDiagnosis(Job job, List<EventTables> tables, double windowSeconds) {
    this.job = job;
    this.tables = List.copyOf(tables);
    this.windows = new SlowWindows(job, windowSeconds);
  }

  /**
   * @param verdicts the faults, surest first
   * @param masked ranks that wait behind a culprit, or of which a culprit hides too much
   */
  public record Outcome(List<Verdict> verdicts, Set<Integer> masked) {}

  /** Ends the window that is open. No thread may write to the tables meanwhile. */
  public void closeWindow() {
    SlowWindows.Window window = windows.close(tables);
    tables.forEach(EventTables::nextWindow);
    List<Verdict> found = new ArrayList<>(WaitChain.stragglers(window.paces()));
    Set<Integer> late = new TreeSet<>();
    found.forEach(verdict -> late.addAll(verdict.ranks()));
    List<Cell> cells = new ArrayList<>();
    Map<Integer, Double> slowest = new HashMap<>(); // excess by rank, of what a straggler touches
    Set<Integer> hidden = new TreeSet<>();
    for (Cell cell : window.cells()) {
      if (!late.contains(cell.from()) && !late.contains(cell.to())) {
        cells.add(cell);
      } else if (cell.slow()) {
        for (int rank : new int[] {cell.from(), cell.to()}) {
          slowest.merge(rank, cell.excess(), Math::max);
          hidden.add(rank);
        }
      }
    }
    cells.replaceAll(cell -> DelayMatrix.echoes(cell, slowest) ? cell.healthy() : cell);
    found.addAll(DelayMatrix.explain(cells));
    if (!found.isEmpty()) {
      window.paces().stream().filter(Pace::late).forEach(pace -> hidden.add(pace.rank()));
      List<Cell> soon = cells.stream().map(cell -> cell.judged(cell.late())).toList();
      DelayMatrix.explain(soon).forEach(verdict -> hidden.addAll(verdict.ranks()));
      found.forEach(verdict -> hidden.removeAll(verdict.ranks()));
    }
    slow = found.stream().map(this::withHosts).toList();
    unjudged = hidden;
  }

  /** What the last window said. */
  public List<Verdict> slow() {
    return slow;
  }

  private Verdict withHosts(Verdict verdict) {
    List<String> hosts =
        verdict.ranks().stream().map(job::host).filter(host -> !host.isEmpty()).distinct().toList();
    return new Verdict(
        verdict.syndrome(),
        verdict.ranks(),
        hosts,
        verdict.links(),
        verdict.ambiguity(),
        verdict.confidence(),
        verdict.evidence(),
        verdict.action());
  }

  /**
   * What can be said now. No thread may write to the tables meanwhile.
   *
   * @param sharedNanos now on the clock that all hosts share, or {@link Long#MIN_VALUE} when they
   *     have their own: then a host's now is its newest event
   */
  public Outcome now(long sharedNanos) {
    HostClocks clocks = HostClocks.of(job, tables);
    EventHang.Hang hang =
        sharedNanos == Long.MIN_VALUE
            ? EventHang.judge(job, tables, clocks::now, clocks::shift)
            : EventHang.judge(job, tables, rank -> sharedNanos, rank -> 0);
    if (!hang.verdicts().isEmpty()) {
      List<Verdict> verdicts = new ArrayList<>(hang.verdicts());
      return new Outcome(verdicts, hang.masked());
    }
    return new Outcome(slow, unjudged);
  }

  /** Ranks that wrote anything. */
  public Set<Integer> ranksSeen() {
    Set<Integer> seen = new TreeSet<>();
    for (EventTables table : tables) {
      for (int r = 0; r < table.ranks.size(); r++) {
        seen.add((int) table.ranks.first(r));
      }
    }
    return seen;
  }

  /** Ranks that the streams speak of. */
  public int ranksExpected() {
    return Math.max(job.world(), ranksSeen().size());
  }
}
