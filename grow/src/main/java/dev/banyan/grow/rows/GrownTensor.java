package dev.banyan.grow.rows;

import dev.banyan.core.Seed;
import dev.banyan.core.UserInputException;
import dev.banyan.grow.Axis;
import dev.banyan.grow.Fill;
import dev.banyan.grow.Recipe;
import dev.banyan.grow.TensorRecipe;
import dev.banyan.grow.TensorRecipe.Redraw;
import dev.banyan.grow.TensorRecipe.Source;
import dev.banyan.grow.TensorRecipe.Use;
import dev.banyan.weights.StoredType;
import dev.banyan.weights.TensorSpec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Makes rows of one tensor of the target. Memory: one window of each source tensor. One thread at a
 * time; what a row holds does not depend on which rows were made before.
 */
public final class GrownTensor {
  private static final long WORTH_A_TABLE = 1 << 20;
  private static final int MOST_TABLES = 8;

  private final TensorRecipe recipe;
  private final Seed seed;
  private final StoredType type;
  private final int columns;
  private final @Nullable Axis rowAxis;
  private final List<ColumnProgram.Run> runs;
  private final boolean narrow;
  private final Map<Double, short[]> tables = new HashMap<>();
  private final List<SourceWindow> windows = new ArrayList<>();
  private final StoredType sourceType;
  private final boolean @Nullable [] redrawn;

  /**
   * Makes rows of {@code tensor} from {@code sources}.
   *
   * @param arena holds the windows
   */
  public GrownTensor(Recipe recipe, TensorRecipe tensor, Rows sources, Arena arena) {
    this.recipe = tensor;
    this.seed = new Seed(recipe.seed());
    TensorSpec spec = tensor.spec();
    this.type = spec.type();
    this.columns = Math.toIntExact(Rows.columns(spec));
    Use rows = tensor.rows();
    Use across = tensor.columns();
    this.rowAxis = rows == null ? null : recipe.axis(rows);
    ColumnProgram program =
        ColumnProgram.of(across == null ? null : recipe.axis(across), across, columns);
    for (Source source : tensor.sources()) {
      windows.add(new SourceWindow(sources, source.tensor(), source.firstRow(), arena));
    }
    this.sourceType =
        tensor.sources().isEmpty()
            ? type
            : sources.spec(tensor.sources().getFirst().tensor()).type();
    // loops of their own; small tensors would pay more for tables than they gain
    this.narrow = type == StoredType.BF16 && sourceType == type && spec.elements() >= WORTH_A_TABLE;
    this.runs = narrow ? program.runsOfHalves() : program.runs();
    requireFits(tensor, across == null ? null : recipe.axis(across), sources);
    Redraw redraw = tensor.redraw();
    this.redrawn = redraw == null ? null : dropped(redraw, Math.toIntExact(units(spec, redraw)));
  }

  /** A recipe may come from a file: what it takes must be there. */
  private void requireFits(TensorRecipe tensor, @Nullable Axis across, Rows sources) {
    for (Source source : tensor.sources()) {
      TensorSpec from = sources.spec(source.tensor());
      long rows = rowAxis == null ? Rows.rows(tensor.spec()) : rowAxis.sourceSize();
      long wide = across == null ? columns : across.sourceSize();
      boolean inside = source.firstRow() >= 0 && source.firstRow() + rows <= Rows.rows(from);
      if (!inside || wide != Rows.columns(from)) {
        throw new UserInputException(
            "the recipe takes [%d, %d] of tensor '%s', which is %s; plan again"
                .formatted(rows, wide, source.tensor(), from.shape()));
      }
    }
  }

  private static long units(TensorSpec spec, Redraw redraw) {
    return redraw.rows() ? Rows.rows(spec) : Rows.columns(spec);
  }

  /** Which units of an expert are drawn anew: a share of them, the first of a shuffle. */
  public boolean[] dropped(Redraw redraw, int units) {
    RandomGenerator random = seed.stream("drop", redraw.expert());
    int[] order = new int[units];
    java.util.Arrays.setAll(order, i -> i);
    boolean[] dropped = new boolean[units];
    long count = Math.round(redraw.share() * units);
    for (int i = 0; i < count; i++) {
      int other = i + random.nextInt(units - i);
      dropped[order[other]] = true;
      order[other] = order[i];
    }
    return dropped;
  }

  /** Values of a row. */
  public int columns() {
    return columns;
  }

  /** Writes rows {@code first} to {@code first + count} into {@code into}. */
  public void make(long first, int count, MemorySegment into) {
    long rowBytes = (long) columns * type.bytes();
    for (int i = 0; i < count; i++) {
      make(first + i, first + count, into.asSlice(i * rowBytes, rowBytes));
    }
  }

  private void make(long row, long end, MemorySegment out) {
    if (windows.isEmpty()) {
      long draw = row / recipe.rowsPerDraw();
      fill(out, draw, 0, columns, recipe.fresh());
      return;
    }
    Use use = recipe.rows();
    int place = use == null ? 0 : use.from() + Math.toIntExact(row);
    if (rowAxis == null || use == null) {
      grown(windows.getFirst(), row, (int) Math.min(end - row, Integer.MAX_VALUE), row, 1, out);
    } else if (rowAxis.index()[place] < 0) {
      freshRow(out, row, ColumnProgram.fill(rowAxis, use.role()));
    } else {
      boolean next = rowAxis.next()[place] && windows.size() > 1;
      SourceWindow window = windows.get(next ? 1 : 0);
      long source = rowAxis.index()[place];
      int ahead = window.holds(source) ? 1 : ahead(place, use.from() + end, window.capacity());
      double factor = ColumnProgram.factor(rowAxis, use.role(), place);
      grown(window, source, ahead, row, factor, out);
    }
    change(row, out);
  }

