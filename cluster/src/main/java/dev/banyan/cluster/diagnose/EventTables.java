package dev.banyan.cluster.diagnose;

import dev.banyan.cluster.EventKind;
import java.util.Arrays;

/**
 * What is remembered of event lines: where each rank stands in each group (a lane), how each
 * connection does (an edge), how long each kind of operation takes, and the sums of the window that
 * is open. Its size grows with ranks and connections, never with events. One thread writes; several
 * tables share a job when several threads read.
 *
 * <p>All times are differences on one clock: first to last byte and post to first byte at the
 * receiver, enter to leave and leave to enter at a rank.
 */
public final class EventTables {
  /** Transfers of a window whose times are kept for its median. */
  static final int SAMPLES = 16;

  /** Windows that are looked back on. */
  static final int WINDOWS = 5;

  /** Healthy windows that make a baseline. */
  static final int BASELINE = 10;

  private static final int QUARTERS = 128; // quarter octaves from 1 µs up

  final KeyTable ranks = new KeyTable(); // (rank, 0)
  final KeyTable lanes = new KeyTable(); // (rank, group)
  final KeyTable edges =
      new KeyTable(); // (rank, peer), (group, channel, direction, op, algo, size)
  final KeyTable kinds = new KeyTable(); // (group, op)

  // By rank.
  long[] lastNanos = new long[64];
  long[] progressNanos = new long[64];
  long[] beatNanos = new long[64];
  long[] step = new long[64];
  int[] openLanes = new int[64];
  private long[] outsideSince = new long[64];
  long[] outsideSum = new long[64];
  int[] enters = new int[64];
  long[] insideSum = new long[64];
  int[] leaves = new int[64];

  // By lane.
  long[] seq = new long[64];
  long[] enterNanos = new long[64];
  long[] leaveNanos = new long[64];
  long[] laneProgress = new long[64];
  int[] opOf = new int[64];
  int[] algoOf = new int[64];
  long[] bytesOf = new long[64];
  long[] previousSeq = new long[64];
  int[] previousOp = new int[64];
  long[] previousBytes = new long[64];
  int[] open = new int[64];
  int[] posts = new int[64];
  int[] previousPosts = new int[64];
  int[] laneEnters = new int[64];
  long[] laneInside = new long[64];
  int[] laneLeaves = new int[64];

  // By edge.
  long[] edgeSeq = new long[64];
  long[] postNanos = new long[64];
  long[] firstNanos = new long[64];
  long[] lastByteNanos = new long[64];
  int[] begun = new int[64]; // posts, or credits
  int[] done = new int[64]; // last bytes, or sents
  int[] firsts = new int[64];
  int[] postIndex = new int[64];
  long[] edgePreviousSeq = new long[64];
  int[] previousBegun = new int[64];
  int[] previousDone = new int[64];
  int[] count = new int[64];
  int[] samples = new int[64 * SAMPLES]; // microseconds
  int[] lane = new int[64];

  // By kind of operation: how long it takes, all along.
  int[][] durations = new int[16][];

  /**
   * The first operations of a group set up connections and compile; they say nothing of the rest.
   */
  private static final long WARM_UP = 4;

  private long noise = 0x2545f4914f6cdd1dL;

  /** Tells that a rank is there, even when it never says more. */
  public int rank(int rank) {
    int r = ranks.place(rank, 0);
    if (ranks.capacity() > lastNanos.length) {
      growRanks(ranks.capacity());
    }
    return r;
  }

  /** Takes a heartbeat. */
  public void beat(long tNanos, int rank, long trainStep) {
    int r = rank(rank);
    lastNanos[r] = Math.max(lastNanos[r], tNanos);
    beatNanos[r] = Math.max(beatNanos[r], tNanos);
    step[r] = trainStep;
  }

  /**
   * Takes one event.
   *
   * @param group number in the {@link Job}
   * @param algo number in the {@link Job}
   */
  public void event(
      EventKind ev,
      long tNanos,
      int rank,
      int group,
      long number,
      int op,
      int algo,
      long bytes,
      int channel,
      int peer) {
    int r = rank(rank);
    int l = lanes.place(rank, group);
    if (lanes.capacity() > seq.length) {
      growLanes(lanes.capacity());
    }
    if (tNanos > lastNanos[r]) {
      lastNanos[r] = tNanos;
    }
    progressNanos[r] = tNanos;
    laneProgress[l] = tNanos;
    switch (ev) {
      case ENTER -> enter(r, l, tNanos, number, op, algo, bytes);
      case LEAVE -> leave(r, l, tNanos, number, group, op);
      case POST, FIRST, LAST -> {
        int e = edge(l, rank, peer, group, 0, op, algo, bytes, channel, number);
        received(ev, e, l, number, tNanos);
      }
      case CREDIT, SENT -> {
        int e = edge(l, rank, peer, group, 1, op, algo, bytes, channel, number);
        if (ev == EventKind.CREDIT) {
          begun[e]++;
          postNanos[e] = tNanos;
        } else {
          done[e]++;
          lastByteNanos[e] = tNanos;
        }
      }
      default -> {}
    }
  }

