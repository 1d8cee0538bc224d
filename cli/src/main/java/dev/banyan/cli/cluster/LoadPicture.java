package dev.banyan.cli.cluster;

import dev.banyan.cluster.RoutePlan;
import dev.banyan.cluster.Topology;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * How much is asked of every link, as a picture: a row for each leaf and direction, a column for
 * each path, darker for more, red above what the link has.
 */
final class LoadPicture {
  private static final int MOST_ROWS = 96;
  private static final int MOST_COLUMNS = 128;
  private static final int WIDTH = 900;

  private LoadPicture() {}

  /** A row: its name and its loads, NaN where there is no link. */
  @SuppressWarnings("ArrayRecordComponent") // thousands of cells, written once
  private record Row(String name, double[] loads) {}

  /**
   * Draws.
   *
   * @param gbps the rate each job is to have, so that pictures of several plans compare
   */
  static byte[] svg(RoutePlan plan, double gbps) {
    Topology topology = plan.topology();
    double[] each = new double[plan.jobs().jobs().size()];
    java.util.Arrays.fill(each, gbps);
    List<Row> rows = folded(rows(topology, plan.linkLoads(each)));
    int columns = rows.getFirst().loads.length;
    double left = 150;
    double cell = (WIDTH - left - 8) / columns;
    double height = Math.min(24, Math.max(6, cell));
    double bottom = 30 + rows.size() * height;
    var svg = new StringBuilder();
    svg.append(
        String.format(
            Locale.ROOT,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %.0f\" width=\"%d\" height=\"%.0f\" font-family=\"sans-serif\" font-size=\"11\">",
            WIDTH,
            bottom + 44,
            WIDTH,
            bottom + 44));
    svg.append(
        String.format(
            Locale.ROOT,
            "<rect width=\"%d\" height=\"%.0f\" fill=\"#fff\"/><text x=\"%.0f\" y=\"18\" fill=\"#333\">spine 0 … %d</text>",
            WIDTH,
            bottom + 44,
            left,
            topology.shape().spines() - 1));
    int every = Math.max(1, (int) Math.ceil(13 / height));
    for (int r = 0; r < rows.size(); r++) {
      double y = 26 + r * height;
      if (r % every == 0) {
        svg.append(
            String.format(
                Locale.ROOT,
                "<text x=\"%.0f\" y=\"%.1f\" text-anchor=\"end\" fill=\"#333\">%s</text>",
                left - 6,
                y + height / 2 + 4,
                rows.get(r).name));
      }
      for (int c = 0; c < columns; c++) {
        double load = rows.get(r).loads[c];
        svg.append(
            String.format(
                Locale.ROOT,
                "<rect x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\" fill=\"%s\"><title>%s, path %d: %s</title></rect>",
                left + c * cell,
                y,
                Math.max(0.5, cell - 1),
                Math.max(0.5, height - 1),
                colour(load),
                rows.get(r).name,
                c,
                Double.isNaN(load) ? "down" : Math.round(100 * load) + " %"));
      }
    }
    legend(svg, left, bottom);
    return svg.append("</svg>").toString().getBytes(StandardCharsets.UTF_8);
  }

  private static void legend(StringBuilder svg, double left, double bottom) {
    double[] loads = {0, 0.25, 0.5, 0.75, 1, 1.25, 1.6, 2, Double.NaN};
    String[] names = {"0", "25 %", "50 %", "75 %", "100 %", "125 %", "160 %", "200 %", "down"};
    for (int i = 0; i < loads.length; i++) {
      double x = left + i * 78;
      svg.append(
          String.format(
              Locale.ROOT,
              "<rect x=\"%.0f\" y=\"%.0f\" width=\"16\" height=\"14\" fill=\"%s\" stroke=\"#bbb\" stroke-width=\".5\"/><text x=\"%.0f\" y=\"%.0f\" fill=\"#333\">%s</text>",
              x,
              bottom + 14,
              colour(loads[i]),
              x + 21,
              bottom + 25,
              names[i]));
    }
  }

  /** White to blue up to what the link has, yellow to red above, grey where there is none. */
  private static String colour(double load) {
    if (Double.isNaN(load)) {
      return "#444";
    }
    if (load <= 1.0005) {
      double t = Math.min(1, load);
      return rgb(240 - 190 * t, 246 - 126 * t, 252 - 62 * t);
    }
    double t = Math.min(1, (load - 1) / 1);
    return rgb(246 - 66 * t, 190 - 180 * t, 70 - 50 * t);
  }

  private static String rgb(double red, double green, double blue) {
    return "#%02x%02x%02x".formatted((int) red, (int) green, (int) blue);
  }

  private static List<Row> rows(Topology topology, double[][] loads) {
    List<Row> rows = new ArrayList<>();
    for (int plane = 0; plane < topology.planes(); plane++) {
      for (int leaf = 0; leaf < topology.leaves(); leaf++) {
        for (int direction = 0; direction < 2; direction++) {
          double[] row = new double[topology.paths()];
          for (int path = 0; path < row.length; path++) {
            row[path] = loads[direction][topology.index(plane, leaf, path)];
          }
          rows.add(new Row("p" + plane + "/leaf" + leaf + (direction == 0 ? " up" : " down"), row));
        }
      }
    }
    return rows;
  }

  /** At most so many rows and columns: the busiest of each block stands for it. */
  private static List<Row> folded(List<Row> rows) {
    int tall = (rows.size() + MOST_ROWS - 1) / MOST_ROWS;
    int wide = (rows.getFirst().loads.length + MOST_COLUMNS - 1) / MOST_COLUMNS;
    if (tall == 1 && wide == 1) {
      return rows;
    }
    List<Row> folded = new ArrayList<>();
    for (int r = 0; r < rows.size(); r += tall) {
      double[] row = new double[(rows.get(r).loads.length + wide - 1) / wide];
      java.util.Arrays.fill(row, Double.NaN);
      for (int i = r; i < Math.min(rows.size(), r + tall); i++) {
        double[] from = rows.get(i).loads;
        for (int c = 0; c < from.length; c++) {
          if (!(from[c] <= row[c / wide])) {
            row[c / wide] = Double.isNaN(from[c]) ? row[c / wide] : from[c];
          }
        }
      }
      folded.add(new Row(rows.get(r).name + " …", row));
    }
    return folded;
  }
}
