package dev.banyan.cluster;

import dev.banyan.cluster.diagnose.EventDiagnosis;
import dev.banyan.cluster.diagnose.EventTables;
import dev.banyan.cluster.diagnose.Job;
import dev.banyan.cluster.ingest.EventStream;
import dev.banyan.cluster.read.EventCursor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * A diagnosis that is fed while the job runs. One thread at a time may call; what it says depends
 * only on the lines and the moments it was given.
 *
 * <pre>{@code
 * var live = new LiveDiagnosis(4, true);
 * lines.forEach(live::accept);
 * Findings now = live.at(System.nanoTime());
 * }</pre>
 */
public final class LiveDiagnosis {
  /** Lines may come this late behind the clock before their window is closed. */
  private static final long GRACE_NANOS = 300_000_000L;

  private final Job job = new Job();
  private final EventTables tables = new EventTables();
  private final EventDiagnosis diagnosis;
  private final boolean sharedClock;
  private final long windowNanos;
  private final Map<Integer, Map<String, Integer>> groups = new HashMap<>();
  private long windowEnd = Long.MIN_VALUE;

  /**
   * @param windowSeconds length of a window; 4 is the default everywhere
   * @param sharedClock whether the lines' clock is the one of {@link #at}, as on one machine;
   *     otherwise a host's now is its newest line
   */
  public LiveDiagnosis(double windowSeconds, boolean sharedClock) {
    this.sharedClock = sharedClock;
    this.windowNanos = (long) (windowSeconds * 1e9);
    this.diagnosis = new EventDiagnosis(job, List.of(tables), windowSeconds);
  }

  /** Takes one line of any rank; lines of one rank come in order. */
  public void accept(EventLine line) {
    switch (line) {
      case EventLine.Hello hello -> {
        job.hello(hello);
        if (hello.rank() >= 0) {
          tables.rank(hello.rank());
          groups.remove(hello.rank());
        }
      }
      case EventLine.Group group -> {
        int number = job.group(group.comm(), group.ranks());
        for (int rank : group.ranks()) {
          groups.computeIfAbsent(rank, r -> new HashMap<>()).put(group.comm(), number);
        }
      }
      case EventLine.Heartbeat beat -> tables.beat(beat.tNanos(), beat.rank(), beat.step());
      case EventLine.Gone gone -> job.gone(gone);
      case EventLine.Stat stat -> job.stat(stat);
      case EventLine.Event e ->
          tables.event(
              e.ev(),
              e.tNanos(),
              e.rank(),
              groups
                  .computeIfAbsent(e.rank(), r -> new HashMap<>())
                  .computeIfAbsent(e.comm(), name -> job.group(name, List.of())),
              e.seq(),
              e.op().ordinal(),
              job.algo(e.algo()),
              e.bytes(),
              e.channel(),
              e.peer());
    }
  }

  /** A stream whose lines go straight to this diagnosis when it is advanced. */
  EventStream stream(EventCursor cursor) {
    return new EventStream(cursor, job, tables);
  }

  /**
   * What can be said now. Windows end on this clock.
   *
   * @param nowNanos a monotonic clock, for example {@link System#nanoTime}
   */
  public Findings at(long nowNanos) {
    if (windowEnd == Long.MIN_VALUE) {
      windowEnd = nowNanos + windowNanos;
    }
    while (nowNanos - GRACE_NANOS >= windowEnd) {
      diagnosis.closeWindow();
      windowEnd += windowNanos;
    }
    EventDiagnosis.Outcome outcome = diagnosis.now(sharedClock ? nowNanos : Long.MIN_VALUE);
    List<Verdict> verdicts = new ArrayList<>(outcome.verdicts());
    Set<Integer> seen = diagnosis.ranksSeen();
    Set<Integer> innocent = new TreeSet<>(seen);
    innocent.removeAll(outcome.masked());
    verdicts.forEach(verdict -> innocent.removeAll(verdict.ranks()));
    return new Findings(
        verdicts,
        List.copyOf(innocent),
        List.copyOf(outcome.masked()),
        List.of(),
        List.of(),
        seen.size(),
        diagnosis.ranksExpected(),
        0);
  }
}