  private void enter(int r, int l, long tNanos, long number, int op, int algo, long bytes) {
    if (openLanes[r] == 0 && outsideSince[r] != 0) {
      outsideSum[r] += Math.max(0, tNanos - outsideSince[r]);
      enters[r]++;
    }
    if (open[l]++ == 0) {
      openLanes[r]++;
    }
    laneEnters[l]++;
    previousSeq[l] = seq[l];
    previousOp[l] = opOf[l];
    previousBytes[l] = bytesOf[l];
    previousPosts[l] = posts[l];
    posts[l] = 0;
    seq[l] = number;
    opOf[l] = op;
    algoOf[l] = algo;
    bytesOf[l] = bytes;
    enterNanos[l] = tNanos;
  }

  private void leave(int r, int l, long tNanos, long number, int group, int op) {
    if (open[l] == 0) {
      return; // its beginning was not seen
    }
    open[l] = number >= seq[l] ? 0 : open[l] - 1;
    leaveNanos[l] = tNanos;
    if (open[l] == 0 && --openLanes[r] == 0) {
      outsideSince[r] = tNanos;
    }
    if (number == seq[l]) {
      long took = Math.max(0, tNanos - enterNanos[l]);
      insideSum[r] += took;
      leaves[r]++;
      laneInside[l] += took;
      laneLeaves[l]++;
      int k = kinds.place(group, op);
      if (k >= durations.length) {
        durations = Arrays.copyOf(durations, Math.max(2 * durations.length, k + 1));
      }
      if (durations[k] == null) {
        durations[k] = new int[QUARTERS];
      }
      if (number >= WARM_UP) {
        durations[k][quarter(took / 1000)]++;
      }
    }
  }

  private static int quarter(long micros) {
    if (micros < 1) {
      return 0;
    }
    int octave = 63 - Long.numberOfLeadingZeros(micros);
    int fraction =
        octave < 2 ? (int) (micros << (2 - octave)) & 3 : (int) (micros >> (octave - 2)) & 3;
    return Math.min(QUARTERS - 1, 4 * octave + fraction);
  }

  /** The time that 99 of 100 operations of this kind stay below; 0 when none ended. */
  static double p99Seconds(int[] histogram) {
    long all = 0;
    for (int each : histogram) {
      all += each;
    }
    long below = 0;
    for (int q = 0; q < histogram.length; q++) {
      below += histogram[q];
      if (all > 0 && 100 * below >= 99 * all) {
        return Math.scalb(1 + (q % 4 + 1) / 4.0, q / 4) * 1e-6;
      }
    }
    return 0;
  }

  /** Group, channel, direction, operation, algorithm and size (in octaves) of an edge, packed. */
  private static long kind(int group, int channel, int tx, int op, int algo, long bytes) {
    int octave = 64 - Long.numberOfLeadingZeros(bytes);
    return (long) group << 32
        | (long) (algo & 0x1ff) << 23
        | (long) (channel & 0xff) << 15
        | (long) (op & 0xf) << 11
        | (long) octave << 1
        | tx;
  }

  static boolean isTx(long kind) {
    return (kind & 1) == 1;
  }

  static int groupOf(long kind) {
    return (int) (kind >>> 32);
  }

  static int opOf(long kind) {
    return (int) (kind >>> 11) & 0xf;
  }

  static int algoOf(long kind) {
    return (int) (kind >>> 23) & 0x1ff;
  }

  /** The same without the channel: cells of one such kind are comparable. */
  static long comparable(long kind) {
    return kind & ~(0xffL << 15);
  }

  private int edge(
      int l,
      int rank,
      int peer,
      int group,
      int tx,
      int op,
      int algo,
      long bytes,
      int channel,
      long number) {
    long key = KeyTable.pair(rank, peer);
    int e = edges.place(key, kind(group, channel, tx, op, algo, bytes));
    if (edges.capacity() > edgeSeq.length) {
      growEdges(edges.capacity());
    }
    if (edgeSeq[e] != number) {
      edgePreviousSeq[e] = edgeSeq[e];
      previousBegun[e] = begun[e];
      previousDone[e] = done[e];
      edgeSeq[e] = number;
      begun[e] = 0;
      done[e] = 0;
      firsts[e] = 0;
    }
    lane[e] = l;
    return e;
  }

