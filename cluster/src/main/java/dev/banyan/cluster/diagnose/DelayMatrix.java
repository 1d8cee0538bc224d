package dev.banyan.cluster.diagnose;

import dev.banyan.cluster.Action;
import dev.banyan.cluster.Syndrome;
import dev.banyan.cluster.Verdict;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * The delay matrix (C4, §3): cell (i, j) is how long transfers from i to j take from first to last
 * byte. A slow row is what i sends (Tx), a slow column what j receives (Rx), one slow cell the
 * connection. Of all rows, columns and cells that could explain the slow ones the explanation that
 * leaves the least residue is taken, then the next for what remains. Rows, columns and cells that
 * hold the same cells, as in a ring, cannot be told apart: the verdict carries them all.
 */
final class DelayMatrix {
  /** An explanation needs this share of its cells slow. */
  private static final double SLOW_SHARE = 0.5;

  /** Cells this much less slow than the culprit's, and touching it, share its port or follow it. */
  private static final double ECHO = 0.5;

  /** Anything this much less slow than the culprit follows it. */
  private static final double FOLLOWS = 0.1;

  private static final int MOST_FAULTS = 8;

  private DelayMatrix() {}

  private enum Part {
    LINK,
    TX,
    RX
  }

  private record Explanation(Part part, int from, int to, Set<Cell> cells) {
    String word() {
      return switch (part) {
        case LINK -> "link:" + from + "->" + to;
        case TX -> "tx:" + from;
        case RX -> "rx:" + to;
      };
    }

    String link() {
      return switch (part) {
        case LINK -> from + "->" + to;
        case TX -> from + "->*";
        case RX -> "*->" + to;
      };
    }
  }

  /** The slow parts of the network, by the cells of one window. */
  static List<Verdict> explain(List<Cell> all) {
    List<Cell> cells = worstOfEachPair(all);
    List<Cell> slow = new ArrayList<>(cells.stream().filter(Cell::slow).toList());
    if (slow.isEmpty()) {
      return List.of();
    }
    Map<Integer, List<Cell>> rows = new HashMap<>();
    Map<Integer, List<Cell>> columns = new HashMap<>();
    for (Cell cell : cells) {
      rows.computeIfAbsent(cell.from(), r -> new ArrayList<>()).add(cell);
      columns.computeIfAbsent(cell.to(), r -> new ArrayList<>()).add(cell);
    }
    List<Verdict> verdicts = new ArrayList<>();
    while (!slow.isEmpty() && verdicts.size() < MOST_FAULTS) {
      List<Explanation> best = best(slow, rows, columns);
      Explanation first = best.getFirst();
      verdicts.add(verdict(best, cells));
      double size = mean(first.cells());
      slow.removeIf(
          cell ->
              first.cells().contains(cell)
                  || cell.excess() < FOLLOWS * size
                  || (cell.excess() < ECHO * size && touches(first, cell)));
    }
    return verdicts;
  }

  /**
   * One cell a pair, that of the operation which suffers most: short messages pass a slow path as
   * fast as any, and would make a slow row look half healthy.
   */
  private static List<Cell> worstOfEachPair(List<Cell> cells) {
    Map<Long, Cell> worst = new LinkedHashMap<>();
    for (Cell cell : cells) {
      worst.merge(
          (long) cell.from() << 32 | cell.to(),
          cell,
          (a, b) -> a.slow() != b.slow() ? (a.slow() ? a : b) : a.excess() >= b.excess() ? a : b);
    }
    return List.copyOf(worst.values());
  }

  /**
   * Whether what is slow about a cell can be what a slower one at the same rank causes.
   *
   * @param slowest the largest excess of the others, by rank
   */
  static boolean echoes(Cell cell, Map<Integer, Double> slowest) {
    double most =
        Math.max(slowest.getOrDefault(cell.from(), 0.0), slowest.getOrDefault(cell.to(), 0.0));
    return cell.excess() < ECHO * most;
  }

  private static boolean touches(Explanation explanation, Cell cell) {
    boolean source = explanation.part() != Part.RX;
    boolean target = explanation.part() != Part.TX;
    return (source && (cell.from() == explanation.from() || cell.to() == explanation.from()))
        || (target && (cell.from() == explanation.to() || cell.to() == explanation.to()));
  }

