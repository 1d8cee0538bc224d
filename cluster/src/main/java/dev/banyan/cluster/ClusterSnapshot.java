package dev.banyan.cluster;

import dev.banyan.cluster.page.Folding;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A cluster's health at one moment, as its page shows it: small enough to be sent every second for
 * any number of ranks.
 *
 * @param title what is watched
 * @param takenAtMillis since 1970
 * @param ranksPerHost neighbours on one host; 1 when not known
 * @param states one letter for each rank, {@link RankState#letter}
 * @param delays who sends to whom how slowly; null before anything was measured
 * @param verdicts the newest first
 * @param routes load of the fabric's links; null when no plan is known
 */
public record ClusterSnapshot(
    String title,
    long takenAtMillis,
    int ranksPerHost,
    String states,
    @Nullable Delays delays,
    List<Finding> verdicts,
    @Nullable Routes routes) {
  public ClusterSnapshot {
    verdicts = List.copyOf(verdicts);
  }

  /** How a rank does. */
  public enum RankState {
    HEALTHY('h'),
    /** Waits behind a culprit, so it cannot be judged. */
    MASKED('m'),
    SUSPECT('s'),
    CULPRIT('c'),
    /** Says nothing. */
    SILENT('x');

    private final char letter;

    RankState(char letter) {
      this.letter = letter;
    }

    public char letter() {
      return letter;
    }
  }

  /**
   * The delay matrix, folded when there are many ranks: a cell is the worst of its block.
   *
   * @param size rows and columns
   * @param ranksPerCell 1 when nothing was folded
   * @param medianMillis of all connections
   * @param millis row by row, sender down, receiver across; -1 where nothing was sent
   * @param worst connections furthest above the median
   */
  @SuppressWarnings("ArrayRecordComponent") // thousands of cells, written once
  public record Delays(
      int size, int ranksPerCell, double medianMillis, double[] millis, List<Worst> worst) {
    public Delays {
      worst = List.copyOf(worst);
    }
  }

  /** A connection that stands out. */
  public record Worst(int from, int to, double millis) {}

  /** One connection's delay. */
  public record Edge(int from, int to, double millis) {}

  /**
   * A verdict as people read it.
   *
   * @param atMillis since 1970
   * @param syndrome for example {@code communicationSlow}
   * @param culprit for example {@code rank 17, sending}
   * @param ranks that are to blame
   * @param action for example {@code isolate}
   * @param evidence one sentence
   * @param open whether it still stands
   */
  public record Finding(
      long atMillis,
      String syndrome,
      String culprit,
      List<Integer> ranks,
      String action,
      String evidence,
      boolean open) {
    public Finding {
      ranks = List.copyOf(ranks);
    }
  }

  /**
   * Loads of links, folded when there are many: rows of leaves, columns of paths.
   *
   * @param names of the rows
   * @param columns paths of a plane
   * @param load row by row, share of the link's rate; -1 where it is down
   */
  @SuppressWarnings("ArrayRecordComponent") // thousands of cells, written once
  public record Routes(List<String> names, int columns, double[] load) {
    public Routes {
      names = List.copyOf(names);
    }
  }

  /** States as a snapshot has them. */
  public static String states(List<RankState> ranks) {
    var letters = new StringBuilder();
    ranks.forEach(state -> letters.append(state.letter));
    return letters.toString();
  }

  /** The matrix of measured connections between so many ranks. */
  public static Delays delays(int ranks, List<Edge> edges) {
    return Folding.delays(ranks, edges);
  }

  /** The loads of a plan's links, with every job at its own rate. */
  public static Routes routes(RoutePlan plan) {
    Topology topology = plan.topology();
    double[][] loads = plan.linkLoads(plan.jobGbps());
    List<String> names = new ArrayList<>();
    List<double[]> rows = new ArrayList<>();
    for (int plane = 0; plane < topology.planes(); plane++) {
      for (int leaf = 0; leaf < topology.leaves(); leaf++) {
        for (int direction = 0; direction < 2; direction++) {
          double[] row = new double[topology.paths()];
          for (int path = 0; path < row.length; path++) {
            row[path] = loads[direction][topology.index(plane, leaf, path)];
          }
          names.add("p" + plane + "/leaf" + leaf + (direction == 0 ? " up" : " down"));
          rows.add(row);
        }
      }
    }
    return Folding.routes(names, rows);
  }
}
