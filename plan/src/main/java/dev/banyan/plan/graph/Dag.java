package dev.banyan.plan.graph;

import dev.banyan.plan.Operator;
import dev.banyan.plan.StepGraph;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A step as plain arrays, for what walks it millions of times. Only temporaries that take memory
 * are here, renumbered from 0; operators keep their numbers. Lists are compressed rows: the entries
 * of row i stand at {@code start[i] … start[i + 1] − 1}. Callers do not write to the arrays.
 *
 * <p>An operator waits for the last writer of each storage it touches, and before it writes also
 * for the readers since (read-after-write, write-after-write, write-after-read).
 */
public final class Dag {
  /** Operators. */
  public final int n;

  /** What each operator waits for, sorted, without repetition. */
  public final int[] predStart;

  public final int[] pred;

  /** What waits for each operator. */
  public final int[] succStart;

  public final int[] succ;

  /** Storages that take memory. */
  public final int m;

  /** Their ids in the graph. */
  public final int[] storageId;

  /** Their bytes, aligned. */
  public final long[] size;

  /** The operators that make them. */
  public final int[] creator;

  /** The other operators that touch them, in program order. */
  public final int[] userStart;

  public final int[] user;

  /** True for storages of results, which live to the end. */
  public final boolean[] kept;

  /** The storages each operator touches, those it makes included. */
  public final int[] touchStart;

  public final int[] touch;

  /** Bytes each operator makes. */
  public final long[] made;

  private Dag(Builder from) {
    n = from.preds.size();
    predStart = starts(from.preds);
    pred = flat(from.preds, predStart);
    List<int[]> succs = reversed(from.preds, n);
    succStart = starts(succs);
    succ = flat(succs, succStart);
    m = from.storageId.length;
    storageId = from.storageId;
    size = from.size;
    creator = from.creator;
    kept = from.kept;
    userStart = starts(from.users);
    user = flat(from.users, userStart);
    List<int[]> touchers = new ArrayList<>();
    for (int s = 0; s < m; s++) {
      int[] users = from.users.get(s);
      int[] all = Arrays.copyOf(users, users.length + 1);
      all[users.length] = creator[s];
      touchers.add(all);
    }
    List<int[]> touched = reversed(touchers, n);
    touchStart = starts(touched);
    touch = flat(touched, touchStart);
    made = new long[n];
    for (int s = 0; s < m; s++) {
      made[creator[s]] += size[s];
    }
  }

  @SuppressWarnings("ArrayRecordComponent") // handed on, never compared
  private record Builder(
      List<int[]> preds,
      int[] storageId,
      long[] size,
      int[] creator,
      boolean[] kept,
      List<int[]> users) {}

  /** The arrays of a graph. O(operators + accesses). */
  public static Dag of(StepGraph graph) {
    int storages = graph.storages().size();
    List<IntRow> touchers = new ArrayList<>(storages);
    List<IntRow> readersSince = new ArrayList<>(storages);
    int[] writer = new int[storages];
    Arrays.fill(writer, -1);
    for (int s = 0; s < storages; s++) {
      touchers.add(new IntRow());
      readersSince.add(new IntRow());
    }
    List<int[]> preds = new ArrayList<>(graph.operators().size());
    for (Operator operator : graph.operators()) {
      var waits = new IntRow();
      for (int s : operator.reads()) {
        waits.add(writer[s]);
      }
      for (int s : operator.writes()) {
        waits.add(writer[s]);
        readersSince.get(s).forEach(waits::add);
      }
      preds.add(waits.sorted(operator.id()));
      for (int s : operator.reads()) {
        readersSince.get(s).add(operator.id());
        touchers.get(s).add(operator.id());
      }
      for (int s : operator.writes()) {
        writer[s] = operator.id();
        readersSince.get(s).clear();
        touchers.get(s).add(operator.id());
      }
    }
    return new Dag(planned(graph, preds, touchers));
  }

  private static Builder planned(StepGraph graph, List<int[]> preds, List<IntRow> touchers) {
    boolean[] result = new boolean[touchers.size()];
    graph.resultStorages().forEach(s -> result[s] = true);
    int[] ids = new int[touchers.size()];
    int m = 0;
    for (int s = 0; s < touchers.size(); s++) {
      boolean takes = !graph.storages().get(s).isPersistent() && graph.alignedBytes(s) > 0;
      if (takes && !touchers.get(s).isEmpty()) {
        ids[m++] = s;
      }
    }
    long[] size = new long[m];
    int[] creator = new int[m];
    boolean[] kept = new boolean[m];
    List<int[]> users = new ArrayList<>(m);
    for (int i = 0; i < m; i++) {
      int[] all = touchers.get(ids[i]).sorted(-1);
      size[i] = graph.alignedBytes(ids[i]);
      creator[i] = all[0];
      kept[i] = result[ids[i]];
      users.add(Arrays.copyOfRange(all, 1, all.length));
    }
    return new Builder(preds, Arrays.copyOf(ids, m), size, creator, kept, users);
  }

  /** A graph given by its arrays, for tests and generated steps. */
  public static Dag of(
      List<int[]> preds, long[] size, int[] creator, List<int[]> users, boolean[] kept) {
    int[] ids = new int[size.length];
    Arrays.setAll(ids, i -> i);
    return new Dag(new Builder(preds, ids, size, creator, kept, users));
  }

  /** Program order: 0, 1, … */
  public int[] programOrder() {
    int[] order = new int[n];
    Arrays.setAll(order, i -> i);
    return order;
  }

  private static int[] starts(List<int[]> rows) {
    int[] start = new int[rows.size() + 1];
    for (int i = 0; i < rows.size(); i++) {
      start[i + 1] = start[i] + rows.get(i).length;
    }
    return start;
  }

  private static int[] flat(List<int[]> rows, int[] start) {
    int[] flat = new int[start[rows.size()]];
    for (int i = 0; i < rows.size(); i++) {
      System.arraycopy(rows.get(i), 0, flat, start[i], rows.get(i).length);
    }
    return flat;
  }

  /** Row j of the answer lists the rows that hold j, ascending. */
  private static List<int[]> reversed(List<int[]> rows, int size) {
    int[] count = new int[size];
    for (int[] row : rows) {
      for (int each : row) {
        count[each]++;
      }
    }
    List<int[]> reversed = new ArrayList<>(size);
    for (int each : count) {
      reversed.add(new int[each]);
    }
    int[] filled = new int[size];
    for (int i = 0; i < rows.size(); i++) {
      for (int each : rows.get(i)) {
        reversed.get(each)[filled[each]++] = i;
      }
    }
    return reversed;
  }
}
