package dev.banyan.cli.plan;

import dev.banyan.plan.Buffer;
import dev.banyan.plan.Buffers;
import dev.banyan.plan.Layout;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;
import java.util.stream.IntStream;

/**
 * An arena as a picture: each buffer a rectangle, steps from left to right (each step at which
 * something is born or dies gets the same width), addresses from bottom to top.
 */
record LayoutPicture(String text, int shown, int all) {
  private static final int MOST = 5_000;
  private static final int WIDTH = 960;
  private static final int HEIGHT = 540;

  static LayoutPicture of(Buffers buffers, List<String> names, Layout layout) {
    List<Long> steps = steps(buffers);
    List<Integer> largest =
        IntStream.range(0, buffers.count())
            .filter(i -> buffers.get(i).sizeBytes() > 0)
            .boxed()
            .sorted(Comparator.comparingDouble((Integer i) -> -area(buffers.get(i))))
            .limit(MOST)
            .toList();
    double x = WIDTH / Math.max(1.0, steps.size() - 1);
    double y = HEIGHT / Math.max(1.0, layout.arenaBytes());
    var svg = new StringBuilder();
    svg.append(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\">"
            .formatted(WIDTH, HEIGHT, WIDTH, HEIGHT));
    svg.append("<rect width=\"%d\" height=\"%d\" fill=\"#e8e8e8\"/>".formatted(WIDTH, HEIGHT));
    svg.append("<g stroke=\"#fff\" stroke-width=\".3\">");
    for (int i : largest) {
      Buffer each = buffers.get(i);
      double left = x * index(steps, each.lowerStep());
      double right = x * index(steps, each.upperStep());
      double top = HEIGHT - y * (layout.offsetBytes(i) + each.sizeBytes());
      svg.append(
          String.format(
              Locale.ROOT,
              "<rect x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\" fill=\"hsl(%d 45%% %d%%)\"><title>%s: %,d bytes at %,d, steps %d to %d</title></rect>",
              left,
              top,
              right - left,
              y * each.sizeBytes(),
              i * 47 % 360,
              45 + i * 13 % 20,
              escaped(names.get(i)),
              each.sizeBytes(),
              layout.offsetBytes(i),
              each.lowerStep(),
              each.upperStep()));
    }
    svg.append("</g></svg>");
    return new LayoutPicture(svg.toString(), largest.size(), buffers.count());
  }

  byte[] svg() {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  String caption() {
    return "Time from left to right, addresses from bottom to top; grey is free."
        + (shown < all ? " The %,d largest of %,d buffers.".formatted(shown, all) : "");
  }

  private static List<Long> steps(Buffers buffers) {
    var steps = new TreeSet<Long>();
    for (Buffer each : buffers.list()) {
      steps.add(each.lowerStep());
      steps.add(each.upperStep());
    }
    return List.copyOf(steps);
  }

  private static int index(List<Long> steps, long step) {
    return Collections.binarySearch(steps, step);
  }

  private static double area(Buffer each) {
    return (double) each.sizeBytes() * (each.upperStep() - each.lowerStep());
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replaceAll("[\\x00-\\x1f]", "");
  }
}
