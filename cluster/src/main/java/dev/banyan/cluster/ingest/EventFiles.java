package dev.banyan.cluster.ingest;

import dev.banyan.cluster.Unreadable;
import dev.banyan.cluster.Verdict;
import dev.banyan.cluster.diagnose.EventDiagnosis;
import dev.banyan.cluster.diagnose.EventTables;
import dev.banyan.cluster.diagnose.HostClocks;
import dev.banyan.cluster.diagnose.Job;
import dev.banyan.cluster.read.BinaryEventCursor;
import dev.banyan.cluster.read.EventCursor;
import dev.banyan.cluster.read.JsonEventCursor;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Event files of one job, whole: read side by side, window by window, in a fixed amount of memory
 * whatever their length.
 */
public final class EventFiles {
  /** Opens a file's bytes. */
  public interface Opener {
    InputStream open() throws IOException;
  }

  /**
   * A file.
   *
   * @param binary whether it is in the binary form
   */
  public record Source(String path, boolean binary, Opener opener) {}

  /**
   * @param verdicts faults that stand at the end, then those that passed
   * @param masked ranks that wait
   * @param seen ranks with records
   * @param expected ranks the records speak of
   * @param unreadable places that were passed by
   * @param events how many were read
   */
  public record Outcome(
      List<Verdict> verdicts,
      Set<Integer> masked,
      Set<Integer> seen,
      int expected,
      List<Unreadable> unreadable,
      long events) {}

  private EventFiles() {}

  /** Reads and diagnoses them. */
  public static Outcome read(List<Source> sources, double windowSeconds, int threads)
      throws IOException, InterruptedException {
    List<Unreadable> unreadable = Collections.synchronizedList(new ArrayList<>());
    var job = new Job();
    List<EventTables> tables = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      tables.add(new EventTables());
    }
    List<EventStream> streams = new ArrayList<>();
    List<List<EventStream>> shares = new ArrayList<>();
    tables.forEach(table -> shares.add(new ArrayList<>()));
    ExecutorService workers = Executors.newFixedThreadPool(threads);
    try {
      for (Source source : sources) {
        int share = streams.size() % threads;
        EventCursor cursor = cursor(source, unreadable::add);
        var stream = new EventStream(cursor, job, tables.get(share));
        streams.add(stream);
        shares.get(share).add(stream);
        stream.prime();
      }
      Map<String, Long> shifts = HostClocks.shifts(job);
      for (EventStream stream : streams) {
        stream.shift(shifts.getOrDefault(HostClocks.clock(job, stream.rank()), 0L));
      }
      var diagnosis = new EventDiagnosis(job, tables, windowSeconds);
      List<Verdict> passed = new ArrayList<>();
      run(shares, streams, diagnosis, (long) (windowSeconds * 1e9), workers, passed);
      streams.forEach(EventStream::finish);
      EventDiagnosis.Outcome end = diagnosis.now(Long.MIN_VALUE);
      List<Verdict> verdicts = new ArrayList<>(end.verdicts());
      passed.stream()
          .filter(each -> verdicts.stream().noneMatch(known -> known.sameFault(each)))
          .forEach(verdicts::add);
      long events = streams.stream().mapToLong(EventStream::events).sum();
      return new Outcome(
          verdicts,
          new TreeSet<>(end.masked()),
          diagnosis.ranksSeen(),
          diagnosis.ranksExpected(),
          List.copyOf(unreadable),
          events);
    } finally {
      workers.shutdownNow();
      for (EventStream stream : streams) {
        stream.close();
      }
    }
  }

  private static EventCursor cursor(
      Source source, java.util.function.Consumer<Unreadable> unreadable) throws IOException {
    InputStream in = source.opener().open();
    return source.binary()
        ? new BinaryEventCursor(in, source.path(), unreadable)
        : new JsonEventCursor(in, source.path(), unreadable);
  }

  private static void run(
      List<List<EventStream>> shares,
      List<EventStream> streams,
      EventDiagnosis diagnosis,
      long windowNanos,
      ExecutorService workers,
      List<Verdict> passed)
      throws IOException, InterruptedException {
    Set<EventStream> ended = Collections.synchronizedSet(new java.util.HashSet<>());
    long until = Long.MIN_VALUE;
    while (ended.size() < streams.size()) {
      long earliest = Long.MAX_VALUE;
      for (EventStream stream : streams) {
        if (!ended.contains(stream) && stream.waits()) {
          earliest = Math.min(earliest, stream.waitingNanos());
        }
      }
      if (earliest == Long.MAX_VALUE) {
        earliest = until == Long.MIN_VALUE ? 0 : until;
      }
      until = until == Long.MIN_VALUE ? earliest + windowNanos : until;
      if (earliest >= until) {
        until += (earliest - until) / windowNanos * windowNanos + windowNanos; // nothing happened
      }
      long end = until;
      List<Callable<Boolean>> tasks = new ArrayList<>();
      for (List<EventStream> share : shares) {
        tasks.add(
            () -> {
              for (EventStream stream : share) {
                if (!ended.contains(stream) && !stream.advance(end)) {
                  ended.add(stream);
                }
              }
              return true;
            });
      }
      all(workers.invokeAll(tasks));
      diagnosis.closeWindow();
      for (Verdict verdict : diagnosis.slow()) {
        passed.removeIf(known -> known.sameFault(verdict));
        passed.add(verdict);
      }
      until += windowNanos;
    }
  }

  private static void all(List<Future<Boolean>> futures) throws IOException, InterruptedException {
    for (Future<Boolean> future : futures) {
      try {
        future.get();
      } catch (ExecutionException e) {
        if (e.getCause() instanceof IOException io) {
          throw io;
        }
        throw new IllegalStateException(e.getCause());
      }
    }
  }
}