  /** How many of the next rows of the target follow one another in the source. */
  private int ahead(int place, long end, int most) {
    Axis axis = rowAxis;
    if (axis == null) {
      return 1;
    }
    int[] index = axis.index();
    int ahead = 1;
    while (ahead < most
        && place + ahead < end
        && index[place + ahead] == index[place] + ahead
        && axis.next()[place + ahead] == axis.next()[place]) {
      ahead++;
    }
    return ahead;
  }

  private void grown(
      SourceWindow window, long source, int ahead, long row, double rowFactor, MemorySegment out) {
    long at = window.offset(source, ahead);
    MemorySegment from = window.buffer();
    double scale = rowFactor * recipe.scale();
    int sourceBytes = sourceType.bytes();
    int bytes = type.bytes();
    for (ColumnProgram.Run run : runs) {
      long to = (long) run.to() * bytes;
      switch (run) {
        case ColumnProgram.Scaled scaled -> {
          long begin = at + (long) scaled.from() * sourceBytes;
          copy(from, begin, out, to, scaled.size(), scaled.factor() * scale);
        }
        case ColumnProgram.Part part -> {
          double all = Numbers.get(sourceType, from, at + (long) part.from() * sourceBytes) * scale;
          Numbers.put(type, out, to, part.factor() * part(all, part));
        }
        case ColumnProgram.Halves halves -> Numbers.halves(from, at, out, to, halves, scale);
        case ColumnProgram.Fresh fresh -> fill(out, row, fresh.to(), fresh.size(), fresh.fill());
      }
    }
  }

  private void copy(
      MemorySegment from, long at, MemorySegment out, long to, int size, double factor) {
    if (sourceType != type) {
      for (int i = 0; i < size; i++) {
        double value = Numbers.get(sourceType, from, at + (long) i * sourceType.bytes());
        Numbers.put(type, out, to + (long) i * type.bytes(), value * factor);
      }
    } else if (factor == 1) {
      MemorySegment.copy(from, at, out, to, (long) size * type.bytes());
    } else if (narrow && (tables.containsKey(factor) || tables.size() < MOST_TABLES)) {
      short[] table = tables.computeIfAbsent(factor, Numbers::bfloat16Times);
      Numbers.scale(table, from, at, out, to, size);
    } else {
      Numbers.scale(type, from, at, out, to, size, factor);
    }
  }

  /**
   * One copy's part of a weight. What is cut off is rounded where it is at least half of the rest,
   * else what is left is: by Sterbenz' lemma (Floating-point computation, 1974, theorem 4.3.1) the
   * difference is then a number of the type too, so the parts sum to the weight exactly.
   */
  private double part(double all, ColumnProgram.Part part) {
    double rest = all;
    double[] shares = part.shares();
    for (int i = 0; i < shares.length - 1; i++) {
      rest -= cut(rest, shares[i]);
    }
    return part.last() ? rest : cut(rest, shares[shares.length - 1]);
  }

  private double cut(double rest, double share) {
    return share >= 0.5
        ? Numbers.rounded(type, share * rest)
        : rest - Numbers.rounded(type, (1 - share) * rest);
  }

  /** A row without a source; where a column has none either, zero wins. */
  private void freshRow(MemorySegment out, long row, Fill rowFill) {
    fill(out, row, 0, columns, rowFill);
    for (ColumnProgram.Run run : runs) {
      if (run instanceof ColumnProgram.Fresh fresh && fresh.fill().isZero()) {
        fill(out, row, fresh.to(), fresh.size(), Fill.ZERO);
      }
    }
  }

  private void fill(MemorySegment out, long row, int from, int size, Fill fill) {
    int bytes = type.bytes();
    if (fill.isZero()) {
      out.asSlice((long) from * bytes, (long) size * bytes).fill((byte) 0);
      return;
    }
    RowRandom random = new RowRandom(seed, "fresh", recipe.spec().name(), row);
    for (int j = from; j < from + size; j++) {
      double value =
          fill.deviation() == 0 ? fill.mean() : fill.mean() + fill.deviation() * random.normal(j);
      Numbers.put(type, out, (long) j * bytes, value);
    }
  }

  /** Redraws and noise. */
  private void change(long row, MemorySegment out) {
    Redraw redraw = recipe.redraw();
    if (redraw != null && redrawn != null) {
      RowRandom random = new RowRandom(seed, "redraw", recipe.spec().name(), row);
      for (int j = 0; j < columns; j++) {
        if (redrawn[redraw.rows() ? Math.toIntExact(row) : j]) {
          Fill values = redraw.values();
          double value = values.mean() + values.deviation() * random.normal(j);
          Numbers.put(type, out, (long) j * type.bytes(), value);
        }
      }
    }
    TensorRecipe.Noise noise = recipe.noise();
    if (noise != null) {
      RowRandom where = new RowRandom(seed, "where", recipe.spec().name(), row);
      RowRandom random = new RowRandom(seed, "noise", recipe.spec().name(), row);
      for (int j = 0; j < columns; j++) {
        if (where.uniform(j) < noise.share()) {
          long at = (long) j * type.bytes();
          double value = Numbers.get(type, out, at) + noise.deviation() * random.normal(j);
          Numbers.put(type, out, at, value);
        }
      }
    }
  }
}
