package dev.banyan.cluster;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * A job of ranks that compute and pass buffers round a ring or pairwise, by the receiver's credit,
 * with one planted fault: when each thing happens follows from recurrences, and what depends on a
 * lost packet or a stopped rank happens never. The truth the diagnosis is held against.
 */
final class SimulatedJob {
  static final double NEVER = Double.POSITIVE_INFINITY;
  static final double END = 60;
  private static final double LATENCY = 50e-6;

  enum Fault {
    NONE,
    TX_SLOW,
    RX_SLOW,
    LINK_SLOW,
    LATE,
    STOP_BETWEEN,
    STOP_INSIDE,
    BLACKHOLE,
    PORT_DOWN,
    KILL,
    SKIP,
    HALF,
    TX_AND_LATE
  }

  private record Line(double at, EventLine line) {}

  private final boolean ring;
  private final int world;
  private final Fault fault;
  private final int culprit;
  private final int other;
  private final double when;
  private final SplittableRandom random;
  private final List<Line> lines = new ArrayList<>();
  private final boolean oneHost;
  private final long[] offset;

  SimulatedJob(
      boolean ring, int world, Fault fault, int culprit, int other, boolean oneHost, long seed) {
    this.ring = ring;
    this.world = world;
    this.fault = fault;
    this.culprit = culprit;
    this.other = other;
    this.oneHost = oneHost;
    this.random = new SplittableRandom(seed);
    this.when = 6 + 3 * random.nextDouble();
    this.offset = new long[world];
  }

  /** Hosts' clocks this many hours apart, one hour more for each rank. */
  SimulatedJob withClocksApart() {
    for (int r = 0; r < world; r++) {
      offset[r] = 3_600_000_000_000L * r;
    }
    return this;
  }

  double when() {
    return when;
  }

  /** All lines in the order they are written. */
  List<EventLine> lines() {
    return timed().stream().map(Line::line).toList();
  }

  /** Feeds a live diagnosis; the findings of the first alarm, or the last ones, and when. */
  record Heard(Findings findings, double at) {}

  Heard hear(LiveDiagnosis live) {
    double next = 0.5;
    Findings last = live.at(0);
    for (Line line : timed()) {
      while (line.at() > next) {
        last = live.at((long) (next * 1e9));
        if (last.faulty()) {
          // A moment more, as a supervisor would wait: a second fault may still show.
          return new Heard(last, next);
        }
        next += 0.5;
      }
      live.accept(line.line());
    }
    return new Heard(last, END);
  }

  private List<Line> timed() {
    lines.clear();
    run();
    lines.sort(Comparator.comparingDouble(Line::at));
    return lines;
  }

  private void run() {
    double[] ready = new double[world];
    List<Integer> all = IntStream.range(0, world).boxed().toList();
    for (int r = 0; r < world; r++) {
      long wall = 1_700_000_000_000_000_000L + offset[r];
      emit(0, new EventLine.Hello(host(r), r, 100 + r, world, nanos(r, 0), wall));
      emit(0, new EventLine.Group("world", all));
    }
    for (int r = 0; r < world; r++) {
      for (double t = 0.01; t < END; t += 1) {
        if (!(stops(r) && t > when)) {
          emit(t, new EventLine.Heartbeat(nanos(r, t), r, 0));
        }
      }
    }
    if (fault == Fault.KILL) {
      emit(
          when + 0.1,
          new EventLine.Gone(nanos(culprit, when + 0.1), culprit, "killed by signal 9"));
    }
    long[] seq = new long[world];
    boolean skipped = false;
    while (min(ready) < END) {
      boolean now = min(ready) > when;
      for (int r = 0; r < world; r++) {
        ready[r] += 0.02 + 0.002 * random.nextDouble() + late(r, ready[r]);
        if (stops(r) && fault != Fault.STOP_INSIDE && ready[r] > when) {
          ready[r] = NEVER;
        }
      }
      boolean odd = now && !skipped && (fault == Fault.SKIP || fault == Fault.HALF);
      skipped |= odd;
      if (odd) {
        stand(ready, seq);
        break;
      }
      collective(ready, seq, ring ? CollectiveOp.ALL_REDUCE : CollectiveOp.ALL_TO_ALL, 1 << 20);
      collective(ready, seq, CollectiveOp.ALL_GATHER, 64L * world);
    }
  }

  /** All enter an operation that one of them has otherwise, and nobody leaves. */
  private void stand(double[] ready, long[] seq) {
    CollectiveOp op = ring ? CollectiveOp.ALL_REDUCE : CollectiveOp.ALL_TO_ALL;
    for (int r = 0; r < world; r++) {
      boolean odd = r == culprit;
      CollectiveOp does = odd && fault == Fault.SKIP ? CollectiveOp.ALL_GATHER : op;
      long bytes = !odd ? 1 << 20 : fault == Fault.SKIP ? 64L * world : 1 << 19;
      event(r, ready[r], seq[r], does, bytes, -1, 0, EventKind.ENTER);
    }
  }

