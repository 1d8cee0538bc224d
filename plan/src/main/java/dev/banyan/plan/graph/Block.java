package dev.banyan.plan.graph;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A run of consecutive steps as a problem of its own: operators and storages numbered from 0, only
 * what can change when the run's operators are put in another order. A storage live before the run
 * and after it is in {@link #base}; one live before it dies after its last toucher here; one live
 * after it becomes live with its first toucher here.
 *
 * <p>{@link #mirrored} is the same problem in reversed time: an order of one, read backwards, is an
 * order of the other with the same loads.
 */
public final class Block {
  public final int n;

  /** The operators' numbers in the {@link Dag}, in their present order. */
  public final int[] operator;

  public final int[] predStart;
  public final int[] pred;
  public final int[] succStart;
  public final int[] succ;
  public final int m;
  public final long[] size;

  /** Live when the run begins. */
  public final boolean[] before;

  /** Live when the run ends. */
  public final boolean[] after;

  /** The operators that touch each storage, in their present order. */
  public final int[] toucherStart;

  public final int[] toucher;

  /** The storages each operator touches. */
  public final int[] touchStart;

  public final int[] touch;

  /** Bytes live throughout. */
  public final long base;

  private Block(
      int[] operator,
      int[][] preds,
      int[][] succs,
      long[] size,
      boolean[] before,
      boolean[] after,
      int[][] touchers,
      int[][] touches,
      long base) {
    this.n = operator.length;
    this.operator = operator;
    this.predStart = preds[0];
    this.pred = preds[1];
    this.succStart = succs[0];
    this.succ = succs[1];
    this.m = size.length;
    this.size = size;
    this.before = before;
    this.after = after;
    this.toucherStart = touchers[0];
    this.toucher = touchers[1];
    this.touchStart = touches[0];
    this.touch = touches[1];
    this.base = base;
  }

  /** The whole step, in the given order. */
  public static Block whole(Dag dag, int[] order) {
    return of(dag, order, Loads.steps(order), 0, order.length, liveAt(dag, order, 0));
  }

  /** Bytes that are live both just before and at step {@code at}. */
  public static long liveAt(Dag dag, int[] order, int at) {
    int[][] life = Loads.lifetimes(dag, order);
    long live = 0;
    for (int s = 0; s < dag.m; s++) {
      live += life[0][s] < at && life[1][s] >= at ? dag.size[s] : 0;
    }
    return live;
  }

  /**
   * Steps {@code from} (included) to {@code to} (excluded) of an order.
   *
   * @param step the step of each operator in that order
   * @param liveBefore bytes live both before and at {@code from}
   */
  public static Block of(Dag dag, int[] order, int[] step, int from, int to, long liveBefore) {
    int n = to - from;
    int[] operator = Arrays.copyOfRange(order, from, to);
    int[][] preds = rows(dag.predStart, dag.pred, operator, step, from, to);
    int[][] succs = rows(dag.succStart, dag.succ, operator, step, from, to);
    var storages = new IntRow();
    int[] local = new int[dag.m];
    Arrays.fill(local, -1);
    for (int op : operator) {
      for (int t = dag.touchStart[op]; t < dag.touchStart[op + 1]; t++) {
        int s = dag.touch[t];
        if (local[s] == -1) {
          local[s] = -2;
          storages.add(s);
        }
      }
    }
    long base = liveBefore;
    var changing = new IntRow();
    var before = new boolean[storages.size()];
    var after = new boolean[storages.size()];
    for (int i = 0; i < storages.size(); i++) {
      int s = storages.get(i);
      boolean early = step[dag.creator[s]] < from;
      boolean late = dag.kept[s];
      for (int u = dag.userStart[s]; u < dag.userStart[s + 1] && !late; u++) {
        late = step[dag.user[u]] >= to;
      }
      if (early && late) {
        continue;
      }
      // What is live at the start but dies here is counted by its own row, not by the base.
      base -= early ? dag.size[s] : 0;
      local[s] = changing.size();
      before[changing.size()] = early;
      after[changing.size()] = late;
      changing.add(s);
    }
    int m = changing.size();
    long[] size = new long[m];
    for (int i = 0; i < m; i++) {
      size[i] = dag.size[changing.get(i)];
    }
    int[] touchStart = new int[n + 1];
    var touch = new IntRow();
    for (int i = 0; i < n; i++) {
      for (int t = dag.touchStart[operator[i]]; t < dag.touchStart[operator[i] + 1]; t++) {
        if (local[dag.touch[t]] >= 0) {
          touch.add(local[dag.touch[t]]);
        }
      }
      touchStart[i + 1] = touch.size();
    }
    int[][] touches = {touchStart, touch.toArray()};
    return new Block(
        operator,
        preds,
        succs,
        size,
        Arrays.copyOf(before, m),
        Arrays.copyOf(after, m),
        transposed(touches, m),
        touches,
        base);
  }

  /** The same with operators numbered by their place in a local order. */
  public Block inOrder(int[] order) {
    int[] place = Loads.steps(order);
    int[] named = new int[n];
    for (int i = 0; i < n; i++) {
      named[i] = operator[order[i]];
    }
    int[][] touches = moved(touchStart, touch, order, null);
    return new Block(
        named,
        moved(predStart, pred, order, place),
        moved(succStart, succ, order, place),
        size,
        before,
        after,
        transposed(touches, m),
        touches,
        base);
  }

  private int[][] moved(int[] start, int[] values, int[] order, int @Nullable [] place) {
    int[] movedStart = new int[n + 1];
    int[] moved = new int[start[n]];
    int at = 0;
    for (int i = 0; i < n; i++) {
      for (int k = start[order[i]]; k < start[order[i] + 1]; k++) {
        moved[at++] = place == null ? values[k] : place[values[k]];
      }
      movedStart[i + 1] = at;
    }
    return new int[][] {movedStart, moved};
  }

  /** The same in reversed time; operator i of it is operator n − 1 − i of this. */
  public Block mirrored() {
    int[] back = new int[n];
    for (int i = 0; i < n; i++) {
      back[i] = operator[n - 1 - i];
    }
    int[][] touches = flipped(touchStart, touch, false);
    return new Block(
        back,
        flipped(succStart, succ, true),
        flipped(predStart, pred, true),
        size,
        /* before= */ after,
        /* after= */ before,
        transposed(touches, m),
        touches,
        base);
  }

  /**
   * Some operators, ascending, as a problem of their own: storages first touched by others are live
   * before it, storages touched by others besides live after it. Without a base.
   */
  public Block part(int[] operators) {
    int[] local = new int[n];
    Arrays.fill(local, -1);
    for (int i = 0; i < operators.length; i++) {
      local[operators[i]] = i;
    }
    int[] storage = new int[m];
    Arrays.fill(storage, -1);
    var sizes = new long[m];
    var early = new boolean[m];
    var late = new boolean[m];
    var touchRow = new IntRow();
    int[] rowStart = new int[operators.length + 1];
    int count = 0;
    for (int i = 0; i < operators.length; i++) {
      for (int t = touchStart[operators[i]]; t < touchStart[operators[i] + 1]; t++) {
        int s = touch[t];
        if (storage[s] == -1) {
          early[count] = before[s] || local[toucher[toucherStart[s]]] < 0;
          late[count] = after[s];
          for (int u = toucherStart[s] + 1; u < toucherStart[s + 1]; u++) {
            late[count] |= local[toucher[u]] < 0;
          }
          sizes[count] = size[s];
          storage[s] = early[count] && late[count] ? -2 : count++;
        }
        if (storage[s] >= 0) {
          touchRow.add(storage[s]);
        }
      }
      rowStart[i + 1] = touchRow.size();
    }
    int[][] touches = {rowStart, touchRow.toArray()};
    int[] named = new int[operators.length];
    Arrays.setAll(named, i -> operator[operators[i]]);
    return new Block(
        named,
        inside(predStart, pred, operators, local),
        inside(succStart, succ, operators, local),
        Arrays.copyOf(sizes, count),
        Arrays.copyOf(early, count),
        Arrays.copyOf(late, count),
        transposed(touches, count),
        touches,
        0);
  }

  private static int[][] inside(int[] start, int[] values, int[] operators, int[] local) {
    int[] rowStart = new int[operators.length + 1];
    var row = new IntRow();
    for (int i = 0; i < operators.length; i++) {
      for (int k = start[operators[i]]; k < start[operators[i] + 1]; k++) {
        if (local[values[k]] >= 0) {
          row.add(local[values[k]]);
        }
      }
      rowStart[i + 1] = row.size();
    }
    return new int[][] {rowStart, row.toArray()};
  }

  /** Bytes live while each step of a local order runs. */
  public long[] loads(int[] order) {
    int[] step = Loads.steps(order);
    long[] change = new long[n + 1];
    for (int s = 0; s < m; s++) {
      int first = before[s] ? 0 : n;
      int last = after[s] ? n - 1 : -1;
      for (int t = toucherStart[s]; t < toucherStart[s + 1]; t++) {
        first = Math.min(first, step[toucher[t]]);
        last = Math.max(last, step[toucher[t]]);
      }
      change[first] += size[s];
      change[last + 1] -= size[s];
    }
    long load = base;
    for (int k = 0; k < n; k++) {
      load += change[k];
      change[k] = load;
    }
    return Arrays.copyOf(change, n);
  }

  /** The largest load of a local order. */
  public long peak(int[] order) {
    long peak = 0;
    for (long load : loads(order)) {
      peak = Math.max(peak, load);
    }
    return peak;
  }

  private int[][] flipped(int[] start, int[] values, boolean renumber) {
    int[] flippedStart = new int[n + 1];
    int[] flipped = new int[start[n]];
    int at = 0;
    for (int i = 0; i < n; i++) {
      int from = n - 1 - i;
      for (int k = start[from]; k < start[from + 1]; k++) {
        flipped[at++] = renumber ? n - 1 - values[k] : values[k];
      }
      flippedStart[i + 1] = at;
    }
    return new int[][] {flippedStart, flipped};
  }

  private static int[][] rows(
      int[] start, int[] values, int[] operator, int[] step, int from, int to) {
    int[] rowStart = new int[operator.length + 1];
    var row = new IntRow();
    for (int i = 0; i < operator.length; i++) {
      for (int k = start[operator[i]]; k < start[operator[i] + 1]; k++) {
        int at = step[values[k]];
        if (at >= from && at < to) {
          row.add(at - from);
        }
      }
      rowStart[i + 1] = row.size();
    }
    return new int[][] {rowStart, row.toArray()};
  }

  private static int[][] transposed(int[][] rows, int size) {
    int[] start = new int[size + 1];
    for (int each : rows[1]) {
      start[each + 1]++;
    }
    for (int i = 0; i < size; i++) {
      start[i + 1] += start[i];
    }
    int[] next = Arrays.copyOf(start, size);
    int[] values = new int[rows[1].length];
    for (int i = 0; i + 1 < rows[0].length; i++) {
      for (int k = rows[0][i]; k < rows[0][i + 1]; k++) {
        values[next[rows[1][k]]++] = i;
      }
    }
    return new int[][] {start, values};
  }
}
