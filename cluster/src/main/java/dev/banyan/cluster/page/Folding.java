package dev.banyan.cluster.page;

import dev.banyan.cluster.ClusterSnapshot.Delays;
import dev.banyan.cluster.ClusterSnapshot.Edge;
import dev.banyan.cluster.ClusterSnapshot.Routes;
import dev.banyan.cluster.ClusterSnapshot.Worst;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/** Makes large matrices small enough to look at; the worst of a block stands for it. */
public final class Folding {
  private static final int MOST_CELLS = 125;
  private static final int MOST_ROWS = 96;
  private static final int MOST_COLUMNS = 128;
  private static final int WORST = 8;

  private Folding() {}

  /** The delay matrix of so many ranks. */
  public static Delays delays(int ranks, List<Edge> edges) {
    int per = Math.max(1, (ranks + MOST_CELLS - 1) / MOST_CELLS);
    int size = (ranks + per - 1) / per;
    double[] millis = new double[size * size];
    Arrays.fill(millis, -1);
    for (Edge edge : edges) {
      int cell = edge.from() / per * size + edge.to() / per;
      millis[cell] = Math.max(millis[cell], round(edge.millis()));
    }
    double[] sorted = edges.stream().mapToDouble(Edge::millis).sorted().toArray();
    double median = sorted.length == 0 ? 0 : sorted[sorted.length / 2];
    List<Worst> worst =
        edges.stream()
            .filter(edge -> edge.millis() > 2 * median)
            .sorted(Comparator.comparingDouble(edge -> -edge.millis()))
            .limit(WORST)
            .map(edge -> new Worst(edge.from(), edge.to(), round(edge.millis())))
            .toList();
    return new Delays(size, per, round(median), millis, worst);
  }

  /** Loads of links; NaN where one is down. */
  public static Routes routes(List<String> names, List<double[]> rows) {
    int columns = rows.isEmpty() ? 0 : rows.getFirst().length;
    int tall = Math.max(1, (rows.size() + MOST_ROWS - 1) / MOST_ROWS);
    int wide = Math.max(1, (columns + MOST_COLUMNS - 1) / MOST_COLUMNS);
    int width = (columns + wide - 1) / wide;
    List<String> shown = new ArrayList<>();
    double[] load = new double[(rows.size() + tall - 1) / tall * width];
    Arrays.fill(load, -1);
    for (int r = 0; r < rows.size(); r++) {
      if (r % tall == 0) {
        shown.add(names.get(r) + (tall > 1 ? " …" : ""));
      }
      for (int c = 0; c < columns; c++) {
        int cell = r / tall * width + c / wide;
        double value = rows.get(r)[c];
        if (!Double.isNaN(value)) {
          load[cell] = Math.max(load[cell], Math.round(value * 1000) / 1000.0);
        }
      }
    }
    return new Routes(shown, width, load);
  }

  private static double round(double millis) {
    return Math.round(millis * 1000) / 1000.0;
  }
}