  private boolean stops(int r) {
    boolean stop = fault == Fault.STOP_BETWEEN || fault == Fault.STOP_INSIDE || fault == Fault.KILL;
    return stop && r == culprit;
  }

  private double late(int r, double t) {
    boolean late =
        (fault == Fault.LATE && r == culprit) || (fault == Fault.TX_AND_LATE && r == other);
    return late && t > when ? 0.15 : 0;
  }

  private void collective(double[] ready, long[] seq, CollectiveOp op, long bytes) {
    double[] at = ready.clone();
    for (int r = 0; r < world; r++) {
      event(r, at[r], seq[r], op, bytes, -1, 0, EventKind.ENTER);
    }
    int steps = ring ? 2 * (world - 1) : world - 1;
    long part = bytes / world;
    boolean[] gone = new boolean[world];
    for (int s = 0; s < steps; s++) {
      double[] received = new double[world];
      double[] sent = new double[world];
      for (int r = 0; r < world; r++) {
        int hop = ring ? 1 : s + 1;
        int from = Math.floorMod(r - hop, world);
        pass(at, from, r, seq, op, part, received, sent, gone);
      }
      for (int r = 0; r < world; r++) {
        at[r] = Math.max(received[r], sent[r]);
      }
    }
    for (int r = 0; r < world; r++) {
      event(r, at[r], seq[r], op, bytes, -1, 0, EventKind.LEAVE);
      seq[r]++;
      ready[r] = at[r];
    }
  }

  private void pass(
      double[] at,
      int from,
      int to,
      long[] seq,
      CollectiveOp op,
      long part,
      double[] received,
      double[] sent,
      boolean[] gone) {
    double post = alive(to, at[to]);
    event(to, post, seq[to], op, part, from, 2, EventKind.POST);
    double credit = alive(from, Math.max(at[from], arrives(to, from, post)));
    event(from, credit, seq[from], op, part, to, 1, EventKind.CREDIT);
    double first = alive(to, arrives(from, to, credit));
    event(to, first, seq[to], op, part, from, 2, EventKind.FIRST);
    double seconds = part / rate(from, to, first) * (1 + 0.2 * random.nextDouble());
    double last = alive(to, first + seconds);
    if (fault == Fault.STOP_INSIDE && to == culprit && first > when && !gone[to]) {
      last = NEVER;
      gone[to] = true;
    }
    if (lost(from, to, first)) {
      last = NEVER;
    }
    event(to, last, seq[to], op, part, from, 2, EventKind.LAST);
    // What fits into the socket's buffer is sent whatever becomes of it.
    double done = part <= 1 << 16 ? credit + seconds : Math.max(credit + seconds, last);
    done = alive(from, done);
    event(from, done, seq[from], op, part, to, 1, EventKind.SENT);
    received[to] = last;
    sent[from] = done;
  }

  /** A stopped rank does nothing after it stopped. */
  private double alive(int r, double t) {
    boolean inside = fault == Fault.STOP_INSIDE;
    boolean between = fault == Fault.STOP_BETWEEN;
    return !between && stops(r) && t > when + (inside ? 0.2 : 0) ? NEVER : t;
  }

  private boolean lost(int from, int to, double t) {
    if (t < when) {
      return false;
    }
    return (fault == Fault.BLACKHOLE && from == culprit && to == other)
        || (fault == Fault.PORT_DOWN && (from == culprit || to == culprit));
  }

  private double arrives(int from, int to, double t) {
    return lost(from, to, t) ? NEVER : t + LATENCY;
  }

  private double rate(int from, int to, double t) {
    double slow = 7.5e6;
    double fast = 1e9;
    if (t < when) {
      return fast;
    }
    return switch (fault) {
      case TX_SLOW, TX_AND_LATE -> from == culprit ? slow : to == culprit ? fast / 20 : fast;
      case RX_SLOW -> to == culprit ? slow : fast;
      case LINK_SLOW -> from == culprit && to == other ? slow : fast;
      default -> fast;
    };
  }

  private void event(
      int r, double t, long seq, CollectiveOp op, long bytes, int peer, int dir, EventKind ev) {
    emit(
        t,
        new EventLine.Event(
            nanos(r, Math.min(t, 1e6)),
            r,
            "world",
            seq,
            op,
            ring ? "ring" : "pairwise",
            bytes,
            0,
            peer,
            EventLine.Direction.values()[dir],
            ev));
  }

  private void emit(double t, EventLine line) {
    if (t < END) {
      lines.add(new Line(t, line));
    }
  }

  private long nanos(int r, double t) {
    return (long) (t * 1e9) + offset[r] / 7;
  }

  private String host(int r) {
    return oneHost ? "node" : "node-" + r;
  }

  private static double min(double[] values) {
    double min = NEVER;
    for (double value : values) {
      min = Math.min(min, value);
    }
    return min;
  }
}