  /** The explanations with least residue; several when they are the same cells. */
  private static List<Explanation> best(
      List<Cell> slow, Map<Integer, List<Cell>> rows, Map<Integer, List<Cell>> columns) {
    Set<Explanation> all = new LinkedHashSet<>();
    for (Cell cell : slow) {
      Set<Cell> link = new LinkedHashSet<>();
      for (Cell each : rows.getOrDefault(cell.from(), List.of())) {
        if (each.to() == cell.to()) {
          link.add(each);
        }
      }
      all.add(new Explanation(Part.LINK, cell.from(), cell.to(), link));
      all.add(
          new Explanation(
              Part.TX,
              cell.from(),
              -1,
              new LinkedHashSet<>(rows.getOrDefault(cell.from(), List.of()))));
      all.add(
          new Explanation(
              Part.RX,
              -1,
              cell.to(),
              new LinkedHashSet<>(columns.getOrDefault(cell.to(), List.of()))));
    }
    double total = slow.stream().mapToDouble(cell -> cell.excess() * cell.excess()).sum();
    Set<Cell> slowSet = new LinkedHashSet<>(slow);
    List<Explanation> best = new ArrayList<>();
    double least = Double.POSITIVE_INFINITY;
    for (Explanation each : all) {
      long slowCells = each.cells().stream().filter(Cell::slow).count();
      if (slowCells < SLOW_SHARE * each.cells().size()
          || (each.part() != Part.LINK && 2 * slowCells == each.cells().size() && slowCells < 2)) {
        continue;
      }
      double residue = residue(each, total, slowSet);
      if (residue < least * (1 - 1e-9)) {
        least = residue;
        best.clear();
      }
      if (residue <= least * (1 + 1e-9)) {
        best.add(each);
      }
    }
    Explanation first = best.getFirst();
    best.removeIf(each -> !each.cells().equals(first.cells()));
    return best;
  }

  private static double residue(Explanation each, double total, Set<Cell> slow) {
    double mean = mean(each.cells());
    double residue = total;
    for (Cell cell : each.cells()) {
      double own = cell.excess() * cell.excess();
      residue += (cell.excess() - mean) * (cell.excess() - mean) - (slow.contains(cell) ? own : 0);
    }
    return Math.max(0, residue) + 1e-9 * total;
  }

  private static double mean(Set<Cell> cells) {
    return cells.stream().mapToDouble(Cell::excess).average().orElse(0);
  }

  private static Verdict verdict(List<Explanation> best, List<Cell> cells) {
    // Of what cannot be told apart the connection is named, and the ports stand in the ambiguity.
    Explanation first = best.getFirst();
    Set<Integer> ranks = new TreeSet<>();
    List<String> ambiguity = new ArrayList<>();
    boolean own = first.cells().stream().anyMatch(Cell::own);
    for (Explanation each : best) {
      if (each.from() >= 0) {
        ranks.add(each.from());
      }
      if (each.to() >= 0) {
        ranks.add(each.to());
      }
    }
    if (own && first.part() == Part.LINK) {
      ambiguity.addAll(
          List.of(
              "tx:" + first.from(),
              "rx:" + first.to(),
              "link:" + first.from() + "->" + first.to()));
    } else if (best.size() > 1) {
      best.stream()
          .sorted(Comparator.comparingInt(each -> each.part() == Part.LINK ? 1 : 0))
          .forEach(each -> ambiguity.add(each.word()));
    }
    List<String> evidence = new ArrayList<>();
    evidence.add(sentence(first, cells));
    if (!ambiguity.isEmpty()) {
      evidence.add(
          "only "
              + (first.cells().size() == 1 ? "one connection" : "connections")
              + " of these ports carry data, so port and link look alike; probe: send from rank "
              + first.from()
              + " to another rank and to rank "
              + first.to()
              + " from another rank: the slow one of the two is the port, neither means the link");
    }
    Action action = own ? Action.RESTART : ambiguity.isEmpty() ? Action.ISOLATE : Action.PROBE;
    return new Verdict(
        Syndrome.COMMUNICATION_SLOW,
        List.copyOf(ranks),
        List.of(),
        List.of(first.link()),
        ambiguity,
        ambiguity.isEmpty() ? 0.95 : 0.9,
        evidence,
        action);
  }

  private static String sentence(Explanation first, List<Cell> cells) {
    Cell worst = first.cells().stream().max(Comparator.comparingDouble(Cell::excess)).orElseThrow();
    Cell least =
        first.cells().stream().min(Comparator.comparingDouble(Cell::seconds)).orElseThrow();
    String who =
        switch (first.part()) {
          case LINK -> "transfers " + first.from() + "->" + first.to();
          case TX -> "all that rank " + first.from() + " sends";
          case RX -> "all that rank " + first.to() + " receives";
        };
    int others = cells.size() - first.cells().size();
    return who
        + " ("
        + first.cells().size()
        + (first.cells().size() == 1 ? " cell" : " cells")
        + ") took "
        + (first.cells().size() == 1
            ? Words.time(worst.seconds())
            : Words.time(least.seconds()) + " to " + Words.time(worst.seconds()))
        + " from first to last byte, "
        + (worst.own()
            ? "its own healthy windows "
            : others + " other cells were seen, comparable ones take ")
        + Words.time(worst.typical())
        + " ("
        + worst.what()
        + "): "
        + Words.number(worst.excess() + 1)
        + " times as long, in three of the last five windows";
  }
}
