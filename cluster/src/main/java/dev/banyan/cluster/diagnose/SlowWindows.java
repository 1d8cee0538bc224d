package dev.banyan.cluster.diagnose;

import dev.banyan.cluster.CollectiveOp;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Holds each window against its peers and the windows before: a cell or rank is slow when it takes
 * at least {@value #RATIO} times the median of what it can be compared with, at least {@value
 * #ROBUST_Z} robust deviations more (median absolute deviation), and enough of the window's time to
 * matter, in three of its last five windows. With fewer than three comparable ones it is held
 * against its own first ten healthy windows. Linear in ranks and connections but for sorting.
 */
final class SlowWindows {
  static final double RATIO = 2;
  static final double ROBUST_Z = 6;
  private static final int NEEDED = 3;
  private static final int COMPARABLE = 3;

  /** A healthy window must have this many before a baseline means anything. */
  private static final int LEAST_BASELINE = 3;

  /** The excess of a connection must have cost this share of the window. */
  private static final double MATTERS_LINK = 0.05;

  /** The excess of a rank's compute must have cost this share of the window. */
  private static final double MATTERS_RANK = 0.1;

  /** Times below this are noise of reading a clock and a socket. */
  private static final double FLOOR_SECONDS = 20e-6;

  private final double windowSeconds;
  private final Job job;
  private final History cells = new History();
  private final History paces = new History();
  private final int[] scratch = new int[EventTables.SAMPLES];

  SlowWindows(Job job, double windowSeconds) {
    this.job = job;
    this.windowSeconds = windowSeconds;
  }

  /** What a closed window says. */
  record Window(List<Cell> cells, List<Pace> paces) {}

  /** Judges the window that has just ended; the tables are not changed. */
  Window close(List<EventTables> tables) {
    return new Window(cells(tables), paces(tables));
  }

  private List<Cell> cells(List<EventTables> tables) {
    var batch = new Batch();
    for (EventTables table : tables) {
      for (int e = 0; e < table.edges.size(); e++) {
        long kind = table.edges.second(e);
        if (EventTables.isTx(kind) || table.count[e] == 0) {
          continue;
        }
        long key = table.edges.first(e);
        int to = (int) (key >>> 32);
        int from = (int) key;
        long comparable = EventTables.comparable(kind) ^ (sameHost(from, to) ? 1 : 0);
        double seconds = table.medianMicros(e, scratch) * 1e-6;
        batch.add(comparable, from, to, kind, seconds, table.count[e]);
      }
    }
    batch.score();
    List<Cell> scored = new ArrayList<>(batch.size);
    boolean[] above = new boolean[batch.size];
    for (int i = 0; i < batch.size; i++) {
      double x = batch.value[i];
      int h = cells.place(batch.history(i));
      boolean own = batch.peers[i] < COMPARABLE;
      double typical = own ? cells.baseline(h) : batch.median[i];
      double spread = own ? cells.spread(h) : batch.spread[i];
      boolean known = !own || typical >= 0;
      double excess = known ? (x + FLOOR_SECONDS) / (typical + FLOOR_SECONDS) - 1 : 0;
      above[i] = known && excess >= RATIO - 1 && z(x, typical, spread) >= ROBUST_Z;
      boolean now = above[i] && (x - typical) * batch.weight[i] >= MATTERS_LINK * windowSeconds;
      boolean slow = cells.push(h, now, x, NEEDED);
      scored.add(
          new Cell(
              batch.from[i],
              batch.to[i],
              slow || now ? what(batch.kind[i]) : "",
              x,
              Math.max(0, typical),
              Math.max(0, excess),
              now,
              slow && now,
              own));
    }
    return scored.stream().anyMatch(Cell::slow) ? joined(scored, above, batch) : scored;
  }

  /**
   * Once one connection is slow for sure, all that are far above their peers now are taken as slow
   * with it: of a slow port some connections pass the limits a window before the others.
   */
  private List<Cell> joined(List<Cell> scored, boolean[] above, Batch batch) {
    List<Cell> joined = new ArrayList<>(scored.size());
    for (int i = 0; i < scored.size(); i++) {
      Cell cell = scored.get(i);
      joined.add(
          above[i] && !cell.slow()
              ? new Cell(
                  cell.from(),
                  cell.to(),
                  what(batch.kind[i]),
                  cell.seconds(),
                  cell.typical(),
                  cell.excess(),
                  cell.late(),
                  true,
                  cell.own())
              : cell);
    }
    return joined;
  }

  private boolean sameHost(int from, int to) {
    String host = job.host(from);
    return !host.isEmpty() && host.equals(job.host(to));
  }

  private String what(long kind) {
    return "group "
        + job.groupName(EventTables.groupOf(kind))
        + ", "
        + CollectiveOp.of(EventTables.opOf(kind)).word()
        + (job.algoName(EventTables.algoOf(kind)).isEmpty()
            ? ""
            : " " + job.algoName(EventTables.algoOf(kind)));
  }

  private List<Pace> paces(List<EventTables> tables) {
    var gaps = new Batch();
    List<double[]> insides = new ArrayList<>();
    for (EventTables table : tables) {
      for (int l = 0; l < table.lanes.size(); l++) {
        if (table.laneEnters[l] == 0) {
          continue;
        }
        int rank = (int) table.lanes.first(l);
        int r = table.ranks.find(rank, 0);
        if (table.enters[r] == 0) {
          continue;
        }
        long group = table.lanes.second(l);
        double gap = table.outsideSum[r] * 1e-9 / table.enters[r];
        double inside = table.leaves[r] == 0 ? 0 : table.insideSum[r] * 1e-9 / table.leaves[r];
        gaps.add(group, rank, rank, group, gap, table.enters[r]);
        insides.add(new double[] {inside});
      }
    }
    gaps.score();
    var inside = new Batch();
    for (int i = 0; i < gaps.size; i++) {
      inside.add(gaps.comparable[i], gaps.from[i], 0, 0, insides.get(i)[0], 1);
    }
    inside.score();
    List<Pace> scored = new ArrayList<>(gaps.size);
    for (int i = 0; i < gaps.size; i++) {
      double x = gaps.value[i];
      int h = paces.place(gaps.history(i));
      boolean own = gaps.peers[i] < COMPARABLE;
      double typical = own ? paces.baseline(h) : gaps.median[i];
      double spread = own ? paces.spread(h) : gaps.spread[i];
      boolean known = !own || typical >= 0;
      boolean now =
          known
              && (x + FLOOR_SECONDS) / (typical + FLOOR_SECONDS) >= RATIO
              && z(x, typical, spread) >= ROBUST_Z
              && (x - typical) * gaps.weight[i] >= MATTERS_RANK * windowSeconds
              && inside.value[i] <= inside.median[i];
      boolean slow = paces.push(h, now, x, NEEDED) && now;
      scored.add(
          new Pace(
              gaps.from[i],
              job.groupName((int) gaps.comparable[i]),
              x,
              inside.value[i],
              Math.max(0, typical),
              inside.median[i],
              now,
              slow,
              own));
    }
    return scored;
  }

  /** Robust deviations above typical; a spread is never taken below a twentieth of the typical. */
  private static double z(double x, double typical, double spread) {
    return (x - typical) / (1.4826 * spread + 0.05 * typical + FLOOR_SECONDS / 10);
  }

  /** Values of one window, side by side with the median and deviation of their peers. */
  private static final class Batch {
    int size;
    long[] comparable = new long[256];
    int[] from = new int[256];
    int[] to = new int[256];
    long[] kind = new long[256];
    double[] value = new double[256];
    int[] weight = new int[256];
    double[] median = new double[0];
    double[] spread = new double[0];
    int[] peers = new int[0];

    void add(long comparable, int from, int to, long kind, double value, int weight) {
      if (size == value()) {
        int more = 2 * size;
        this.comparable = Arrays.copyOf(this.comparable, more);
        this.from = Arrays.copyOf(this.from, more);
        this.to = Arrays.copyOf(this.to, more);
        this.kind = Arrays.copyOf(this.kind, more);
        this.value = Arrays.copyOf(this.value, more);
        this.weight = Arrays.copyOf(this.weight, more);
      }
      this.comparable[size] = comparable;
      this.from[size] = from;
      this.to[size] = to;
      this.kind[size] = kind;
      this.value[size] = value;
      this.weight[size++] = weight;
    }

    private int value() {
      return value.length;
    }

    long[] history(int i) {
      return new long[] {KeyTable.pair(from[i], to[i]), kind[i]};
    }

    void score() {
      median = new double[size];
      spread = new double[size];
      peers = new int[size];
      var keys = new KeyTable();
      int[] place = new int[size];
      int[] members = new int[64];
      for (int i = 0; i < size; i++) {
        place[i] = keys.place(comparable[i], 0);
        if (place[i] >= members.length) {
          members = Arrays.copyOf(members, 2 * members.length);
        }
        members[place[i]]++;
      }
      int[] start = new int[keys.size() + 1];
      for (int k = 0; k < keys.size(); k++) {
        start[k + 1] = start[k] + members[k];
      }
      double[] sorted = new double[size];
      int[] fill = Arrays.copyOf(start, start.length);
      for (int i = 0; i < size; i++) {
        sorted[fill[place[i]]++] = value[i];
      }
      double[] medians = new double[keys.size()];
      double[] spreads = new double[keys.size()];
      for (int k = 0; k < keys.size(); k++) {
        medians[k] = median(sorted, start[k], start[k + 1]);
        for (int i = start[k]; i < start[k + 1]; i++) {
          sorted[i] = Math.abs(sorted[i] - medians[k]);
        }
        spreads[k] = median(sorted, start[k], start[k + 1]);
      }
      for (int i = 0; i < size; i++) {
        median[i] = medians[place[i]];
        spread[i] = spreads[place[i]];
        peers[i] = members[place[i]];
      }
    }

    private static double median(double[] values, int from, int to) {
      Arrays.sort(values, from, to);
      int n = to - from;
      return (values[from + (n - 1) / 2] + values[from + n / 2]) / 2;
    }
  }

  /** The last windows of every cell, and its first healthy ones. */
  private static final class History {
    private final KeyTable keys = new KeyTable();
    private byte[] flags = new byte[64];
    private byte[] seen = new byte[64];
    private float[] healthy = new float[64 * EventTables.BASELINE];

    int place(long[] key) {
      int h = keys.place(key[0], key[1]);
      if (keys.capacity() > flags.length) {
        flags = Arrays.copyOf(flags, keys.capacity());
        seen = Arrays.copyOf(seen, keys.capacity());
        healthy = Arrays.copyOf(healthy, keys.capacity() * EventTables.BASELINE);
      }
      return h;
    }

    /** Notes a window; whether enough of the last five were slow. */
    boolean push(int h, boolean slow, double value, int needed) {
      int mask = (1 << EventTables.WINDOWS) - 1;
      flags[h] = (byte) ((flags[h] << 1 | (slow ? 1 : 0)) & mask);
      if (!slow && seen[h] < EventTables.BASELINE) {
        healthy[h * EventTables.BASELINE + seen[h]++] = (float) value;
      }
      return Integer.bitCount(flags[h]) >= needed;
    }

    private float[] sorted(int h) {
      int from = h * EventTables.BASELINE;
      float[] values = Arrays.copyOfRange(healthy, from, from + seen[h]);
      Arrays.sort(values);
      return values;
    }

    /** The median of the first healthy windows; −1 while there are too few. */
    double baseline(int h) {
      if (seen[h] < LEAST_BASELINE) {
        return -1;
      }
      float[] values = sorted(h);
      return values[values.length / 2];
    }

    double spread(int h) {
      if (seen[h] < LEAST_BASELINE) {
        return 0;
      }
      float[] values = sorted(h);
      float middle = values[values.length / 2];
      for (int i = 0; i < values.length; i++) {
        values[i] = Math.abs(values[i] - middle);
      }
      Arrays.sort(values);
      return values[values.length / 2];
    }
  }
}
