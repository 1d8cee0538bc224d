package dev.banyan.grow.rows;

import dev.banyan.grow.Axis;
import dev.banyan.grow.Fill;
import dev.banyan.grow.TensorRecipe.Role;
import dev.banyan.grow.TensorRecipe.Use;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What happens to the columns of every row that has a source, as runs of neighbours. */
final class ColumnProgram {
  private final List<Run> runs = new ArrayList<>();

  /** Columns {@code to} and the {@code size - 1} after it. */
  sealed interface Run {
    int to();

    int size();
  }

  /** Source columns from {@code from} on times {@code factor}. */
  record Scaled(int to, int size, int from, double factor) implements Run {}

  /**
   * One column that shares its source with others.
   *
   * @param shares what is cut off the rest, by each copy before this one and then by this one
   * @param copies in all; the last takes what is left
   * @param factor what the part is multiplied by: one over what the copy's writers are
   */
  @SuppressWarnings("ArrayRecordComponent") // read only here
  record Part(int to, int from, double[] shares, int copies, double factor) implements Run {
    boolean last() {
      return shares.length == copies;
    }

    @Override
    public int size() {
      return 1;
    }
  }

  /**
   * Neighbours that share their sources with one other copy each.
   *
   * @param from source columns
   * @param share what the first copy has of each
   * @param last whether this one is the second
   */
  @SuppressWarnings("ArrayRecordComponent") // read only here
  record Halves(int to, int[] from, double[] share, boolean[] last) implements Run {
    @Override
    public int size() {
      return from.length;
    }
  }

  /** Columns without a source. */
  record Fresh(int to, int size, Fill fill) implements Run {}

  List<Run> runs() {
    return runs;
  }

  /** The same with neighbouring parts of two copies in one run, for types with a loop for them. */
  List<Run> runsOfHalves() {
    List<Run> joined = new ArrayList<>();
    for (int i = 0; i < runs.size(); i++) {
      int end = i;
      while (end < runs.size()
          && runs.get(end) instanceof Part part
          && part.copies == 2
          && part.factor == 1) {
        end++;
      }
      joined.add(end > i ? halves(runs.subList(i, end)) : runs.get(i));
      i = Math.max(i, end - 1);
    }
    return joined;
  }

  private static Halves halves(List<Run> parts) {
    int[] from = new int[parts.size()];
    double[] share = new double[parts.size()];
    boolean[] last = new boolean[parts.size()];
    for (int i = 0; i < from.length; i++) {
      Part part = (Part) parts.get(i);
      from[i] = part.from;
      share[i] = part.shares[0];
      last[i] = part.last();
    }
    return new Halves(parts.getFirst().to(), from, share, last);
  }

  /** The columns of a tensor that has {@code size} of them. */
  static ColumnProgram of(@Nullable Axis axis, @Nullable Use use, int size) {
    var program = new ColumnProgram();
    if (axis == null || use == null) {
      program.runs.add(new Scaled(0, size, 0, 1));
      return program;
    }
    double[][] parts = axis.split() && use.role() == Role.READS ? parts(axis) : new double[0][];
    int[] copies = axis.copies();
    for (int j = 0; j < size; j++) {
      int place = use.from() + j;
      int from = axis.index()[place];
      if (from < 0) {
        program.fresh(j, fill(axis, use.role()));
      } else if (parts.length > 0 && copies[from] > 1) {
        double[] shares = parts[place];
        program.runs.add(new Part(j, from, shares, copies[from], 1 / axis.produce()[place]));
      } else {
        program.scaled(j, from, parts.length > 0 ? 1 : factor(axis, use.role(), place));
      }
    }
    return program;
  }

  private void scaled(int to, int from, double factor) {
    if (!runs.isEmpty()
        && runs.getLast() instanceof Scaled last
        && last.factor == factor
        && last.from + last.size == from
        && last.to + last.size == to) {
      runs.set(runs.size() - 1, new Scaled(last.to, last.size + 1, last.from, factor));
    } else {
      runs.add(new Scaled(to, 1, from, factor));
    }
  }

  private void fresh(int to, Fill fill) {
    if (!runs.isEmpty()
        && runs.getLast() instanceof Fresh last
        && last.to + last.size == to
        && last.fill.equals(fill)) {
      runs.set(runs.size() - 1, new Fresh(last.to, last.size + 1, fill));
    } else {
      runs.add(new Fresh(to, 1, fill));
    }
  }

  /** For each place, its copy's share of what the copies before it have left, and theirs. */
  private static double[][] parts(Axis axis) {
    double[] sums = new double[axis.sourceSize()];
    for (int j = 0; j < axis.size(); j++) {
      if (axis.index()[j] >= 0) {
        sums[axis.index()[j]] += share(axis, j);
      }
    }
    double[][] before = new double[axis.sourceSize()][0];
    double[][] parts = new double[axis.size()][0];
    for (int j = 0; j < axis.size(); j++) {
      int from = axis.index()[j];
      if (from >= 0) {
        double[] shares = java.util.Arrays.copyOf(before[from], before[from].length + 1);
        shares[shares.length - 1] = share(axis, j) / sums[from];
        sums[from] -= share(axis, j);
        before[from] = shares;
        parts[j] = shares;
      }
    }
    return parts;
  }

  private static double share(Axis axis, int place) {
    return axis.consume()[place] * axis.produce()[place];
  }

  /** What place {@code place} is multiplied by. */
  static double factor(Axis axis, Role role, int place) {
    return switch (role) {
      case WRITES -> axis.produce()[place];
      case READS -> axis.consume()[place];
      case SCALES -> 1;
      case SCALES_TIED -> axis.gains()[place];
    };
  }

  /** What a place without a source gets. */
  static Fill fill(Axis axis, Role role) {
    return switch (role) {
      case WRITES -> axis.freshWriters();
      case READS -> axis.freshReaders();
      case SCALES, SCALES_TIED -> Fill.ONE;
    };
  }
}