  private void received(EventKind ev, int e, int l, long number, long tNanos) {
    switch (ev) {
      case POST -> {
        begun[e]++;
        postNanos[e] = tNanos;
        if (seq[l] == number) {
          postIndex[e] = ++posts[l];
        }
      }
      case FIRST -> {
        firsts[e]++;
        firstNanos[e] = tNanos;
      }
      case LAST -> {
        lastByteNanos[e] = tNanos;
        if (firsts[e] > done[e]) {
          sample(e, (int) Math.clamp((tNanos - firstNanos[e]) / 1000, 0L, Integer.MAX_VALUE));
        }
        done[e]++;
      }
      default -> {}
    }
  }

  /** Keeps an even sample of the window's transfers (Vitter's algorithm R). */
  private void sample(int e, int micros) {
    int n = count[e]++;
    if (n < SAMPLES) {
      samples[e * SAMPLES + n] = micros;
      return;
    }
    noise ^= noise << 13;
    noise ^= noise >>> 7;
    noise ^= noise << 17;
    int at = (int) ((noise >>> 33) % (n + 1));
    if (at < SAMPLES) {
      samples[e * SAMPLES + at] = micros;
    }
  }

  /** The median of the window's sampled transfers in microseconds; −1 when there was none. */
  double medianMicros(int e, int[] scratch) {
    int n = Math.min(count[e], SAMPLES);
    if (n == 0) {
      return -1;
    }
    System.arraycopy(samples, e * SAMPLES, scratch, 0, n);
    Arrays.sort(scratch, 0, n);
    return (scratch[(n - 1) / 2] + (double) scratch[n / 2]) / 2;
  }

  /** Begins a new window: the sums are of the next one from here on. */
  void nextWindow() {
    Arrays.fill(outsideSum, 0);
    Arrays.fill(enters, 0);
    Arrays.fill(insideSum, 0);
    Arrays.fill(leaves, 0);
    Arrays.fill(laneEnters, 0);
    Arrays.fill(laneInside, 0);
    Arrays.fill(laneLeaves, 0);
    Arrays.fill(count, 0);
  }

  private void growRanks(int to) {
    lastNanos = Arrays.copyOf(lastNanos, to);
    progressNanos = Arrays.copyOf(progressNanos, to);
    beatNanos = Arrays.copyOf(beatNanos, to);
    step = Arrays.copyOf(step, to);
    openLanes = Arrays.copyOf(openLanes, to);
    outsideSince = Arrays.copyOf(outsideSince, to);
    outsideSum = Arrays.copyOf(outsideSum, to);
    enters = Arrays.copyOf(enters, to);
    insideSum = Arrays.copyOf(insideSum, to);
    leaves = Arrays.copyOf(leaves, to);
  }

  private void growLanes(int to) {
    seq = Arrays.copyOf(seq, to);
    enterNanos = Arrays.copyOf(enterNanos, to);
    leaveNanos = Arrays.copyOf(leaveNanos, to);
    laneProgress = Arrays.copyOf(laneProgress, to);
    opOf = Arrays.copyOf(opOf, to);
    algoOf = Arrays.copyOf(algoOf, to);
    bytesOf = Arrays.copyOf(bytesOf, to);
    previousSeq = Arrays.copyOf(previousSeq, to);
    previousOp = Arrays.copyOf(previousOp, to);
    previousBytes = Arrays.copyOf(previousBytes, to);
    open = Arrays.copyOf(open, to);
    posts = Arrays.copyOf(posts, to);
    previousPosts = Arrays.copyOf(previousPosts, to);
    laneEnters = Arrays.copyOf(laneEnters, to);
    laneInside = Arrays.copyOf(laneInside, to);
    laneLeaves = Arrays.copyOf(laneLeaves, to);
  }

  private void growEdges(int to) {
    edgeSeq = Arrays.copyOf(edgeSeq, to);
    postNanos = Arrays.copyOf(postNanos, to);
    firstNanos = Arrays.copyOf(firstNanos, to);
    lastByteNanos = Arrays.copyOf(lastByteNanos, to);
    begun = Arrays.copyOf(begun, to);
    done = Arrays.copyOf(done, to);
    firsts = Arrays.copyOf(firsts, to);
    postIndex = Arrays.copyOf(postIndex, to);
    edgePreviousSeq = Arrays.copyOf(edgePreviousSeq, to);
    previousBegun = Arrays.copyOf(previousBegun, to);
    previousDone = Arrays.copyOf(previousDone, to);
    count = Arrays.copyOf(count, to);
    samples = Arrays.copyOf(samples, to * SAMPLES);
    lane = Arrays.copyOf(lane, to);
  }
}
