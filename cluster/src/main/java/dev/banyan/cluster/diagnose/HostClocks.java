package dev.banyan.cluster.diagnose;

import dev.banyan.cluster.EventLine;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * What time it is on every host, when all that is there are records. A host's now is its newest
 * event, or the job's end (the median of all hosts' newest events) put on its clock, if later: so a
 * host that fell silent is seen to have. Wall clocks are trusted to half a minute; where a host's
 * differs by more from the others' when its rank began, the ranks are taken to have begun together.
 */
public final class HostClocks {
  private static final long TRUSTED_NANOS = 30_000_000_000L;

  private final Map<String, Long> newest;
  private final Map<String, Long> shift;
  private final Job job;
  private final long end;

  private HostClocks(Job job, Map<String, Long> newest, Map<String, Long> shift, long end) {
    this.job = job;
    this.newest = newest;
    this.shift = shift;
    this.end = end;
  }

  /** What must be added to a host's monotonic time to get the job's common time. */
  public static Map<String, Long> shifts(Job job) {
    Map<Integer, EventLine.Hello> hellos = job.hellos();
    long[] begins = hellos.values().stream().mapToLong(EventLine.Hello::wallNanos).toArray();
    Arrays.sort(begins);
    Map<String, Long> shifts = new HashMap<>();
    hellos.forEach(
        (rank, hello) -> {
          long middle = begins[begins.length / 2];
          long wall = hello.wallNanos();
          boolean trusted = Math.abs(wall - middle) <= TRUSTED_NANOS;
          shifts.putIfAbsent(clock(job, rank), (trusted ? wall : middle) - hello.tNanos());
        });
    return shifts;
  }

  static HostClocks of(Job job, Iterable<EventTables> tables) {
    Map<String, Long> newest = new HashMap<>();
    for (EventTables table : tables) {
      for (int r = 0; r < table.ranks.size(); r++) {
        newest.merge(clock(job, (int) table.ranks.first(r)), table.lastNanos[r], Math::max);
      }
    }
    Map<String, Long> shift = shifts(job);
    long[] ends =
        newest.entrySet().stream()
            .filter(each -> shift.containsKey(each.getKey()))
            .mapToLong(each -> each.getValue() + shift.getOrDefault(each.getKey(), 0L))
            .toArray();
    Arrays.sort(ends);
    long end = ends.length == 0 ? Long.MIN_VALUE : ends[ends.length / 2];
    return new HostClocks(job, newest, shift, end);
  }

  /** Now, on the clock of this rank's host. */
  long now(int rank) {
    String clock = clock(job, rank);
    long own = newest.getOrDefault(clock, 0L);
    Long by = shift.get(clock);
    return by == null || end == Long.MIN_VALUE ? own : Math.max(own, end - by);
  }

  /** What must be added to a rank's times for the job's common time; the least long if unknown. */
  long shift(int rank) {
    return shift.getOrDefault(clock(job, rank), Long.MIN_VALUE);
  }

  /** Ranks of one host label share a clock; without a label each has its own. */
  public static String clock(Job job, int rank) {
    String host = job.host(rank);
    return host.isEmpty() ? "rank " + rank : host;
  }
}
