package dev.banyan.cluster.ingest;

import dev.banyan.cluster.EventKind;
import dev.banyan.cluster.EventLine;
import dev.banyan.cluster.diagnose.EventTables;
import dev.banyan.cluster.diagnose.Job;
import dev.banyan.cluster.read.EventCursor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** One stream of event lines on its way into the tables: its names become the job's numbers. */
public final class EventStream implements AutoCloseable {
  private final EventCursor cursor;
  private final Job job;
  private final EventTables tables;
  private final List<Integer> members = new ArrayList<>();
  private int[] groups = filled(16);
  private int[] algos = filled(16);
  private boolean pending;
  private int rank = -1;
  private long shiftNanos;
  private long events;

  public EventStream(EventCursor cursor, Job job, EventTables tables) {
    this.cursor = cursor;
    this.job = job;
    this.tables = tables;
  }

  /** Reads up to the first event, which waits; so that the rank and its clock are known. */
  void prime() throws IOException {
    while (!pending && cursor.next()) {
      if (cursor.line == null) {
        pending = true;
      } else {
        described(cursor.line);
      }
    }
  }

  /** The rank that introduced itself, −1 when none did. */
  int rank() {
    return rank;
  }

  /** Whether an event waits, and where in common time. */
  boolean waits() {
    return pending;
  }

  long waitingNanos() {
    return cursor.tNanos + shiftNanos;
  }

  /** What is to be added to this stream's times to get common time. */
  void shift(long nanos) {
    shiftNanos = nanos;
  }

  public long events() {
    return events;
  }

  /**
   * Takes all events before a moment of common time.
   *
   * @return false when the stream has ended, or has no more now
   */
  public boolean advance(long untilNanos) throws IOException {
    if (pending) {
      if (cursor.tNanos + shiftNanos >= untilNanos) {
        return true;
      }
      pending = false;
      take();
    }
    while (cursor.next()) {
      if (cursor.line != null) {
        described(cursor.line);
      } else if (cursor.tNanos + shiftNanos >= untilNanos) {
        pending = true;
        return true;
      } else {
        take();
      }
    }
    return false;
  }

  /** Tells what is left at the end of a stream that grows no more. */
  void finish() {
    cursor.finish();
  }

  /** Takes what the cursor stands on, when somebody else moves it. */
  public void takeCurrent() {
    if (cursor.line != null) {
      described(cursor.line);
    } else {
      take();
    }
  }

  private void take() {
    events++;
    if (cursor.ev == EventKind.HB) {
      tables.beat(cursor.tNanos, cursor.rank, cursor.seq);
      return;
    }
    tables.event(
        cursor.ev,
        cursor.tNanos,
        cursor.rank,
        group(cursor.comm),
        cursor.seq,
        cursor.op,
        algo(cursor.algo),
        cursor.bytes,
        cursor.channel,
        cursor.peer);
  }

  private int group(int name) {
    if (name >= groups.length) {
      groups = grown(groups, name);
    }
    if (groups[name] < 0) {
      groups[name] = job.group(cursor.name(name), List.of());
    }
    return groups[name];
  }

  private int algo(int name) {
    if (name >= algos.length) {
      algos = grown(algos, name);
    }
    if (algos[name] < 0) {
      algos[name] = name < cursor.names() ? job.algo(cursor.name(name)) : job.algo("");
    }
    return algos[name];
  }

  private void described(EventLine line) {
    switch (line) {
      case EventLine.Hello hello -> {
        job.hello(hello);
        rank = hello.rank();
        if (rank >= 0) {
          tables.rank(rank);
        }
      }
      case EventLine.Group group -> group(group);
      case EventLine.Gone gone -> job.gone(gone);
      case EventLine.Stat stat -> job.stat(stat);
      case EventLine.Event event -> throw new IllegalStateException(event + " is no description");
      case EventLine.Heartbeat beat -> throw new IllegalStateException(beat + " is no description");
    }
  }

  private void group(EventLine.Group group) {
    members.addAll(group.ranks());
    if (!cursor.more) {
      if (cursor.comm >= groups.length) {
        groups = grown(groups, cursor.comm);
      }
      groups[cursor.comm] = job.group(group.comm(), members);
      members.clear();
    }
  }

  private static int[] filled(int length) {
    int[] values = new int[length];
    Arrays.fill(values, -1);
    return values;
  }

  private static int[] grown(int[] values, int place) {
    int[] more = filled(2 * place + 2);
    System.arraycopy(values, 0, more, 0, values.length);
    return more;
  }

  @Override
  public void close() throws IOException {
    cursor.close();
  }
}
